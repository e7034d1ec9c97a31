// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One address for several endpoints: who gets a connection, whose address he sees, and what becomes
 * of those that nobody can have.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net_hold.h"
#include "tests/unit/runtime/net_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter_ipv4.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct net *net;
static struct net_endpoint *web[3];
static struct in_addr address_of_web;

static int open_all(void **unused)
{
	char name[] = "web-1";

	(void)unused;
	net = open_stack(STACK);
	for (int i = 0; i < 3; i++, name[4]++)
		web[i] = attach(net, name);
	assert_int_equal(net_virtual_take(net_network_find(net, "default"), "web", 9, NULL), 0);
	address_of_web = net_virtual(net_network_find(net, "default"), "web");
	return 0;
}

static int close_all(void **unused)
{
	(void)unused;
	for (int i = 0; i < 3; i++)
		net_detach(web[i]);
	net_close(net);
	return 0;
}

/* As the peer of the next connection sees it. */
static struct in_addr caller_of(int listener)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	autoclose int fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_CLOEXEC);

	assert_true(fd >= 0);
	return from.sin_addr;
}

static void an_address_is_given_once_and_to_no_endpoint(void **unused)
{
	struct net_network *network = net_network_find(net, "default");
	struct err err = {0};

	(void)unused;
	assert_int_equal(net_virtual_take(network, "web", 9, NULL), 0);
	assert_int_equal(net_virtual(network, "web").s_addr, address_of_web.s_addr);
	assert_int_equal(net_virtual(network, "nobody").s_addr, htonl(INADDR_ANY));
	assert_int_equal(net_virtual_take(network, "db", 253, &err), -EADDRNOTAVAIL);
	assert_int_equal(net_virtual_keep(network, "db", address_of_web, &err), -EADDRINUSE);
}

static void callers_take_turns_and_keep_their_address(void **unused)
{
	int listeners[3], got[3] = {0};

	(void)unused;
	for (int i = 0; i < 3; i++)
		listeners[i] = listen_in(net_endpoint_netns(web[i]), PORT);
	balance(net, NULL, web, 2);
	for (int i = 0; i < 12; i++) {
		autoclose int client =
			connect_from(net_endpoint_netns(web[2]), address_of_web, PORT);
		struct pollfd ready[2] = {{.fd = listeners[0], .events = POLLIN},
					  {.fd = listeners[1], .events = POLLIN}};

		assert_true(poll(ready, 2, LATE_MS) > 0);
		int which = ready[0].revents ? 0 : 1;

		assert_int_equal(caller_of(listeners[which]).s_addr,
				 net_endpoint_address(web[2]).s_addr);
		got[which]++;
	}
	assert_int_equal(got[0], 6);
	assert_int_equal(got[1], 6);
	for (int i = 0; i < 3; i++)
		close(listeners[i]);
}

static void an_endpoint_reaches_itself(void **unused)
{
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);

	(void)unused;
	balance(net, NULL, web, 1);
	for (int i = 0; i < 3; i++) {
		close(connect_from(net_endpoint_netns(web[0]), address_of_web, PORT));
		assert_int_equal(caller_of(listener).s_addr, gateway_of(net).s_addr);
	}
}

static void add_hits(void *data, const char *group, uint64_t hits)
{
	uint64_t *sum = data;

	assert_string_equal(group, "web");
	*sum += hits;
}

static uint64_t hits_of_web(void)
{
	uint64_t sum = 0;

	assert_int_equal(net_hits(net, add_hits, &sum, NULL), 0);
	return sum;
}

static struct sockaddr_in called_by(int fd)
{
	struct sockaddr_in address = {0};
	socklen_t len = sizeof(address);

	assert_int_equal(getsockopt(fd, SOL_IP, SO_ORIGINAL_DST, &address, &len), 0);
	return address;
}

