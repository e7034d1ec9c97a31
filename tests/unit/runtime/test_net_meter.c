// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections that wait, are open, and have been, in a network namespace of the test's. */
#include "runtime/base/cleanup.h"
#include "runtime/network/net_meter.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on(int family, uint16_t *ret_port)
{
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
	struct sockaddr_in any = {.sin_family = AF_INET};
	struct sockaddr *address =
		family == AF_INET ? (struct sockaddr *)&any : (struct sockaddr *)&any6;
	socklen_t len = family == AF_INET ? sizeof(any) : sizeof(any6);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	assert_int_equal(bind(fd, address, len), 0);
	assert_int_equal(listen(fd, 2), 0);
	assert_int_equal(getsockname(fd, address, &len), 0);
	*ret_port = family == AF_INET ? any.sin_port : any6.sin6_port;
	return fd;
}

/* @port: network byte order */
static int connect_to(uint16_t port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		assert_int_equal(errno, EINPROGRESS);
	return fd;
}

static struct net_traffic load_of(struct net_meter *meter, bool open)
{
	struct net_traffic load;
	struct err err = {0};

	if (net_meter_read(meter, open, &load, &err) < 0)
		fail_msg("%s", err.text);
	return load;
}

static void connections_are_seen_by(void **state, int family)
{
	struct net_meter *meter = *state;
	const struct net_traffic before = load_of(meter, true);
	uint16_t port = 0;
	autoclose int listener = listen_on(family, &port);

	if (listener < 0) {
		print_message("SKIP: this kernel has no IPv6\n");
		skip();
	}
	autoclose int first = connect_to(port);
	autoclose int second = connect_to(port);
	struct net_traffic now = load_of(meter, true);

	assert_int_equal(now.waiting, 2);
	assert_int_equal(now.open, 2);
	assert_int_equal(now.accepted - before.accepted, 2);
	assert_int_equal(load_of(meter, false).open, 0);
	autoclose int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	assert_true(accepted >= 0);
	now = load_of(meter, true);
	assert_int_equal(now.waiting, 1);
	assert_int_equal(now.open, 2);
}

static void connections_of_ipv4_are_seen(void **state)
{
	connections_are_seen_by(state, AF_INET);
}

static void so_are_those_to_a_listener_of_both_kinds(void **state)
{
	connections_are_seen_by(state, AF_INET6);
}

/* Readings in which nothing is new look at no sockets. */
static void who_comes_after_a_quiet_time_is_seen(void **state)
{
	struct net_meter *meter = *state;
	uint16_t port = 0;
	autoclose int listener = listen_on(AF_INET, &port);

	assert_true(listener >= 0);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 4; i++)
			assert_int_equal(load_of(meter, true).waiting, 0);
		autoclose int client = connect_to(port);

		for (int i = 0; i < 4; i++) {
			assert_int_equal(load_of(meter, false).waiting, 1);
			assert_int_equal(load_of(meter, true).open, 1);
		}
		autoclose int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		for (int i = 0; i < 4; i++) {
			assert_int_equal(load_of(meter, false).waiting, 0);
			assert_int_equal(load_of(meter, true).open, 1);
		}
	}
}

static void a_queue_that_overflows_is_noticed(void **state)
{
	struct net_meter *meter = *state;
	const struct net_traffic before = load_of(meter, false);
	uint16_t port = 0;
	autoclose int listener = listen_on(AF_INET, &port);
	int clients[8];

	assert_true(listener >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		clients[i] = connect_to(port);
	assert_true(load_of(meter, false).dropped > before.dropped);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		close(clients[i]);
}

static void what_happens_elsewhere_is_not_counted(void **state)
{
	struct net_meter *meter = *state;
	const struct net_traffic before = load_of(meter, true);
	uint16_t port = 0;
	autoclose int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(system("ip link set lo up"), 0);
	int listener = listen_on(AF_INET, &port);
	int client = connect_to(port);
	const struct net_traffic now = load_of(meter, true);

	close(client);
	close(listener);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	assert_int_equal(now.waiting, 0);
	assert_int_equal(now.accepted, before.accepted);
}

static int open_meter(void **state)
{
	struct err err = {0};
	autoclose int netns = -1;

	if (unshare(CLONE_NEWNET) < 0 || system("ip link set lo up") != 0)
		return -1;
	netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0 || net_meter_open(netns, (struct net_meter **)state, &err) < 0) {
		print_message("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int close_meter(void **state)
{
	net_meter_close(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_of_ipv4_are_seen),
		cmocka_unit_test(so_are_those_to_a_listener_of_both_kinds),
		cmocka_unit_test(who_comes_after_a_quiet_time_is_seen),
		cmocka_unit_test(a_queue_that_overflows_is_noticed),
		cmocka_unit_test(what_happens_elsewhere_is_not_counted),
	};

	if (geteuid() != 0) {
		print_message("SKIP: network namespaces need root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, open_meter, close_meter);
}
