// SPDX-License-Identifier: GPL-2.0-or-later
/* Datagrams that have waited: to whom they go, whose answers are whose, and what is too much. */
#include "tests/unit/cmocka_all.h"

#include "launcher/hold/flows.h"
#include "launcher/hold/pace.h"
#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_MS 5000

static const struct target local = {.four = {4, {127, 0, 0, 1}}};
static struct flows *flows;
static struct flows_how how;
static struct pace pace;
static struct sockaddr_in held; /* where datagrams wait */
static unsigned left;		/* room */
static unsigned given;		/* so often */

static bool on_take(void *data)
{
	(void)data;
	if (left == 0)
		return false;
	left--;
	return true;
}

static void on_give(void *data)
{
	(void)data;
	left++;
	given++;
}

/* @port: 0: any */
static int bind_socket(uint16_t port, struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	if (ret_address)
		*ret_address = address;
	return fd;
}

/* A port that nobody has. */
static uint16_t free_port(void)
{
	struct sockaddr_in address;

	close(bind_socket(0, &address));
	return ntohs(address.sin_port);
}

static int setup(void **unused)
{
	(void)unused;
	left = 2;
	given = 0;
	pace = (struct pace){0};
	how = (struct flows_how){.loop_fd = sources_open(NULL),
				 .fd = bind_socket(0, &held),
				 .port = free_port(),
				 .limit_ms = LIMIT_MS,
				 .pace = &pace,
				 .room = {on_take, on_give, NULL}};
	flows = flows_open(&how);
	assert_non_null(flows);
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	flows_close(flows);
	assert_int_equal(left, 2);
	close(how.fd);
	close(how.loop_fd);
	return 0;
}

static int say(const char *text)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&held, sizeof(held)), 0);
	assert_int_equal(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	return fd;
}

/* Goes on until there is something at @fd. */
static void turn_until(int fd, const char *expected)
{
	char text[64] = "";

	for (int i = 0; i < 2000 && recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) < 0; i++) {
		int wait_ms = flows_tick(flows, sources_now_ms());

		flows_pass(flows);
		sources_wait(how.loop_fd, wait_ms < 0 || wait_ms > 5 ? 5 : wait_ms);
	}
	assert_string_equal(text, expected);
}

/* Says back what it has got, and "!". */
static void echo(int server_fd, const char *expected)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char text[64] = "";
	ssize_t n = -1;

	for (int i = 0; i < 2000 && n < 0; i++) {
		n = recvfrom(server_fd, text, sizeof(text) - 2, 0, (struct sockaddr *)&from, &len);
		if (n >= 0)
			break;
		int wait_ms = flows_tick(flows, sources_now_ms());

		flows_pass(flows);
		sources_wait(how.loop_fd, wait_ms < 0 || wait_ms > 5 ? 5 : wait_ms);
	}
	assert_string_equal(text, expected);
	strcat(text, "!");
	assert_int_equal(sendto(server_fd, text, strlen(text), 0, (struct sockaddr *)&from, len),
			 (ssize_t)strlen(text));
}

static void the_first_one_is_said_again_until_it_is_not_refused(void **unused)
{
	(void)unused;
	autoclose int client = say("one");

	flows_lead(flows, &local);
	flows_pass(flows);
	for (int i = 0; i < 3; i++)
		sources_wait(how.loop_fd, flows_tick(flows, sources_now_ms()));
	assert_false(flows_want(flows));
	assert_false(flows_are_served(flows));
	autoclose int server = bind_socket(how.port, NULL);

	echo(server, "one");
	turn_until(client, "one!");
	assert_true(flows_are_served(flows));
	assert_true(flows_want(flows));
}

static void each_client_gets_his_own_answers(void **unused)
{
	(void)unused;
	autoclose int server = bind_socket(how.port, NULL);
	autoclose int one = say("one"), two = say("two");

	flows_lead(flows, &local);
	echo(server, "one");
	turn_until(one, "one!");
	echo(server, "two");
	turn_until(two, "two!");
	assert_int_equal(left, 0);
	assert_int_equal(send(one, "more", 4, 0), 4);
	echo(server, "more");
	turn_until(one, "more!");
	assert_int_equal(left, 0);
}

static void without_room_whoever_was_silent_for_longest_goes(void **unused)
{
	(void)unused;
	autoclose int server = bind_socket(how.port, NULL);
	autoclose int one = say("one"), two = say("two"), three = say("three");

	flows_lead(flows, &local);
	echo(server, "one");
	turn_until(one, "one!");
	echo(server, "two");
	echo(server, "three");
	turn_until(two, "two!");
	turn_until(three, "three!");
	assert_int_equal(left, 0);
	/* Others who wait for room see none of that. */
	assert_int_equal(given, 0);
	left = 2;
	flows_lead(flows, NULL);
	assert_int_equal(left, 4);
	left = 2;
}

static void what_waits_for_nobody_is_dropped(void **unused)
{
	(void)unused;
	autoclose int client = say("one");
	autoclose int server = bind_socket(how.port, NULL);
	char byte;

	flows_pass(flows);
	assert_int_equal(recv(how.fd, &byte, 1, MSG_PEEK), 1);
	flows_drop(flows);
	assert_int_equal(recv(how.fd, &byte, 1, MSG_PEEK), -1);
	flows_lead(flows, &local);
	flows_pass(flows);
	assert_int_equal(left, 2);
	assert_int_equal(recv(server, &byte, 1, 0), -1);
	assert_int_equal(send(client, "two", 3, 0), 3);
	echo(server, "two");
}

