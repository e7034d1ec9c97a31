// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may call whom, against the real kernel: by which address and which way ever.
 */
#include "runtime/base/cleanup.h"
#include "tests/unit/runtime/net_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

static struct net *net;
static struct net_endpoint *app, *other, *web;
static int listener_fd;
static struct in_addr address_of_web;

static const char *const callers[] = {"app", "cron"};
static const struct net_allow by_app_and_cron = {"web", callers, 2};
static const struct net_allow by_nobody = {"web", NULL, 0};

static void allow(const struct net_allow *rule)
{
	struct err err = {0};

	if (net_allow(net, rule, rule != NULL, &err) < 0)
		fail_msg("%s", err.text);
}

static int open_all(void **unused)
{
	(void)unused;
	net = open_stack(STACK);
	app = attach(net, "app-1");
	other = attach(net, "other-1");
	web = attach(net, "web-1");
	assert_int_equal(net_virtual_take(net_network_find(net, "default"), "web", 9, NULL), 0);
	address_of_web = net_virtual(net_network_find(net, "default"), "web");
	listener_fd = listen_in(net_endpoint_netns(web), PORT);
	allow(&by_app_and_cron);
	return 0;
}

static int close_all(void **unused)
{
	(void)unused;
	close(listener_fd);
	net_detach(app);
	net_detach(other);
	net_detach(web);
	net_close(net);
	return 0;
}

static int call(struct net_endpoint *caller)
{
	return try_connect(net_endpoint_netns(caller), net_endpoint_address(web), PORT, LATE_MS,
			   NULL);
}

static void only_those_named_get_through(void **unused)
{
	(void)unused;
	assert_int_equal(call(app), 0);
	assert_int_equal(call(other), ECONNREFUSED);
	assert_int_equal(try_connect(host_ns, net_endpoint_address(web), PORT, LATE_MS, NULL), 0);
	/* The other way round nobody has said anything. */
	autoclose int listener = listen_in(net_endpoint_netns(other), PORT);
	assert_int_equal(try_connect(net_endpoint_netns(web), net_endpoint_address(other), PORT,
				     LATE_MS, NULL),
			 0);
}

static void nor_by_the_address_of_all_or_a_published_port(void **unused)
{
	const struct net_port port = {.protocol = IPPROTO_TCP,
				      .host_ip = {.family = 4},
				      .host_port = PUBLISHED,
				      .target_port = PORT};
	struct net_endpoint *targets[] = {web};

	(void)unused;
	balance(net, &port, targets, 1);
	assert_int_equal(try_connect(net_endpoint_netns(app), address_of_web, PORT, LATE_MS, NULL),
			 0);
	assert_int_equal(
		try_connect(net_endpoint_netns(other), address_of_web, PORT, LATE_MS, NULL),
		ECONNREFUSED);
	/* Where bridged frames pass the rules for routed packets, nobody answers. */
	assert_int_not_equal(
		try_connect(net_endpoint_netns(other), gateway_of(net), PUBLISHED, SOON_MS, NULL),
		0);
	assert_int_equal(try_connect(outside_ns, ip("192.0.2.2"), PUBLISHED, LATE_MS, NULL), 0);
}

static void who_comes_belongs_at_once_and_who_goes_leaves_nothing(void **unused)
{
	(void)unused;
	for (int i = 0; i < 3; i++) {
		struct net_endpoint *late = attach(net, "cron-1");

		assert_int_equal(call(late), 0);
		net_endpoint_cut(web);
		assert_int_equal(net_endpoint_connect(web, -1, NULL), 0);
		close(listener_fd);
		listener_fd = listen_in(net_endpoint_netns(web), PORT);
		assert_int_equal(call(late), 0);
		assert_int_equal(call(other), ECONNREFUSED);
		struct in_addr address = net_endpoint_address(late);
		net_detach(late);
		assert_true(net_release_gone(net, NULL, NULL));
		/* Its address means nothing any more. */
		const struct net_link link = {.network = net_network_find(net, "default"),
					      .address = address,
					      .main = true};
		const struct net_attach_request request = {"heir-1", &link, 1, "heir"};
		assert_int_equal(net_attach(net, &request, &late, NULL), 0);
		assert_int_equal(net_endpoint_connect(late, -1, NULL), 0);
		assert_int_equal(call(late), ECONNREFUSED);
		net_detach(late);
		assert_true(net_release_gone(net, NULL, NULL));
	}
}

static void a_new_list_holds_for_new_connections(void **unused)
{
	autoclose int before =
		connect_from(net_endpoint_netns(app), net_endpoint_address(web), PORT);
	autoclose int accepted = -1;
	char byte = 'x';

	(void)unused;
	which_accepts(&listener_fd, 1, &accepted);
	allow(&by_nobody);
	assert_int_equal(call(app), ECONNREFUSED);
	assert_int_equal(send(before, &byte, 1, MSG_NOSIGNAL), 1);
	assert_int_equal(recv(accepted, &byte, 1, 0), 1);
	allow(NULL);
	assert_int_equal(call(other), 0);
	allow(&by_app_and_cron);
	assert_int_equal(call(other), ECONNREFUSED);
	assert_int_equal(call(app), 0);
}

