// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Traffic of a stack of three endpoints on the real kernel: who reaches whom, and how.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/conntrack.h"
#include "tests/unit/runtime/net_world.h"

#include "runtime/network/net_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct net *net;
static struct net_endpoint *web[3];

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
	autoclose int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_int_equal(fstat(fd, &own), 0);
	assert_int_equal(fstat(host_ns, &host), 0);
	assert_int_equal(own.st_ino, host.st_ino);
}

static void a_socket_is_of_the_namespace_asked_for(void **unused)
{
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = net_endpoint_address(web[0])};
	int fd = -1;

	assert_int_equal(net_socket(net_endpoint_netns(web[0]), AF_INET, SOCK_DGRAM, &fd, NULL), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(net_socket(-1, AF_INET, SOCK_DGRAM, &fd, NULL), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), -1);
	close(fd);
	assert_int_equal(net_socket(net_endpoint_netns(web[0]), -1, SOCK_DGRAM, &fd, NULL),
			 -EAFNOSUPPORT);
	assert_int_equal(net_socket(0x7fffffff, AF_INET, SOCK_DGRAM, &fd, NULL), -EBADF);
	the_callers_namespace_is_what_it_was(unused);
}

static void an_endpoint_without_network_has_only_a_loopback(void **unused)
{
	struct net_endpoint *none = NULL;

	assert_int_equal(net_attach_none(&none, NULL), 0);
	assert_int_equal(net_endpoint_netns(none), -1);
	assert_int_equal(net_endpoint_connect(none, -1, NULL), 0);
	assert_int_equal(net_endpoint_address(none).s_addr, INADDR_ANY);
	autoclose int listener = listen_in(net_endpoint_netns(none), PORT);
	close(connect_from(net_endpoint_netns(none), ip("127.0.0.1"), PORT));
	assert_int_equal(try_connect(net_endpoint_netns(none), gateway_of(net), 1, SOON_MS, NULL),
			 ENETUNREACH);
	net_detach(none);
}

static void endpoints_and_host_reach_each_other_at_once(void **unused)
{
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);
	autoclose int host_listener = listen_in(host_ns, PUBLISHED + 1);

	close(connect_from(net_endpoint_netns(web[1]), net_endpoint_address(web[0]), PORT));
	close(connect_from(host_ns, net_endpoint_address(web[0]), PORT));
	close(connect_from(net_endpoint_netns(web[1]), gateway_of(net), PUBLISHED + 1));
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
	assert_true(net_release_gone(net, NULL, NULL));
	struct net_endpoint *second = attach(net, "job-2");
	assert_int_not_equal(net_endpoint_address(second).s_addr, address_1.s_addr);
	net_detach(second);
	assert_true(net_release_gone(net, NULL, NULL));
}

static void a_name_is_attached_once(void **unused)
{
	struct net_endpoint *second = NULL;
	struct err err = {0};
	const struct net_link link = {.network = net_network_find(net, "default"), .main = true};
	const struct net_attach_request request = {"web-1", &link, 1};

	assert_int_equal(net_attach(net, &request, &second, &err), -EBUSY);
	assert_string_equal(err.text, "network: 'web-1' is attached already");
}

static void a_published_port_is_reached_from_everywhere(void **unused)
{
	int listener = listen_in(net_endpoint_netns(web[0]), PORT);

	publish(net, IPPROTO_TCP, web, 1);
	close(connect_from(outside_ns, ip("192.0.2.2"), PUBLISHED));
	close(connect_from(host_ns, ip("192.0.2.2"), PUBLISHED));
	close(connect_from(host_ns, ip("127.0.0.1"), PUBLISHED));
	close(connect_from(net_endpoint_netns(web[1]), gateway_of(net), PUBLISHED));
	close(connect_from(net_endpoint_netns(web[1]), ip("192.0.2.2"), PUBLISHED));
	close(connect_from(net_endpoint_netns(web[0]), gateway_of(net), PUBLISHED)); /* itself */
	for (int i = 0; i < 6; i++)
		which_accepts(&listener, 1, NULL);
	close(listener);
}

/* Both ways a frame of the bridge can go; the host's administrator decides. */
static void it_is_so_with_and_without_netfilter_on_the_bridge(void **unused)
{
	for (int on = 0; on <= 1; on++) {
		shell("! cd /proc/sys/net/bridge 2>/dev/null || echo %d >bridge-nf-call-iptables",
		      on);
		a_published_port_is_reached_from_everywhere(unused);
	}
}