static void one_that_is_refused_for_too_long_is_dropped(void **unused)
{
	(void)unused;
	autoclose int client = say("one");

	flows_lead(flows, &local);
	flows_pass(flows);
	assert_false(flows_want(flows));
	assert_int_equal(flows_tick(flows, sources_now_ms() + LIMIT_MS), -1);
	assert_true(flows_want(flows));
	assert_false(flows_are_served(flows));
	autoclose int server = bind_socket(how.port, NULL);

	assert_int_equal(send(client, "two", 3, 0), 3);
	echo(server, "two");
}

static void with_it_goes_all_that_has_waited_as_long(void **unused)
{
	(void)unused;
	autoclose int one = say("one"), two = say("two"), three = say("three");
	char byte;

	flows_lead(flows, &local);
	flows_pass(flows);
	assert_int_equal(recv(how.fd, &byte, 1, MSG_PEEK), 1);
	assert_int_equal(flows_tick(flows, sources_now_ms() + LIMIT_MS), -1);
	assert_int_equal(recv(how.fd, &byte, 1, MSG_PEEK), -1);
}

/* However many a raised net.core.rmem_default has let wait. */
static void a_great_many_are_dropped_at_once(void **unused)
{
	(void)unused;
	const int bytes = 16 << 20;
	autoclose int client = say("one");
	char byte;

	if (setsockopt(how.fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		skip(); /* CAP_NET_ADMIN */
	for (int i = 0; i < 10000; i++)
		(void)!send(client, "", 0, 0);
	flows_drop(flows);
	assert_int_equal(recv(how.fd, &byte, 1, MSG_PEEK), -1);
}

static void who_asks_the_same_instance_waits_for_his_turn(void **unused)
{
	(void)unused;
	autoclose int server = bind_socket(how.port, NULL);
	autoclose int client = say("one");
	char byte;

	pace.next_ms = sources_now_ms() + 300;
	flows_lead(flows, &local);
	flows_pass(flows);
	assert_false(flows_want(flows));
	assert_true(flows_tick(flows, pace.next_ms - 200) > 0);
	assert_int_equal(recv(server, &byte, 1, MSG_PEEK), -1);
	assert_int_equal(left, 2);
	echo(server, "one");
	assert_true(sources_now_ms() >= pace.next_ms - 50);
}

static void what_was_refused_is_remembered_with_another_instance(void **unused)
{
	(void)unused;
	autoclose int client = say("one");

	flows_lead(flows, &local);
	flows_pass(flows);
	while (pace.spent < 2) {
		sources_wait(how.loop_fd, 5);
		(void)flows_tick(flows, sources_now_ms());
	}
	flows_drop(flows);
	flows_lead(flows, NULL);
	flows_lead(flows, &local);
	assert_int_equal(pace.spent, 2);
}

static void a_refusal_of_one_who_was_served_counts_as_well(void **unused)
{
	(void)unused;
	int server = bind_socket(how.port, NULL);
	autoclose int client = say("one");

	flows_lead(flows, &local);
	echo(server, "one");
	turn_until(client, "one!");
	close(server);
	assert_int_equal(pace.spent, 0);
	assert_int_equal(send(client, "two", 3, 0), 3);
	for (int i = 0; i < 2000 && pace.spent == 0; i++) {
		flows_pass(flows);
		sources_wait(how.loop_fd, 5);
	}
	assert_int_equal(pace.spent, 1);
	assert_int_equal(left, 2);
}

static void another_instance_gets_what_comes_later(void **unused)
{
	(void)unused;
	const struct target other = {.four = {4, {127, 0, 0, 2}}};
	const struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(how.port), .sin_addr = ip_in(&other.four)};
	autoclose int first = bind_socket(how.port, NULL);
	autoclose int second = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	autoclose int client = say("one");

	assert_int_equal(bind(second, (const struct sockaddr *)&address, sizeof(address)), 0);
	flows_lead(flows, &local);
	echo(first, "one");
	turn_until(client, "one!");
	flows_lead(flows, &local);
	assert_int_equal(left, 1);
	flows_lead(flows, &other);
	assert_int_equal(left, 2);
	assert_int_equal(send(client, "two", 3, 0), 3);
	echo(second, "two");
	turn_until(client, "two!");
}

static void what_listens_on_one_family_only_is_found_by_it(void **unused)
{
	(void)unused;
	const struct target both = {.four = {4, {127, 0, 0, 1}}, .six = {6, {[15] = 1}}};
	const struct sockaddr_in6 address = {.sin6_family = AF_INET6,
					     .sin6_port = htons(how.port),
					     .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	autoclose int server = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	autoclose int client = say("one");
	char byte;

	if (server < 0 || bind(server, (const struct sockaddr *)&address, sizeof(address)) < 0)
		skip(); /* no IPv6 on the loopback */
	flows_lead(flows, &both);
	for (int i = 0; i < 2000 && recv(server, &byte, 1, MSG_PEEK) < 0; i++) {
		flows_pass(flows);
		sources_wait(how.loop_fd, 1);
		(void)flows_tick(flows, sources_now_ms());
	}
	assert_int_equal(recv(server, &byte, 1, 0), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_first_one_is_said_again_until_it_is_not_refused),
		CASE(each_client_gets_his_own_answers),
		CASE(without_room_whoever_was_silent_for_longest_goes),
		CASE(what_waits_for_nobody_is_dropped),
		CASE(one_that_is_refused_for_too_long_is_dropped),
		CASE(with_it_goes_all_that_has_waited_as_long),
		CASE(a_great_many_are_dropped_at_once),
		CASE(who_asks_the_same_instance_waits_for_his_turn),
		CASE(what_was_refused_is_remembered_with_another_instance),
		CASE(a_refusal_of_one_who_was_served_counts_as_well),
		CASE(another_instance_gets_what_comes_later),
		CASE(what_listens_on_one_family_only_is_found_by_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