static void nothing_to_say_is_said_without_fault(void **unused)
{
	(void)unused;
	allow(NULL);
	assert_int_equal(net_virtual_take(net_network_find(net, "default"), "new", 9, NULL), 0);
	allow(NULL);
	assert_int_equal(call(other), 0);
}

/* A transaction that every stack would wait for. */
static void who_calls_the_host_is_no_matter_of_the_bridges(void **unused)
{
	static const char tag[] = "nft list set bridge davit_" STACK " tag 2>&1 | grep type";
	static const struct net_allow host = {"", callers, 2};

	(void)unused;
	if (net_unguarded(net))
		skip(); /* this kernel has no nftables for bridges */
	allow(NULL);
	shell("nft 'add set bridge davit_" STACK " tag { type mark; }'");
	allow(&host);
	assert_int_equal(output_lines(tag), 1);
	allow(&by_nobody);
	assert_int_equal(output_lines(tag), 0);
}

static void rules_that_somebody_has_removed_are_made_anew(void **unused)
{
	struct net_endpoint *targets[] = {web}, *late;

	(void)unused;
	shell("nft delete table ip davit_" STACK);
	late = attach(net, "cron-1");
	balance(net, NULL, targets, 1);
	assert_int_equal(call(late), 0);
	assert_int_equal(call(other), ECONNREFUSED);
	net_detach(late);
}

static void say_to_all(struct net_endpoint *from, const char *what)
{
	const struct sockaddr_in all = address(ip("255.255.255.255"), PORT);
	autoclose int fd = socket_in(net_endpoint_netns(from), SOCK_DGRAM);
	const int on = 1;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)), 0);
	assert_int_equal(sendto(fd, what, 1, 0, (const struct sockaddr *)&all, sizeof(all)), 1);
}

/* An answer to that would be sent to one. */
static void what_is_sent_to_all_comes_to_nobody_who_is_called_by_some(void **unused)
{
	const struct sockaddr_in any = address(ip("0.0.0.0"), PORT);
	autoclose int fd = socket_in(net_endpoint_netns(web), SOCK_DGRAM);
	struct pollfd comes = {.fd = fd, .events = POLLIN};
	char heard = 0;

	(void)unused;
	if (net_unguarded(net)) {
		print_message("no nftables for bridges in this kernel\n");
		skip();
	}
	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	say_to_all(other, "1");
	say_to_all(app, "2");
	allow(NULL);
	/* A busy kernel may lose a datagram; a socket of this world never waits by itself. */
	for (int times = 0; times < LATE_MS / SOON_MS && !comes.revents; times++) {
		say_to_all(other, "3");
		assert_in_range(poll(&comes, 1, SOON_MS), 0, 1);
	}
	assert_int_equal(comes.revents, POLLIN);
	assert_int_equal(recv(fd, &heard, 1, 0), 1);
	assert_int_equal(heard, '3');
}

static void a_way_past_the_gateway_is_closed(void **unused)
{
	struct in_addr address = net_endpoint_address(web);

	(void)unused;
	if (net_unguarded(net)) {
		print_message("no nftables for bridges in this kernel\n");
		skip();
	}
	enter(net_endpoint_netns(other));
	shell("ip route add %s/32 dev eth0", inet_ntoa(address));
	enter(net_endpoint_netns(web));
	shell("ip route add %s/32 dev eth0", inet_ntoa(net_endpoint_address(other)));
	enter(host_ns);
	assert_int_equal(try_connect(net_endpoint_netns(other), address, PORT, SOON_MS, NULL),
			 ETIMEDOUT);
	/* Where bridged frames pass the rules for routed packets, these refuse it, too. */
	shell("nft delete table bridge davit_" STACK " && nft delete table ip davit_" STACK);
	assert_int_equal(call(other), 0);
}

int main(void)
{
#define OPEN(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)
	const struct CMUnitTest tests[] = {
		OPEN(only_those_named_get_through),
		OPEN(nor_by_the_address_of_all_or_a_published_port),
		OPEN(who_comes_belongs_at_once_and_who_goes_leaves_nothing),
		OPEN(a_new_list_holds_for_new_connections),
		OPEN(nothing_to_say_is_said_without_fault),
		OPEN(who_calls_the_host_is_no_matter_of_the_bridges),
		OPEN(rules_that_somebody_has_removed_are_made_anew),
		OPEN(what_is_sent_to_all_comes_to_nobody_who_is_called_by_some),
		OPEN(a_way_past_the_gateway_is_closed),
	};

	set_up_world();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
