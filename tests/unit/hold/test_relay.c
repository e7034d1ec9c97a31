// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes of two connections, by way of a third party that never sees them. */
#include "tests/unit/cmocka_all.h"

#include "launcher/hold/relay.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MUCH (4 << 20)

static int loop_fd = -1;
static int client, server; /* the far ends of the two */
static int server_near;	   /* the relay's end */
static bool over;

static void on_end(void *data)
{
	over = true;
}

/* Two ends of a connection over the loopback. */
static void connect_pair(int *ret_far, int *ret_near)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	autoclose int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	*ret_far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(*ret_far, (struct sockaddr *)&address, len), 0);
	assert_int_equal(fcntl(*ret_far, F_SETFL, O_NONBLOCK), 0);
	*ret_near = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(*ret_near >= 0);
}

static int begin(void **unused)
{
	int client_fd;

	(void)unused;
	over = false;
	loop_fd = sources_open(NULL);
	connect_pair(&client, &client_fd);
	connect_pair(&server, &server_near);
	return relay_begin(loop_fd, client_fd, server_near, &(struct relay_owner){on_end, NULL});
}

static int end(void **unused)
{
	(void)unused;
	fd_drop(&client);
	fd_drop(&server);
	while (!over)
		sources_wait(loop_fd, -1);
	fd_drop(&loop_fd);
	return 0;
}

/* What has come, @size bytes at most; 0: the end. */
static size_t get(int fd, char *bytes, size_t size)
{
	ssize_t n;

	while ((n = read(fd, bytes, size)) < 0 && errno == EAGAIN)
		sources_wait(loop_fd, -1);
	assert_true(n >= 0);
	return (size_t)n;
}

static void what_one_says_the_other_hears(void **unused)
{
	char heard[8] = "";

	(void)unused;
	assert_int_equal(write(client, "ask", 3), 3);
	assert_int_equal(get(server, heard, sizeof(heard)), 3);
	assert_memory_equal(heard, "ask", 3);
	assert_int_equal(write(server, "reply", 5), 5);
	assert_int_equal(get(client, heard, sizeof(heard)), 5);
	assert_memory_equal(heard, "reply", 5);
}

static void an_end_is_passed_on_and_the_other_way_stays(void **unused)
{
	char heard[8];

	(void)unused;
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	assert_int_equal(get(server, heard, sizeof(heard)), 0);
	assert_false(over);
	assert_int_equal(write(server, "late", 4), 4);
	assert_int_equal(get(client, heard, sizeof(heard)), 4);
	assert_int_equal(shutdown(server, SHUT_WR), 0);
	assert_int_equal(get(client, heard, sizeof(heard)), 0);
}

static void a_slow_reader_gets_all(void **unused)
{
	static char bytes[MUCH], heard[MUCH];
	size_t sent = 0, got = 0;

	(void)unused;
	for (size_t i = 0; i < MUCH; i++)
		bytes[i] = (char)(i * 31 + i / 251);
	while (got < MUCH) {
		ssize_t n = sent < MUCH ? write(client, bytes + sent, MUCH - sent) : 0;

		sent += n > 0 ? (size_t)n : 0;
		if (sent == MUCH && n > 0)
			assert_int_equal(shutdown(client, SHUT_WR), 0);
		for (int i = 0; i < 4; i++)
			sources_wait(loop_fd, 0);
		n = read(server, heard + got, MUCH - got < 10000 ? MUCH - got : 10000);
		got += n > 0 ? (size_t)n : 0;
	}
	assert_memory_equal(bytes, heard, MUCH);
	assert_int_equal(get(server, heard, 1), 0);
}

/* Whether nothing is to be done any more, for now. */
static bool is_quiet(void)
{
	int turns = 0;

	while (turns < 10000 && sources_wait(loop_fd, 0))
		turns++;
	return turns < 10000;
}

static void an_end_that_comes_while_the_other_one_does_not_read_is_no_busy_loop(void **unused)
{
	struct pollfd ended;
	char bytes[16384] = "";
	size_t sent = 0, got = 0, n;
	int unread = 0;

	(void)unused;
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	assert_int_equal(get(server, bytes, 1), 0);
	while (unread == 0) {
		assert_int_equal(write(server, bytes, sizeof(bytes)), sizeof(bytes));
		sent += sizeof(bytes);
		assert_true(is_quiet());
		assert_int_equal(ioctl(server_near, FIONREAD, &unread), 0);
	}
	assert_int_equal(shutdown(server, SHUT_WR), 0);
	ended = (struct pollfd){.fd = server_near, .events = POLLRDHUP};
	assert_int_equal(poll(&ended, 1, -1), 1);
	assert_true(is_quiet());
	while ((n = get(client, bytes, sizeof(bytes))) > 0)
		got += n;
	assert_int_equal(got, sent);
}

static void what_breaks_one_breaks_the_other(void **unused)
{
	char heard[8];
	ssize_t n;

	(void)unused;
	relay_reset(server);
	server = -1;
	while ((n = read(client, heard, sizeof(heard))) < 0 && errno == EAGAIN)
		sources_wait(loop_fd, -1);
	assert_int_equal(n, -1);
	assert_int_equal(errno, ECONNRESET);
	assert_true(over);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_one_says_the_other_hears, begin, end),
		cmocka_unit_test_setup_teardown(an_end_is_passed_on_and_the_other_way_stays, begin,
						end),
		cmocka_unit_test_setup_teardown(a_slow_reader_gets_all, begin, end),
		cmocka_unit_test_setup_teardown(
			an_end_that_comes_while_the_other_one_does_not_read_is_no_busy_loop, begin,
			end),
		cmocka_unit_test_setup_teardown(what_breaks_one_breaks_the_other, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
