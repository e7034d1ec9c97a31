// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reservations of host ports, made in a network namespace of the test's own where that is allowed,
 * so that no port of the machine matters.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net.h"
#include "tests/unit/cmocka_all.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANY_IP (&(struct ip){.family = 4})

static bool own_namespace;

static int reserve(int protocol, const struct ip *ip, uint16_t port, struct err *err)
{
	int fd = -1;
	int r = net_port_reserve(protocol, ip, &port, &fd, err);

	return r < 0 ? r : fd;
}

static int listen_on(int family, int type, const char *text, uint16_t *port)
{
	struct sockaddr_storage address = {.ss_family = (sa_family_t)family};
	struct sockaddr_in *in = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address;
	void *host = family == AF_INET ? (void *)&in->sin_addr : (void *)&in6->sin6_addr;
	socklen_t len = sizeof(address);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0 && errno == EAFNOSUPPORT) {
		print_message("no IPv6 in this kernel\n");
		skip();
	}
	assert_int_equal(inet_pton(family, text, host), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(in->sin_port); /* the same place for both families */
	return fd;
}

/* The test itself is the holder. */
static void expect_named(int protocol, const struct ip *ip, uint16_t port)
{
	struct err err = {0};
	char expected[128];

	snprintf(expected, sizeof(expected), "port %u/%s is in use by davit-test-port (pid %d)",
		 port, protocol == IPPROTO_UDP ? "udp" : "tcp", getpid());
	assert_int_equal(reserve(protocol, ip, port, &err), -EADDRINUSE);
	assert_string_equal(err.text, expected);
}

static void any_free_port_is_found_and_told(void **unused)
{
	uint16_t port = 0;
	autoclose int fd = -1;

	assert_int_equal(net_port_reserve(IPPROTO_TCP, ANY_IP, &port, &fd, NULL), 0);
	assert_true(port > 0);
}

static void a_listener_is_named(void **unused)
{
	uint16_t port = 0;
	autoclose int fd = listen_on(AF_INET, SOCK_STREAM, "127.0.0.1", &port);

	expect_named(IPPROTO_TCP, ANY_IP, port);
	expect_named(IPPROTO_TCP, &(struct ip){4, {127, 0, 0, 1}}, port);
}

static void a_dual_stack_listener_is_named(void **unused)
{
	uint16_t port = 0;
	autoclose int fd = listen_on(AF_INET6, SOCK_STREAM, "::", &port);

	expect_named(IPPROTO_TCP, ANY_IP, port);
}

static void a_udp_socket_is_named(void **unused)
{
	uint16_t port = 0;
	autoclose int fd = listen_on(AF_INET, SOCK_DGRAM, "0.0.0.0", &port);

	expect_named(IPPROTO_UDP, &(struct ip){4, {127, 0, 0, 1}}, port);
}

static void a_reservation_of_another_stack_is_named(void **unused)
{
	uint16_t tcp = 0, udp = 0;
	autoclose int tcp_fd = -1, udp_fd = -1;

	assert_int_equal(net_port_reserve(IPPROTO_TCP, ANY_IP, &tcp, &tcp_fd, NULL), 0);
	assert_int_equal(net_port_reserve(IPPROTO_UDP, ANY_IP, &udp, &udp_fd, NULL), 0);
	expect_named(IPPROTO_TCP, ANY_IP, tcp);
	expect_named(IPPROTO_UDP, ANY_IP, udp);
}

static void a_port_of_one_address_leaves_the_others_free(void **unused)
{
	uint16_t port = 0;
	autoclose int first = listen_on(AF_INET, SOCK_STREAM, "127.0.0.1", &port);
	struct err err = {0};
	autoclose int second = reserve(IPPROTO_TCP, &(struct ip){4, {127, 0, 0, 2}}, port, &err);

	assert_true(second >= 0);
}

