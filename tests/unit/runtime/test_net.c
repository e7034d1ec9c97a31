// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The network of a stack on the real kernel: the program's own network namespace plays the host,
 * and one more plays the world outside. Listening and connecting sockets of all of them live in
 * this one process: a socket stays in the namespace it was opened in, and the kernel completes a
 * handshake without anybody accepting.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net.h"
#include "tests/unit/cmocka_all.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define STACK	  "davit-test"
#define PORT	  80
#define PUBLISHED 18080
#define SOON_MS	  300  /* long enough for what happens, short enough to wait for what does not */
#define LATE_MS	  5000 /* nothing takes that long */

static int host_ns = -1, outside_ns = -1;
static struct net *net;
static struct net_endpoint *web[3];

/* Quick to write and read, which is what matters in set-up code of a test. */
static void shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *fmt, ...)
{
	char command[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static int output_lines(const char *command)
{
	char line[512];
	int lines = 0;
	FILE *pipe = popen(command, "re");

	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe))
		lines++;
	pclose(pipe);
	return lines;
}

static void enter(int ns)
{
	assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

static int socket_in(int ns, int type)
{
	enter(ns);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enter(host_ns);
	assert_true(fd >= 0);
	return fd;
}

static struct in_addr ip(const char *text)
{
	return (struct in_addr){inet_addr(text)};
}

static struct sockaddr_in address(struct in_addr host, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr = host, .sin_port = htons(port)};
}

static int listen_in(int ns, uint16_t port)
{
	struct sockaddr_in any = address((struct in_addr){0}, port);
	int fd = socket_in(ns, SOCK_STREAM), on = 1;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(fd, 128), 0);
	return fd;
}

/* 0 when the handshake completed within @ms, else the errno; ETIMEDOUT when nothing came back. */
static int try_connect(int ns, struct in_addr host, uint16_t port, int ms, int *ret_fd)
{
	struct sockaddr_in to = address(host, port);
	autoclose int fd = socket_in(ns, SOCK_STREAM);
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof(error);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
		return errno;
	if (poll(&poll_fd, 1, ms) == 0)
		return ETIMEDOUT;
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	if (!error && ret_fd)
		*ret_fd = take_fd(&fd);
	return error;
}

static int connect_from(int ns, struct in_addr host, uint16_t port)
{
	int fd = -1;
	int error = try_connect(ns, host, port, LATE_MS, &fd);

	if (error)
		fail_msg("connect to %s:%u: %s", inet_ntoa(host), port, strerror(error));
	return fd;
}

/* Which of the listeners got a connection; it is accepted. */
static int which_accepts(const int *listeners, int count, int *ret_fd)
{
	struct pollfd poll_fds[4] = {0};

	for (int i = 0; i < count; i++)
		poll_fds[i] = (struct pollfd){.fd = listeners[i], .events = POLLIN};
	assert_true(poll(poll_fds, (nfds_t)count, LATE_MS) > 0);
	for (int i = 0; i < count; i++) {
		if (!poll_fds[i].revents)
			continue;
		int fd = accept4(listeners[i], NULL, NULL, SOCK_CLOEXEC);
		assert_true(fd >= 0);
		if (ret_fd)
			*ret_fd = fd;
		else
			close(fd);
		return i;
	}
	return -1;
}

static void publish(int protocol, struct net_endpoint **targets, size_t count)
{
	struct in_addr addresses[3];
	struct err err = {0};
	struct net_port port = {.protocol = protocol,
				.host_port = PUBLISHED,
				.target_port = PORT,
				.targets = addresses,
				.target_count = count};

	for (size_t i = 0; i < count; i++)
		addresses[i] = net_endpoint_address(targets[i]);
	if (net_publish(net, &port, 1, &err) < 0)
		fail_msg("%s", err.text);
}

static struct net_endpoint *attach(struct net *to, const char *name)
{
	struct net_endpoint *endpoint = NULL;
	struct err err = {0};