static void callers_of_nobody_wait_at_a_holder(void **unused)
{
	const struct net_network *network = net_network_find(net, "default");
	const struct in_addr own = net_endpoint_address(web[0]);
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);
	autoclose int holder = -1;

	(void)unused;
	assert_int_equal(net_hold_socket(network, 4, SOCK_STREAM, &holder, NULL), 0);
	assert_int_equal(net_hold_socket(network, 6, SOCK_STREAM, &(int){-1}, NULL), -EAFNOSUPPORT);
	assert_true(net_hold_is_on(network, 4, holder));
	assert_false(net_hold_is_on(network, 6, holder));
	const struct net_holder place = {IPPROTO_TCP, 4, 0, net_hold_port(holder)};
	struct net_group group = {.name = "web",
				  .network = network,
				  .holders = &place,
				  .holder_count = 1,
				  .held = true,
				  .counted = true};
	const struct net_balance wanted = {&group, 1, NULL, 0};

	assert_int_equal(net_balance(net, &wanted, NULL), 0);
	uint64_t before = hits_of_web();
	autoclose int client = connect_from(net_endpoint_netns(web[1]), address_of_web, PORT);
	autoclose int host = connect_from(host_ns, address_of_web, PORT);

	assert_int_equal(hits_of_web() - before, 2);
	for (int i = 0; i < 2; i++) {
		autoclose int held = accept4(holder, NULL, NULL, SOCK_CLOEXEC);

		assert_int_equal(called_by(held).sin_addr.s_addr, address_of_web.s_addr);
		assert_int_equal(ntohs(called_by(held).sin_port), PORT);
	}
	assert_int_equal(
		try_connect(net_endpoint_netns(web[1]), gateway_of(net), place.port, LATE_MS, NULL),
		ECONNREFUSED);
	assert_int_equal(accept4(holder, NULL, NULL, SOCK_CLOEXEC), -1);
	/* With an endpoint they go there directly. */
	group.held = false;
	group.targets = &own;
	group.target_count = 1;
	assert_int_equal(net_balance(net, &wanted, NULL), 0);
	close(connect_from(net_endpoint_netns(web[1]), address_of_web, PORT));
	assert_int_equal(caller_of(listener).s_addr, net_endpoint_address(web[1]).s_addr);
	assert_int_equal(hits_of_web() - before, 3);
}

/* A datagram server on @port of an instance. */
static int receive_in(int ns, uint16_t port)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket_in(ns, SOCK_DGRAM);

	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	return fd;
}

static int send_from(int ns, uint16_t port)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = address_of_web};
	int fd = socket_in(ns, SOCK_DGRAM);

	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	return fd;
}

static bool receives(int fd, int wait_ms)
{
	char byte;

	return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, wait_ms) == 1 &&
	       recv(fd, &byte, 1, 0) == 1;
}

static void datagrams_go_where_somebody_hears_them(void **unused)
{
	const struct net_network *network = net_network_find(net, "default");
	const struct in_addr own = net_endpoint_address(web[0]);
	autoclose int heard = receive_in(net_endpoint_netns(web[0]), PORT);
	autoclose int unheard = receive_in(net_endpoint_netns(web[0]), PORT + 1);
	autoclose int holder = -1;

	(void)unused;
	assert_int_equal(net_hold_socket(network, 4, SOCK_DGRAM, &holder, NULL), 0);
	const struct net_holder place = {IPPROTO_UDP, 4, PORT, net_hold_port(holder)};
	struct net_group group = {.name = "web",
				  .network = network,
				  .targets = &own,
				  .target_count = 1,
				  .holders = &place,
				  .holder_count = 1,
				  .held = true};
	const struct net_balance wanted = {&group, 1, NULL, 0};

	assert_int_equal(net_balance(net, &wanted, NULL), 0);
	autoclose int one = send_from(net_endpoint_netns(web[1]), PORT);
	autoclose int two = send_from(net_endpoint_netns(web[1]), PORT + 1);

	assert_true(receives(holder, LATE_MS));
	assert_true(receives(unheard, LATE_MS));
	/* Without the holder a client who goes on is led anew. */
	group.held = false;
	group.holder_count = 0;
	assert_int_equal(net_balance(net, &wanted, NULL), 0);
	assert_int_equal(send(one, "x", 1, 0), 1);
	assert_int_equal(poll((struct pollfd[]){{.fd = heard, .events = POLLIN},
						{.fd = holder, .events = POLLIN}},
			      2, LATE_MS),
			 1);
	if (!receives(heard, 0)) {
		print_message("SKIP: this kernel cannot forget flows by a filter\n");
		skip();
	}
}

