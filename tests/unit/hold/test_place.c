// SPDX-License-Identifier: GPL-2.0-or-later
/* Who waits at a place when there is no room for him. */
#include "tests/unit/cmocka_all.h"

#include "launcher/hold/place.h"
#include "runtime/base/cleanup.h"

#include <arpa/inet.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct target target = {.four = {4, {127, 0, 0, 1}}};
static struct hall hall;
static struct sockaddr_in address; /* where one listens for "web" */
static char said[64];		   /* the last word, and whom it is about */

static bool on_say(void *data, char answer, const char *key)
{
	(void)data;
	snprintf(said, sizeof(said), "%c %s", answer, key);
	return true;
}

static void on_hear(void *data)
{
	(void)data;
}

static void open_hall(unsigned most)
{
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	said[0] = '\0';
	/* A place is for ever. */
	hall = (struct hall){.loop_fd = sources_open(NULL),
			     .places = hall.places,
			     .most = most,
			     .say = on_say,
			     .hear = on_hear};
	address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = ip_in(&target.four)};
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	place_listen(&hall, "web", &(struct place_socket){80, 200}, fd);
	place_lead(&hall, "web", &target);
}

static int call(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* What it takes until the call is reset: turns of the loop. */
static unsigned turns_until_reset(int fd)
{
	unsigned turns = 0;
	char byte;

	while (recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN) {
		(void)place_tick(&hall, sources_now_ms());
		sources_wait(hall.loop_fd, 10);
		turns++;
	}
	assert_int_equal(errno, ECONNRESET);
	return turns;
}

static void close_hall(void)
{
	place_forget(&hall, "web");
	(void)place_tick(&hall, sources_now_ms());
	fd_drop(&hall.loop_fd);
}

static void who_finds_no_room_is_reset_in_time_and_that_is_told(void **unused)
{
	(void)unused;
	open_hall(0);
	autoclose int fd = call();

	assert_true(turns_until_reset(fd) < 100);
	(void)place_tick(&hall, sources_now_ms());
	assert_string_equal(said, "g web 1");
	close_hall();
}

static void without_descriptors_it_is_tried_again_after_a_pause(void **unused)
{
	struct rlimit before, none;

	(void)unused;
	open_hall(8);
	autoclose int fd = call();

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){(rlim_t)fd, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 3; i++)
		sources_wait(hall.loop_fd, place_tick(&hall, sources_now_ms()));
	assert_false(sources_wait(hall.loop_fd, 0));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	/* It has come by no balancer. */
	assert_true(turns_until_reset(fd) < 100);
	assert_int_equal(hall.most, 8);
	close_hall();
}

static int bind_datagrams(struct sockaddr_in *ret)
{
	socklen_t len = sizeof(*ret);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = ip_in(&target.four)};
	assert_int_equal(bind(fd, (struct sockaddr *)ret, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)ret, &len), 0);
	return fd;
}

/* For "web", of whose instance @server is; returns the socket, which the place has. */
static int listen_for_datagrams(const struct sockaddr_in *server, struct sockaddr_in *ret)
{
	int fd = bind_datagrams(ret);

	place_listen(&hall, "web", &(struct place_socket){ntohs(server->sin_port), 5000}, fd);
	return fd;
}

/* Each is of another client, and is passed on. */
static void send_datagrams(int held_fd, const struct sockaddr_in *held, unsigned count)
{
	char byte;

	for (unsigned i = 0; i < count; i++) {
		autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		assert_int_equal(
			sendto(fd, "x", 1, 0, (const struct sockaddr *)held, sizeof(*held)), 1);
	}
	for (int i = 0; i < 2000 && recv(held_fd, &byte, 1, MSG_PEEK) > 0; i++) {
		int wait_ms = place_tick(&hall, sources_now_ms());

		sources_wait(hall.loop_fd, wait_ms < 0 || wait_ms > 5 ? 5 : wait_ms);
	}
}

static void whoever_invents_clients_leaves_half_of_the_room(void **unused)
{
	struct sockaddr_in held, server;

	(void)unused;
	open_hall(40);
	autoclose int server_fd = bind_datagrams(&server);

	send_datagrams(listen_for_datagrams(&server, &held), &held, 30);
	assert_int_equal(hall.clients, 6); /* half of 11 */
	assert_int_equal(hall.open, 6);
	place_lead(&hall, "web", NULL);
	assert_int_equal(hall.clients, 0);
	assert_int_equal(hall.open, 0);
	close_hall();
}

/* A client that makes room for another one makes none for connections, whose time goes on. */
static void who_waits_for_room_is_reset_in_time_whatever_clients_come(void **unused)
{
	struct sockaddr_in held, server;
	unsigned turns = 0;
	char byte;

	(void)unused;
	open_hall(1);
	autoclose int server_fd = bind_datagrams(&server);
	int held_fd = listen_for_datagrams(&server, &held);

	send_datagrams(held_fd, &held, 2);
	assert_int_equal(hall.open, 1);
	autoclose int caller_fd = call();

	for (; recv(caller_fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN; turns++) {
		send_datagrams(held_fd, &held, 1);
		(void)place_tick(&hall, sources_now_ms());
		sources_wait(hall.loop_fd, 10);
		assert_true(turns < 1000);
	}
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(hall.open, 1);
	(void)place_tick(&hall, sources_now_ms());
	assert_string_equal(said, "g web 1");
	close_hall();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_finds_no_room_is_reset_in_time_and_that_is_told),
		cmocka_unit_test(whoever_invents_clients_leaves_half_of_the_room),
		cmocka_unit_test(who_waits_for_room_is_reset_in_time_whatever_clients_come),
		cmocka_unit_test(without_descriptors_it_is_tried_again_after_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