	if (net_attach(to, name, &endpoint, &err) < 0)
		fail_msg("%s", err.text);
	return endpoint;
}

static struct net *open_stack(const char *stack)
{
	struct net *opened = NULL;
	struct err err = {0};

	if (net_open(&(struct net_config){.stack = stack}, &opened, &err) < 0)
		fail_msg("%s", err.text);
	return opened;
}

static int open_ns(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* host: 192.0.2.2 on "dvt-up"; outside: 192.0.2.1, with a route to the pool as if it were a router
 * that an attacker controls. */
static int set_up_world(void **unused)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	outside_ns = open_ns();
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	host_ns = open_ns();
	shell("ip link set lo up");
	shell("ip link add dvt-up type veth peer name dvt-out netns /proc/%d/fd/%d", getpid(),
	      outside_ns);
	shell("ip addr add 192.0.2.2/24 dev dvt-up && ip link set dvt-up up");
	enter(outside_ns);
	shell("ip link set lo up && ip addr add 192.0.2.1/24 dev dvt-out && ip link set dvt-out up "
	      "&& ip route add 10.213.0.0/16 via 192.0.2.2");
	enter(host_ns);
	return 0;
}

static int open_three(void **unused)
{
	net = open_stack(STACK);
	for (int i = 0; i < 3; i++)
		web[i] = attach(net, (const char *const[]){"web-1", "web-2", "web-3"}[i]);
	return 0;
}

static int close_three(void **unused)
{
	for (int i = 0; i < 3; i++)
		net_detach(web[i]);
	net_close(net);
	net = NULL;
	return 0;
}

static void an_endpoint_has_its_address_and_a_loopback(void **unused)
{
	autoclose int fd = socket_in(net_endpoint_netns(web[0]), SOCK_DGRAM);
	struct ifreq request = {.ifr_name = "eth0"};
	struct sockaddr_in got;

	assert_int_equal(ioctl(fd, SIOCGIFADDR, &request), 0);
	memcpy(&got, &request.ifr_addr, sizeof(got));
	assert_int_equal(got.sin_addr.s_addr, net_endpoint_address(web[0]).s_addr);
	strcpy(request.ifr_name, "lo");
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	assert_true(request.ifr_flags & IFF_UP);
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);
	close(connect_from(net_endpoint_netns(web[0]), ip("127.0.0.1"), PORT));
}

static void the_callers_namespace_is_what_it_was(void **unused)
{
	struct stat own, host;
	autoclose int fd = open_ns();

	assert_int_equal(fstat(fd, &own), 0);
	assert_int_equal(fstat(host_ns, &host), 0);
	assert_int_equal(own.st_ino, host.st_ino);
}

static void an_endpoint_without_network_has_only_a_loopback(void **unused)
{
	struct net_endpoint *none = NULL;

	assert_int_equal(net_attach_none(&none, NULL), 0);
	assert_int_equal(net_endpoint_address(none).s_addr, INADDR_ANY);
	autoclose int listener = listen_in(net_endpoint_netns(none), PORT);
	close(connect_from(net_endpoint_netns(none), ip("127.0.0.1"), PORT));
	assert_int_equal(try_connect(net_endpoint_netns(none), net_gateway(net), 1, SOON_MS, NULL),
			 ENETUNREACH);
	net_detach(none);
}

static void endpoints_and_host_reach_each_other_at_once(void **unused)
{
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);
	autoclose int host_listener = listen_in(host_ns, PUBLISHED + 1);

	close(connect_from(net_endpoint_netns(web[1]), net_endpoint_address(web[0]), PORT));
	close(connect_from(host_ns, net_endpoint_address(web[0]), PORT));
	close(connect_from(net_endpoint_netns(web[1]), net_gateway(net), PUBLISHED + 1));
}