static void a_reserved_port_cannot_be_listened_on(void **unused)
{
	uint16_t port = 0;
	autoclose int reserved = -1;
	autoclose int rival = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	assert_int_equal(net_port_reserve(IPPROTO_TCP, ANY_IP, &port, &reserved, NULL), 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	assert_int_equal(setsockopt(rival, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(setsockopt(rival, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
	assert_int_equal(bind(rival, (struct sockaddr *)&address, sizeof(address)), -1);
	assert_int_equal(errno, EADDRINUSE);
	fd_drop(&reserved);
	assert_int_equal(bind(rival, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void an_address_of_another_host_is_refused(void **unused)
{
	struct err err = {0};

	assert_int_equal(reserve(IPPROTO_TCP, &(struct ip){4, {198, 51, 100, 7}}, 80, &err),
			 -EADDRNOTAVAIL);
	assert_string_equal(err.text, "198.51.100.7 is not an address of this host");
}

/* Somebody just starts the name of their process with ours, and has no such port. */
static void an_unknown_holder_is_not_guessed(void **unused)
{
	uint16_t port = 0;
	struct err err = {0};
	char expected[64];
	autoclose int fd = -1;

	if (!own_namespace)
		skip();
	assert_int_equal(net_port_reserve(IPPROTO_TCP, ANY_IP, &port, &fd, NULL), 0);
	assert_int_equal(prctl(PR_SET_NAME, "somebody"), 0);
	assert_int_equal(reserve(IPPROTO_TCP, ANY_IP, port, &err), -EADDRINUSE);
	snprintf(expected, sizeof(expected), "port %u/tcp is in use", port);
	assert_string_equal(err.text, expected);
	assert_int_equal(prctl(PR_SET_NAME, "davit-test-port"), 0);
}

/* @port	out: 0 when it could not be had */
static pid_t reserve_elsewhere(uint16_t *port)
{
	int fds[2], fd = -1;

	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NAME, "davit-other") < 0 || unshare(CLONE_NEWNET) < 0 ||
		    net_port_reserve(IPPROTO_TCP, ANY_IP, port, &fd, NULL) < 0)
			*port = 0;
		(void)!write(fds[1], port, sizeof(*port));
		pause();
		_exit(0);
	}
	assert_int_equal(read(fds[0], port, sizeof(*port)), sizeof(*port));
	close(fds[0]);
	close(fds[1]);
	return pid;
}

static void who_has_the_port_in_another_network_namespace_is_not_named(void **unused)
{
	uint16_t port = 0;
	struct err err = {0};
	char expected[64];

	if (!own_namespace)
		skip();
	pid_t other = reserve_elsewhere(&port);
	assert_true(port > 0);
	autoclose int fd = reserve(IPPROTO_TCP, ANY_IP, port, &err);

	assert_true(fd >= 0);
	assert_int_equal(prctl(PR_SET_NAME, "somebody"), 0);
	assert_int_equal(reserve(IPPROTO_TCP, ANY_IP, port, &err), -EADDRINUSE);
	assert_int_equal(prctl(PR_SET_NAME, "davit-test-port"), 0);
	kill(other, SIGKILL);
	assert_int_equal(waitpid(other, NULL, 0), other);
	snprintf(expected, sizeof(expected), "port %u/tcp is in use", port);
	assert_string_equal(err.text, expected);
	expect_named(IPPROTO_TCP, ANY_IP, port);
}

/* Two are all there are. */
static void no_free_port_is_told_as_that(void **unused)
{
	const char *const path = "/proc/sys/net/ipv4/ip_local_port_range";
	autoclose int range = open(path, O_WRONLY | O_CLOEXEC);
	struct err err = {0};

	if (!own_namespace || range < 0)
		skip();
	assert_int_equal(write(range, "20000 20001", 11), 11);
	autoclose int first = reserve(IPPROTO_UDP, ANY_IP, 0, NULL);
	autoclose int second = reserve(IPPROTO_UDP, ANY_IP, 0, NULL);

	assert_true(first >= 0 && second >= 0);
	assert_int_equal(reserve(IPPROTO_UDP, ANY_IP, 0, &err), -EADDRINUSE);
	assert_string_equal(err.text,
			    "no port is free of those that net.ipv4.ip_local_port_range says");
	assert_int_equal(pwrite(range, "32768 60999", 11, 0), 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_free_port_is_found_and_told),
		cmocka_unit_test(a_listener_is_named),
		cmocka_unit_test(a_dual_stack_listener_is_named),
		cmocka_unit_test(a_udp_socket_is_named),
		cmocka_unit_test(a_reservation_of_another_stack_is_named),
		cmocka_unit_test(a_port_of_one_address_leaves_the_others_free),
		cmocka_unit_test(a_reserved_port_cannot_be_listened_on),
		cmocka_unit_test(an_address_of_another_host_is_refused),
		cmocka_unit_test(an_unknown_holder_is_not_guessed),
		cmocka_unit_test(who_has_the_port_in_another_network_namespace_is_not_named),
		cmocka_unit_test(no_free_port_is_told_as_that),
	};

	own_namespace = unshare(CLONE_NEWNET) == 0 && system("ip link set lo up") == 0;
	prctl(PR_SET_NAME, "davit-test-port");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