static void a_port_of_one_host_address_is_not_published_on_others(void **unused)
{
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);
	const struct net_port port = {IPPROTO_TCP, ip_of_in(ip("127.0.0.1")), PUBLISHED, PORT, 0};

	balance(net, &port, web, 1);
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
		publish(net, IPPROTO_TCP, web, (size_t)targets);
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

	publish(net, IPPROTO_TCP, &web[0], 1);
	autoclose int client = connect_from(outside_ns, ip("192.0.2.2"), PUBLISHED);
	assert_int_equal(which_accepts(listeners, 2, &server), 0);
	publish(net, IPPROTO_TCP, &web[1], 1);
	assert_int_equal(write(client, "a", 1), 1);
	assert_int_equal(read(server, &byte, 1), 1);
	assert_int_equal(byte, 'a');
	close(connect_from(outside_ns, ip("192.0.2.2"), PUBLISHED));
	assert_int_equal(which_accepts(listeners, 2, NULL), 1);
	publish(net, IPPROTO_TCP, NULL, 0);
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

	if (net_port_reserve(IPPROTO_TCP, &(struct ip){.family = 4}, &port, &reserved, &err) < 0)
		fail_msg("%s", err.text);
	publish(net, IPPROTO_TCP, NULL, 0);
	assert_int_equal(try_connect(outside_ns, ip("192.0.2.2"), PUBLISHED, LATE_MS, NULL),
			 ECONNREFUSED);
	assert_int_equal(try_connect(host_ns, ip("127.0.0.1"), PUBLISHED, LATE_MS, NULL),
			 ECONNREFUSED);
	/* And the reservation is not in the way of the rule. */
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);
	publish(net, IPPROTO_TCP, web, 1);
	close(connect_from(host_ns, ip("127.0.0.1"), PUBLISHED));
}

static int ask_udp(int ns, struct in_addr host, int ms)
{
	struct sockaddr_in to = address(host, PUBLISHED);
	autoclose int fd = socket_in(ns, SOCK_DGRAM);
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char byte;

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(fd, "q", 1, 0), 1);
	if (poll(&poll_fd, 1, ms) == 0)
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
	assert_int_equal(
		net_port_reserve(IPPROTO_UDP, &(struct ip){.family = 4}, &port, &reserved, NULL),
		0);
	publish(net, IPPROTO_UDP, NULL, 0);
	assert_int_equal(ask_udp(host_ns, ip("127.0.0.1"), LATE_MS), ECONNREFUSED);
	assert_int_equal(ask_udp(outside_ns, ip("192.0.2.2"), LATE_MS), ECONNREFUSED);
	publish(net, IPPROTO_UDP, web, 1);
	assert_int_equal(ask_udp(outside_ns, ip("192.0.2.2"), SOON_MS),
			 ETIMEDOUT); /* nobody answers … */
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

	publish(net, IPPROTO_TCP, web, 1);
	assert_int_not_equal(gateway_of(other).s_addr, gateway_of(net).s_addr);
	assert_int_equal(try_connect(net_endpoint_netns(stranger), net_endpoint_address(web[0]),
				     PORT, SOON_MS, NULL),
			 ETIMEDOUT);
	close(connect_from(net_endpoint_netns(stranger), gateway_of(other), PUBLISHED));
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
	      inet_ntoa(gateway_of(net)));
	enter(host_ns);
	assert_int_equal(try_connect(ns, ip("127.0.0.1"), PUBLISHED + 1, SOON_MS, NULL), ETIMEDOUT);
	close(connect_from(ns, gateway_of(net), PUBLISHED + 1)); /* the way there works */
}

static void an_instance_gets_no_ipv6_address_from_the_bridge(void **unused)
{
	enter(net_endpoint_netns(web[0]));
	assert_int_equal(output_lines("ip -6 addr show dev eth0"), 0);
	enter(host_ns);
	assert_int_equal(
		output_lines("ip -6 addr show | grep -A1 ' dv-\\?[0-9a-f]*[@:]' | grep inet6"), 0);
}

static void flows_of_both_families_are_forgotten_alike(void **unused)
{
	const struct ip four = {4, {10, 213, 0, 9}}, six = {6, {0xfd, 0x01, [15] = 9}};
	autoclose int fd = -1;

	(void)unused;
	assert_int_equal(conntrack_open(&fd, NULL), 0);
	int r = conntrack_forget_datagrams(fd, &four, NULL);

	if (r < 0)
		print_message("this kernel deletes flows by a whole tuple only\n");
	assert_int_equal(conntrack_forget_datagrams(fd, &six, NULL), r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_endpoint_has_its_address_and_a_loopback),
		cmocka_unit_test(the_callers_namespace_is_what_it_was),
		cmocka_unit_test(a_socket_is_of_the_namespace_asked_for),
		cmocka_unit_test(an_endpoint_without_network_has_only_a_loopback),
		cmocka_unit_test(endpoints_and_host_reach_each_other_at_once),
		cmocka_unit_test(a_name_keeps_its_address_over_a_restart),
		cmocka_unit_test(a_released_name_may_get_another_address),
		cmocka_unit_test(a_name_is_attached_once),
		cmocka_unit_test(a_published_port_is_reached_from_everywhere),
		cmocka_unit_test(it_is_so_with_and_without_netfilter_on_the_bridge),
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
		cmocka_unit_test(flows_of_both_families_are_forgotten_alike),
	};

	set_up_world();
	return cmocka_run_group_tests(tests, open_three, close_three);
}