static void a_name_keeps_its_address_over_a_restart(void **unused)
{
	struct in_addr before = net_endpoint_address(web[0]);
	autoclose int old_listener = listen_in(net_endpoint_netns(web[0]), PORT);

	close(connect_from(net_endpoint_netns(web[1]), before, PORT)); /* neighbours know it */
	net_detach(web[0]);
	web[0] = attach(net, "web-1");
	assert_int_equal(net_endpoint_address(web[0]).s_addr, before.s_addr);
	/* The old namespace still lives by its listener, and must not answer. */
	assert_int_equal(try_connect(net_endpoint_netns(web[1]), before, PORT, LATE_MS, NULL),
			 ECONNREFUSED);
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);
	close(connect_from(net_endpoint_netns(web[1]), before, PORT));
}

static void a_released_name_may_get_another_address(void **unused)
{
	struct net_endpoint *first = attach(net, "job-1");
	struct in_addr address_1 = net_endpoint_address(first);

	net_detach(first);
	net_release(net, "job-1");
	struct net_endpoint *second = attach(net, "job-2");
	assert_int_not_equal(net_endpoint_address(second).s_addr, address_1.s_addr);
	net_detach(second);
	net_release(net, "job-2");
}

static void a_name_is_attached_once(void **unused)
{
	struct net_endpoint *second = NULL;
	struct err err = {0};

	assert_int_equal(net_attach(net, "web-1", &second, &err), -EBUSY);
	assert_string_equal(err.text, "network: 'web-1' is attached already");
}

static void a_published_port_is_reached_from_everywhere(void **unused)
{
	int listener = listen_in(net_endpoint_netns(web[0]), PORT);

	publish(IPPROTO_TCP, web, 1);
	close(connect_from(outside_ns, ip("192.0.2.2"), PUBLISHED));
	close(connect_from(host_ns, ip("192.0.2.2"), PUBLISHED));
	close(connect_from(host_ns, ip("127.0.0.1"), PUBLISHED));
	close(connect_from(net_endpoint_netns(web[1]), net_gateway(net), PUBLISHED));
	close(connect_from(net_endpoint_netns(web[1]), ip("192.0.2.2"), PUBLISHED));
	close(connect_from(net_endpoint_netns(web[0]), net_gateway(net), PUBLISHED)); /* itself */
	for (int i = 0; i < 6; i++)
		which_accepts(&listener, 1, NULL);
	close(listener);
}

static void a_port_of_one_host_address_is_not_published_on_others(void **unused)
{
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);
	struct in_addr target = net_endpoint_address(web[0]);
	struct net_port port = {IPPROTO_TCP, ip("127.0.0.1"), PUBLISHED, PORT, &target, 1};

	assert_int_equal(net_publish(net, &port, 1, NULL), 0);
	close(connect_from(host_ns, ip("127.0.0.1"), PUBLISHED));
	assert_int_equal(try_connect(outside_ns, ip("192.0.2.2"), PUBLISHED, LATE_MS, NULL),
			 ECONNREFUSED);
}

static void connections_are_spread_evenly(void **unused)
{
	for (int targets = 2; targets <= 3; targets++) {
		int listeners[3], got[3] = {0};

		for (int i = 0; i < 3; i++)
			listeners[i] = listen_in(net_endpoint_netns(web[i]), PORT);
		publish(IPPROTO_TCP, web, (size_t)targets);
		for (int i = 0; i < targets * 10; i++) {
			int client = connect_from(i % 2 ? host_ns : outside_ns, ip("192.0.2.2"),
						  PUBLISHED);

			got[which_accepts(listeners, 3, NULL)]++;
			close(client);
		}
		for (int i = 0; i < 3; i++) {
			assert_int_equal(got[i], i < targets ? 10 : 0);
			close(listeners[i]);
		}
	}
}