static void the_host_reaches_it_under_the_gateways_address(void **unused)
{
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);

	(void)unused;
	balance(net, NULL, web, 1);
	close(connect_from(host_ns, address_of_web, PORT));
	assert_int_equal(caller_of(listener).s_addr, gateway_of(net).s_addr);
}

static void both_ways_of_bridged_frames_will_do(void **unused)
{
	for (int on = 0; on <= 1; on++) {
		shell("! cd /proc/sys/net/bridge 2>/dev/null || echo %d >bridge-nf-call-iptables",
		      on);
		callers_take_turns_and_keep_their_address(unused);
		an_endpoint_reaches_itself(unused);
		the_host_reaches_it_under_the_gateways_address(unused);
	}
}

static int ask(int ns)
{
	struct sockaddr_in to = address(address_of_web, PORT);
	autoclose int fd = socket_in(ns, SOCK_DGRAM);
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	char byte;

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	if (send(fd, "q", 1, 0) < 0)
		return errno;
	if (poll(&ready, 1, LATE_MS) == 0)
		return ETIMEDOUT;
	return recv(fd, &byte, 1, 0) < 0 ? errno : 0;
}

static void with_nobody_ready_it_refuses_at_once(void **unused)
{
	(void)unused;
	balance(net, NULL, NULL, 0);
	assert_int_equal(
		try_connect(net_endpoint_netns(web[0]), address_of_web, PORT, LATE_MS, NULL),
		ECONNREFUSED);
	assert_int_equal(try_connect(host_ns, address_of_web, PORT, LATE_MS, NULL), ECONNREFUSED);
	assert_int_equal(ask(net_endpoint_netns(web[0])), ECONNREFUSED);
	assert_int_equal(ask(host_ns), EPERM); /* the host's own never leave */
}

/* Whoever asks, and whichever way. */
static void a_refusal_of_one_of_several_is_kept_from_the_caller(void **unused)
{
	autoclose int listener = listen_in(net_endpoint_netns(web[0]), PORT);
	const int from[] = {net_endpoint_netns(web[2]), host_ns};

	(void)unused;
	balance(net, NULL, web, 2);
	for (size_t i = 0; i < 4; i++)
		close(connect_from(from[i / 2], address_of_web, PORT));
	/* Where all refuse it is said, a moment later; where there is one it is said at once. */
	assert_int_equal(try_connect(from[0], address_of_web, PORT + 1, 2 * LATE_MS, NULL),
			 ECONNREFUSED);
	balance(net, NULL, web, 1);
	assert_int_equal(try_connect(from[0], address_of_web, PORT + 1, LATE_MS, NULL),
			 ECONNREFUSED);
}