static void a_change_of_targets_moves_only_new_connections(void **unused)
{
	int listeners[2] = {listen_in(net_endpoint_netns(web[0]), PORT),
			    listen_in(net_endpoint_netns(web[1]), PORT)};
	autoclose int server = -1;
	char byte = 0;

	publish(IPPROTO_TCP, &web[0], 1);
	autoclose int client = connect_from(outside_ns, ip("192.0.2.2"), PUBLISHED);
	assert_int_equal(which_accepts(listeners, 2, &server), 0);
	publish(IPPROTO_TCP, &web[1], 1);
	assert_int_equal(write(client, "a", 1), 1);
	assert_int_equal(read(server, &byte, 1), 1);
	assert_int_equal(byte, 'a');
	close(connect_from(outside_ns, ip("192.0.2.2"), PUBLISHED));
	assert_int_equal(which_accepts(listeners, 2, NULL), 1);
	publish(IPPROTO_TCP, NULL, 0);
	assert_int_equal(write(client, "b", 1), 1);
	assert_int_equal(read(server, &byte, 1), 1);
	assert_int_equal(byte, 'b');
	close(listeners[0]);
	close(listeners[1]);
}

static void a_port_without_targets_refuses(void **unused)
{
	uint16_t port = PUBLISHED;
	autoclose int reserved = -1;
	struct err err = {0};

	if (net_port_reserve(IPPROTO_TCP, (struct in_addr){0}, &port, &reserved, &err) < 0)
		fail_msg("%s", err.text);
	publish(IPPROTO_TCP, NULL, 0);
	assert_int_equal(try_connect(outside_ns, ip("192.0.2.2"), PUBLISHED, LATE_MS, NULL),
			 ECONNREFUSED);
	assert_int_equal(try_connect(host_ns, ip("127.0.0.1"), PUBLISHED, LATE_MS, NULL),
			 ECONNREFUSED);
	/* And the reservation is not in the way of the rule. */
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);
	publish(IPPROTO_TCP, web, 1);
	close(connect_from(host_ns, ip("127.0.0.1"), PUBLISHED));
}

static int ask_udp(int ns, struct in_addr host)
{
	struct sockaddr_in to = address(host, PUBLISHED);
	autoclose int fd = socket_in(ns, SOCK_DGRAM);
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char byte;

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(fd, "q", 1, 0), 1);
	if (poll(&poll_fd, 1, SOON_MS) == 0)
		return ETIMEDOUT;
	return recv(fd, &byte, 1, 0) < 0 ? errno : 0;
}

static void udp_is_published_and_refused_too(void **unused)
{
	struct sockaddr_in any = address((struct in_addr){0}, PORT), from;
	socklen_t len = sizeof(from);
	uint16_t port = PUBLISHED;
	autoclose int reserved = -1;
	autoclose int server = socket_in(net_endpoint_netns(web[0]), SOCK_DGRAM);
	char byte = 0;

	assert_int_equal(bind(server, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(net_port_reserve(IPPROTO_UDP, (struct in_addr){0}, &port, &reserved, NULL),
			 0);
	publish(IPPROTO_UDP, NULL, 0);
	assert_int_equal(ask_udp(host_ns, ip("127.0.0.1")), ECONNREFUSED);
	assert_int_equal(ask_udp(outside_ns, ip("192.0.2.2")), ECONNREFUSED);
	publish(IPPROTO_UDP, web, 1);
	assert_int_equal(ask_udp(outside_ns, ip("192.0.2.2")), ETIMEDOUT); /* nobody answers … */
	assert_int_equal(recvfrom(server, &byte, 1, 0, (struct sockaddr *)&from, &len), 1);
	assert_int_equal(byte, 'q'); /* … but it arrived */
}

static void instances_go_out_under_the_hosts_address(void **unused)
{
	autoclose int listener = listen_in(outside_ns, PORT);
	struct sockaddr_in from;
	socklen_t len = sizeof(from);

	autoclose int client = connect_from(net_endpoint_netns(web[0]), ip("192.0.2.1"), PORT);
	autoclose int server = accept4(listener, (struct sockaddr *)&from, &len, SOCK_CLOEXEC);
	assert_true(server >= 0);
	assert_int_equal(from.sin_addr.s_addr, ip("192.0.2.2").s_addr);
}

static void the_outside_reaches_no_instance_directly(void **unused)
{
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);

	assert_int_equal(try_connect(outside_ns, net_endpoint_address(web[0]), PORT, SOON_MS, NULL),
			 ETIMEDOUT);
}

static void another_stack_reaches_published_ports_only(void **unused)
{
	struct net *other = open_stack(STACK "2");
	struct net_endpoint *stranger = attach(other, "web-1");
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);

	publish(IPPROTO_TCP, web, 1);
	assert_int_not_equal(net_gateway(other).s_addr, net_gateway(net).s_addr);
	assert_int_equal(try_connect(net_endpoint_netns(stranger), net_endpoint_address(web[0]),
				     PORT, SOON_MS, NULL),
			 ETIMEDOUT);
	close(connect_from(net_endpoint_netns(stranger), net_gateway(other), PUBLISHED));
	net_detach(stranger);
	net_close(other);
}

/* CVE-2020-8558: an instance that is root in its namespace routes 127.0.0.1 to the gateway. */
static void an_instance_does_not_reach_the_hosts_loopback(void **unused)
{
	autoclose int listener = listen_in(host_ns, PUBLISHED + 1);
	int ns = net_endpoint_netns(web[2]);

	enter(ns);
	shell("ip addr del 127.0.0.1/8 dev lo && ip route add 127.0.0.1/32 via %s && "
	      "echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet",
	      inet_ntoa(net_gateway(net)));
	enter(host_ns);
	assert_int_equal(try_connect(ns, ip("127.0.0.1"), PUBLISHED + 1, SOON_MS, NULL), ETIMEDOUT);
	close(connect_from(ns, net_gateway(net), PUBLISHED + 1)); /* the way there works */
}

static void an_instance_gets_no_ipv6_address_from_the_bridge(void **unused)
{
	enter(net_endpoint_netns(web[0]));
	assert_int_equal(output_lines("ip -6 addr show dev eth0"), 0);
	enter(host_ns);
	assert_int_equal(
		output_lines("ip -6 addr show | grep -A1 ' dv-\\?[0-9a-f]*[@:]' | grep inet6"), 0);
}

static int count_fds(void)
{
	autodir DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	return count;
}

static int count_links(void)
{
	return output_lines("ip -o link show | grep ': dv-\\?[0-9a-f]\\{8,\\}'");
}

static void closing_leaves_nothing(void **unused)
{
	int fds = count_fds();

	assert_int_equal(count_links(), 0);
	net = open_stack(STACK);
	struct net_endpoint *endpoint = attach(net, "web-1");
	publish(IPPROTO_TCP, &endpoint, 1);
	assert_int_equal(count_links(), 2);
	assert_int_equal(output_lines("nft list tables | grep davit_"), 1);
	net_detach(endpoint);
	net_close(net);
	assert_int_equal(count_links(), 0);
	assert_int_equal(output_lines("nft list tables"), 0);
	assert_int_equal(count_fds(), fds);
}