static void datagrams_are_answered_from_it(void **unused)
{
	struct sockaddr_in any = address((struct in_addr){0}, PORT), from;
	struct sockaddr_in to = address(address_of_web, PORT);
	socklen_t len = sizeof(from);
	autoclose int server = socket_in(net_endpoint_netns(web[0]), SOCK_DGRAM);
	autoclose int client = socket_in(net_endpoint_netns(web[1]), SOCK_DGRAM);
	struct pollfd ready = {.fd = client, .events = POLLIN};
	char byte = 0;

	(void)unused;
	balance(net, NULL, web, 1);
	assert_int_equal(bind(server, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(client, "q", 1, 0), 1);
	assert_int_equal(poll(&(struct pollfd){.fd = server, .events = POLLIN}, 1, LATE_MS), 1);
	assert_int_equal(recvfrom(server, &byte, 1, 0, (struct sockaddr *)&from, &len), 1);
	assert_int_equal(from.sin_addr.s_addr, net_endpoint_address(web[1]).s_addr);
	assert_int_equal(sendto(server, "a", 1, 0, (struct sockaddr *)&from, len), 1);
	assert_int_equal(poll(&ready, 1, LATE_MS), 1);
	assert_int_equal(recv(client, &byte, 1, 0), 1);
	assert_int_equal(byte, 'a');
}

#define CALLERS 6

/* Lets each caller send once; which of the servers each has come to. */
static void send_all(const int *callers, const int *servers, int *which)
{
	for (int i = 0; i < CALLERS; i++) {
		struct pollfd ready[3] = {0};
		char byte;

		assert_int_equal(send(callers[i], "q", 1, 0), 1);
		for (int j = 0; j < 3; j++)
			ready[j] = (struct pollfd){.fd = servers[j], .events = POLLIN};
		which[i] = -1;
		(void)poll(ready, 3, LATE_MS);
		for (int j = 0; j < 3; j++)
			if (ready[j].revents && recv(servers[j], &byte, 1, 0) == 1)
				which[i] = j;
	}
}

/* Callers that go on with the same port: they move when theirs leaves, and only then. */
static void datagrams_follow_when_an_endpoint_leaves(void **unused)
{
	struct sockaddr_in any = address((struct in_addr){0}, PORT);
	struct sockaddr_in to = address(address_of_web, PORT);
	int servers[3], callers[CALLERS], before[CALLERS], after[CALLERS];

	(void)unused;
	balance(net, NULL, web, 2);
	for (int i = 0; i < 3; i++) {
		servers[i] = socket_in(net_endpoint_netns(web[i]), SOCK_DGRAM);
		assert_int_equal(bind(servers[i], (struct sockaddr *)&any, sizeof(any)), 0);
	}
	for (int i = 0; i < CALLERS; i++) {
		callers[i] = socket_in(host_ns, SOCK_DGRAM);
		assert_int_equal(connect(callers[i], (struct sockaddr *)&to, sizeof(to)), 0);
	}
	send_all(callers, servers, before);
	balance(net, NULL, &web[1], 2);
	send_all(callers, servers, after);
	bool moved = true;

	for (int i = 0; i < CALLERS; i++) {
		moved = moved && after[i] != 0;
		if (before[i] == 1)
			assert_int_equal(after[i], 1);
		close(callers[i]);
	}
	for (int i = 0; i < 3; i++)
		close(servers[i]);
	if (!moved) {
		print_message("SKIP: this kernel cannot forget flows by a filter\n");
		skip();
	}
}

/* And nobody is told a shorter way past who translates. */
static void a_connection_outlives_changes(void **unused)
{
	int listeners[2] = {listen_in(net_endpoint_netns(web[0]), PORT),
			    listen_in(net_endpoint_netns(web[1]), PORT)};
	autoclose int server = -1;
	char byte = 0;

	(void)unused;
	balance(net, NULL, &web[0], 1);
	autoclose int client = connect_from(net_endpoint_netns(web[2]), address_of_web, PORT);

	assert_int_equal(which_accepts(listeners, 2, &server), 0);
	for (int i = 0; i < 6; i++) {
		balance(net, NULL, i % 2 ? NULL : &web[1], i % 2 ? 0 : 1);
		assert_int_equal(write(client, "a", 1), 1);
		assert_int_equal(read(server, &byte, 1), 1);
		assert_int_equal(write(server, "b", 1), 1);
		assert_int_equal(poll(&(struct pollfd){.fd = client, .events = POLLIN}, 1, LATE_MS),
				 1);
		assert_int_equal(read(client, &byte, 1), 1);
	}
	close(listeners[0]);
	close(listeners[1]);
}

static void by_source_a_caller_keeps_his_endpoint(void **unused)
{
	struct in_addr targets[3];
	const struct net_group group = {
		.name = "web",
		.network = net_network_find(net, "default"),
		.way = NET_BY_SOURCE,
		.targets = targets,
		.target_count = 3,
	};
	int listeners[3];

	(void)unused;
	for (int i = 0; i < 3; i++) {
		targets[i] = net_endpoint_address(web[i]);
		listeners[i] = listen_in(net_endpoint_netns(web[i]), PORT);
	}
	assert_int_equal(net_balance(net, &(struct net_balance){&group, 1, NULL, 0}, NULL), 0);
	close(connect_from(host_ns, address_of_web, PORT));
	int first = which_accepts(listeners, 3, NULL);

	for (int i = 0; i < 6; i++) {
		close(connect_from(host_ns, address_of_web, PORT));
		assert_int_equal(which_accepts(listeners, 3, NULL), first);
	}
	for (int i = 0; i < 3; i++)
		close(listeners[i]);
}

static void only_connections_from_elsewhere_are_counted(void **unused)
{
	int inside = net_endpoint_netns(web[0]);
	autoclose int listener = listen_in(inside, PORT);
	autoclose int elsewhere = listen_in(net_endpoint_netns(web[1]), PORT);
	unsigned count = 7;

	(void)unused;
	assert_int_equal(net_connections(inside, &count, NULL), 0);
	assert_int_equal(count, 0);
	balance(net, NULL, web, 1);
	autoclose int first = connect_from(net_endpoint_netns(web[2]), address_of_web, PORT);
	autoclose int second = connect_from(host_ns, address_of_web, PORT);
	autoclose int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	autoclose int own = connect_from(inside, ip("127.0.0.1"), PORT);
	autoclose int outgoing = connect_from(inside, net_endpoint_address(web[1]), PORT);

	assert_int_equal(net_connections(inside, &count, NULL), 0);
	assert_int_equal(count, 2);
	assert_int_equal(net_connections(net_endpoint_netns(web[2]), &count, NULL), 0);
	assert_int_equal(count, 0);
	fd_drop(&first);
	fd_drop(&second);
	fd_drop(&accepted);
	for (int i = 0; i < LATE_MS && count != 1; i++) {
		poll(NULL, 0, 1);
		assert_int_equal(net_connections(inside, &count, NULL), 0);
	}
	assert_int_equal(count, 1);
	assert_true(net_connections(-1, &count, NULL) < 0);
}

static void note_port(void *data, uint16_t port)
{
	*(unsigned *)data += port;
}

static void who_listens_is_told_without_a_connection(void **unused)
{
	int inside = net_endpoint_netns(web[0]);
	autoclose int listener = listen_in(inside, PORT);
	autoclose int elsewhere = listen_in(net_endpoint_netns(web[1]), PORT + 1);
	autoclose int own = connect_from(inside, ip("127.0.0.1"), PORT);
	unsigned sum = 0;

	(void)unused;
	assert_true(own >= 0);
	assert_int_equal(net_listeners(inside, note_port, &sum, NULL), 0);
	assert_int_equal(sum, PORT);
	fd_drop(&listener);
	sum = 0;
	assert_int_equal(net_listeners(inside, note_port, &sum, NULL), 0);
	assert_int_equal(sum, 0);
	assert_true(net_listeners(-1, note_port, &sum, NULL) < 0);
}

/* Last: an endpoint is cut off for it. */
static void who_is_gone_without_a_word_is_not_counted(void **unused)
{
	int inside = net_endpoint_netns(web[0]);
	autoclose int listener = listen_in(inside, PORT);
	autoclose int client =
		connect_from(net_endpoint_netns(web[2]), net_endpoint_address(web[0]), PORT);
	autoclose int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	unsigned count = 7;

	(void)unused;
	assert_true(client >= 0 && accepted >= 0);
	assert_int_equal(net_connections(inside, &count, NULL), 0);
	assert_int_equal(count, 1);
	net_endpoint_cut(web[2]);
	fd_drop(&accepted); /* its end is never acknowledged */
	assert_int_equal(net_connections(inside, &count, NULL), 0);
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_given_once_and_to_no_endpoint),
		cmocka_unit_test(both_ways_of_bridged_frames_will_do),
		cmocka_unit_test(with_nobody_ready_it_refuses_at_once),
		cmocka_unit_test(callers_of_nobody_wait_at_a_holder),
		cmocka_unit_test(datagrams_go_where_somebody_hears_them),
		cmocka_unit_test(a_refusal_of_one_of_several_is_kept_from_the_caller),
		cmocka_unit_test(datagrams_are_answered_from_it),
		cmocka_unit_test(datagrams_follow_when_an_endpoint_leaves),
		cmocka_unit_test(a_connection_outlives_changes),
		cmocka_unit_test(only_connections_from_elsewhere_are_counted),
		cmocka_unit_test(who_listens_is_told_without_a_connection),
		cmocka_unit_test(by_source_a_caller_keeps_his_endpoint),
		cmocka_unit_test(who_is_gone_without_a_word_is_not_counted),
	};

	set_up_world();
	return cmocka_run_group_tests(tests, open_all, close_all);
}