/* A process that leaves its stack's network behind, with a process of an instance still in it. */
static pid_t leave_network(void)
{
	int fds[2];
	pid_t instance = 0;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct net_endpoint *endpoint = attach(open_stack(STACK), "web-1");

		instance = fork();
		if (instance == 0) {
			enter(net_endpoint_netns(endpoint));
			pause();
		}
		_exit(write(fds[1], &instance, sizeof(instance)) < 0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(read(fds[0], &instance, sizeof(instance)), sizeof(instance));
	close(fds[0]);
	close(fds[1]);
	return instance;
}

static void leftovers_of_a_dead_process_are_purged(void **unused)
{
	pid_t instance = leave_network();

	assert_int_equal(count_links(), 2);
	assert_int_equal(net_purge(STACK "2", NULL), 0);
	assert_int_equal(count_links(), 2);
	assert_int_equal(net_purge(STACK, NULL), 0);
	assert_int_equal(count_links(), 0);
	assert_int_equal(output_lines("nft list tables"), 0);
	assert_int_equal(net_purge(STACK, NULL), 0);
	kill(instance, SIGKILL);
}

static void opening_replaces_leftovers(void **unused)
{
	pid_t instance = leave_network();

	net = open_stack(STACK);
	assert_int_equal(count_links(), 1);
	net_close(net);
	kill(instance, SIGKILL);
}

static void a_full_pool_is_named_with_its_user(void **unused)
{
	struct net *none = NULL;
	struct err err = {0};
	struct net_config config = {.stack = STACK, .pool = "192.0.2.0/24"};

	assert_int_equal(net_open(&config, &none, &err), -EADDRNOTAVAIL);
	assert_string_equal(err.text, "network: no free /24 left in 192.0.2.0/24: the host uses "
				      "192.0.2.0/24 on dvt-up among others");
	assert_int_equal(count_links(), 0);
}

static void names_that_would_break_rules_are_refused(void **unused)
{
	static const char *const bad[] = {"", "a b", "a;b", "a\"b", "A", "a/b", "a\n"};
	struct net *none = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(net_open(&(struct net_config){.stack = bad[i]}, &none, NULL),
				 -EINVAL);
		assert_int_equal(net_purge(bad[i], NULL), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest life[] = {
		cmocka_unit_test(closing_leaves_nothing),
		cmocka_unit_test(leftovers_of_a_dead_process_are_purged),
		cmocka_unit_test(opening_replaces_leftovers),
		cmocka_unit_test(a_full_pool_is_named_with_its_user),
		cmocka_unit_test(names_that_would_break_rules_are_refused),
	};
	const struct CMUnitTest traffic[] = {
		cmocka_unit_test(an_endpoint_has_its_address_and_a_loopback),
		cmocka_unit_test(the_callers_namespace_is_what_it_was),
		cmocka_unit_test(an_endpoint_without_network_has_only_a_loopback),
		cmocka_unit_test(endpoints_and_host_reach_each_other_at_once),
		cmocka_unit_test(a_name_keeps_its_address_over_a_restart),
		cmocka_unit_test(a_released_name_may_get_another_address),
		cmocka_unit_test(a_name_is_attached_once),
		cmocka_unit_test(a_published_port_is_reached_from_everywhere),
		cmocka_unit_test(a_port_of_one_host_address_is_not_published_on_others),
		cmocka_unit_test(connections_are_spread_evenly),
		cmocka_unit_test(a_change_of_targets_moves_only_new_connections),
		cmocka_unit_test(a_port_without_targets_refuses),
		cmocka_unit_test(udp_is_published_and_refused_too),
		cmocka_unit_test(instances_go_out_under_the_hosts_address),
		cmocka_unit_test(the_outside_reaches_no_instance_directly),
		cmocka_unit_test(another_stack_reaches_published_ports_only),
		cmocka_unit_test(an_instance_gets_no_ipv6_address_from_the_bridge),
		cmocka_unit_test(an_instance_does_not_reach_the_hosts_loopback),
	};

	if (geteuid() != 0) {
		print_message("SKIP: making network namespaces needs root\n");
		return 77;
	}
	if (set_up_world(NULL) < 0) {
		print_message("SKIP: the kernel makes no network namespace: %s\n", strerror(errno));
		return 77;
	}
	int failed = cmocka_run_group_tests_name("life", life, NULL, NULL);
	return failed + cmocka_run_group_tests_name("traffic", traffic, open_three, close_three);
}
