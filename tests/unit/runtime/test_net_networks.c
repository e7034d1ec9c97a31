// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several networks of one stack on the real kernel: who is in which, and who reaches whom.
 */
#include "runtime/base/cleanup.h"
#include "tests/unit/runtime/net_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static struct net *net;
static struct net_network *front, *back, *inner;
static struct net_endpoint *web, *app, *db;

static struct net_network *network(const struct net_network_config *config)
{
	struct net_network *made = NULL;
	struct err err = {0};

	if (net_network_open(net, config, &made, &err) < 0)
		fail_msg("%s", err.text);
	return made;
}

static struct net_endpoint *attach_to(const char *name, const struct net_link *links, size_t count)
{
	const struct net_attach_request request = {name, links, count};
	struct net_endpoint *endpoint = NULL;
	struct err err = {0};

	if (net_attach(net, &request, &endpoint, &err) < 0 ||
	    net_endpoint_connect(endpoint, -1, &err) < 0)
		fail_msg("%s", err.text);
	return endpoint;
}

/* web is in front, app in front and back, db in back and inner. */
static int open_networks(void **unused)
{
	(void)unused;
	assert_int_equal(net_open(&(struct net_config){.stack = STACK}, &net, NULL), 0);
	front = network(&(struct net_network_config){.name = "front"});
	back = network(&(struct net_network_config){
		.name = "back",
		.subnet = {{4, {172, 28}}, 16},
		.range = {{4, {172, 28, 5, 0}}, 24},
		.gateway = {4, {172, 28, 5, 254}},
		.reserved = (const struct ip[]){{4, {172, 28, 5, 0}}, {4, {172, 28, 5, 2}}},
		.reserved_count = 2,
	});
	inner = network(&(struct net_network_config){.name = "inner", .internal = true});
	web = attach_to("web-1", &(struct net_link){.network = front, .main = true}, 1);
	app = attach_to(
		"app-1",
		(const struct net_link[]){{.network = back}, {.network = front, .main = true}}, 2);
	db = attach_to("db-1",
		       (const struct net_link[]){{.network = back,
						  .interface = "lan0",
						  .address = ip("172.28.9.9"),
						  .has_mac = true,
						  .mac = {0x02, 0x42, 0xac, 0x11, 0x00, 0x02}},
						 {.network = inner, .main = true}},
		       2);
	return 0;
}

static int close_networks(void **unused)
{
	(void)unused;
	net_detach(web);
	net_detach(app);
	net_detach(db);
	net_close(net);
	return 0;
}

static void each_network_has_a_bridge_and_a_subnet(void **unused)
{
	(void)unused;
	assert_ptr_equal(net_network_find(net, "back"), back);
	assert_null(net_network_find(net, "bac"));
	assert_int_equal(net_gateway(back).s_addr, ip("172.28.5.254").s_addr);
	assert_int_not_equal(net_gateway(front).s_addr, net_gateway(inner).s_addr);
	assert_int_equal(output_lines("ip -o link show type bridge"), 3);
}

static void an_endpoint_has_an_address_in_each_of_its_networks(void **unused)
{
	(void)unused;
	assert_int_equal(net_endpoint_address(app).s_addr,
			 net_endpoint_address_in(app, front).s_addr);
	assert_int_equal(net_endpoint_address_in(app, back).s_addr, ip("172.28.5.1").s_addr);
	assert_int_equal(net_endpoint_address_in(app, inner).s_addr, htonl(INADDR_ANY));
	assert_int_equal(net_endpoint_address_in(db, back).s_addr, ip("172.28.9.9").s_addr);
}

static void interfaces_have_the_names_and_addresses_asked_for(void **unused)
{
	(void)unused;
	enter(net_endpoint_netns(db));
	assert_int_equal(output_lines("ip -o link show dev lan0 | grep 02:42:ac:11:00:02"), 1);
	assert_int_equal(output_lines("ip -o addr show dev lan0 | grep 172.28.9.9/16"), 1);
	assert_int_equal(output_lines("ip -o link show dev eth1"), 1);
	assert_int_equal(output_lines("ip route show default"), 0);
	enter(net_endpoint_netns(app));
	assert_int_equal(output_lines("ip route show default dev eth1"), 1);
	enter(host_ns);
}

static void those_of_a_network_reach_each_other_and_nobody_else(void **unused)
{
	autoclose int in_web = listen_in(net_endpoint_netns(web), PORT);
	autoclose int in_db = listen_in(net_endpoint_netns(db), PORT);

	(void)unused;
	close(connect_from(net_endpoint_netns(app), net_endpoint_address(web), PORT));
	close(connect_from(net_endpoint_netns(app), net_endpoint_address_in(db, back), PORT));
	assert_int_equal(try_connect(net_endpoint_netns(web), net_endpoint_address_in(db, back),
				     PORT, SOON_MS, NULL),
			 ETIMEDOUT);
	/* In the other direction db answers through a network where nobody routes. */
	assert_int_not_equal(
		try_connect(net_endpoint_netns(db), net_endpoint_address(web), PORT, SOON_MS, NULL),
		0);
}

static void an_internal_network_has_no_way_out(void **unused)
{
	autoclose int listener = listen_in(outside_ns, PORT);

	(void)unused;
	close(connect_from(net_endpoint_netns(app), ip("192.0.2.1"), PORT));
	assert_int_not_equal(
		try_connect(net_endpoint_netns(db), ip("192.0.2.1"), PORT, SOON_MS, NULL), 0);
	/* Also not for a program that may change its routes. */
	enter(net_endpoint_netns(db));
	shell("ip route add default via %s", inet_ntoa(net_gateway(inner)));
	enter(host_ns);
	assert_int_equal(try_connect(net_endpoint_netns(db), ip("192.0.2.1"), PORT, SOON_MS, NULL),
			 ETIMEDOUT);
}

/* Its address in @network, which is the one of its name there, and a published port. */
static void lead_to_app(struct net_network *network)
{
	const struct in_addr target = net_endpoint_address_in(app, network);
	const struct net_group group = {
		.name = "app", .network = network, .targets = &target, .target_count = 1};
	const struct net_port port = {IPPROTO_TCP, {.family = 4}, PUBLISHED, PORT, 0};
	struct err err = {0};

	if (net_balance(net, &(struct net_balance){&group, 1, &port, 1}, &err) < 0)
		fail_msg("%s", err.text);
}

static void a_virtual_address_is_there_for_its_network_only(void **unused)
{
	autoclose int listener = listen_in(net_endpoint_netns(app), PORT);

	(void)unused;
	assert_int_equal(net_virtual_take(back, "app", 0, NULL), 0);
	const struct in_addr address = net_virtual(back, "app");

	assert_string_equal(inet_ntoa(address), "172.28.5.255");
	lead_to_app(back);
	close(connect_from(net_endpoint_netns(db), address, PORT));
	close(connect_from(host_ns, address, PORT));
	assert_int_equal(try_connect(net_endpoint_netns(web), address, PORT, SOON_MS, NULL),
			 ETIMEDOUT);
	enter(outside_ns);
	shell("ip route add 172.28.0.0/16 via 192.0.2.2");
	enter(host_ns);
	assert_int_equal(try_connect(outside_ns, address, PORT, SOON_MS, NULL), ETIMEDOUT);
}

static void a_published_port_leads_across_networks(void **unused)
{
	autoclose int listener = listen_in(net_endpoint_netns(app), PORT);

	(void)unused;
	lead_to_app(front);
	close(connect_from(net_endpoint_netns(web), net_gateway(front), PUBLISHED));
	close(connect_from(host_ns, ip("127.0.0.1"), PUBLISHED));
	close(connect_from(outside_ns, ip("192.0.2.2"), PUBLISHED));
}

static void a_fixed_address_that_is_taken_is_refused(void **unused)
{
	const struct net_link link = {.network = back, .address = ip("172.28.9.9"), .main = true};
	const struct net_attach_request request = {"thief-1", &link, 1};
	struct net_endpoint *none = NULL;
	struct err err = {0};

	(void)unused;
	assert_int_equal(net_attach(net, &request, &none, &err), -EADDRINUSE);
	assert_string_equal(err.text, "network: the address for 'thief-1' is that of 'db-1'");
	assert_null(none);
}

static void an_address_is_kept_until_somebody_else_is_to_have_it(void **unused)
{
	const struct in_addr wanted = ip("172.28.5.3");
	const struct net_link any = {.network = back, .main = true};
	const struct net_link fixed = {.network = back, .address = wanted, .main = true};

	(void)unused;
	assert_int_equal(net_network_keep(back, "late-1", wanted, NULL), 0);
	struct net_endpoint *early = attach_to("early-1", &any, 1);

	assert_int_equal(net_endpoint_address(early).s_addr, ip("172.28.5.4").s_addr);
	/* late-1 never came: its successor gets the address. */
	struct net_endpoint *heir = attach_to("heir-1", &fixed, 1);

	assert_int_equal(net_endpoint_address(heir).s_addr, wanted.s_addr);
	assert_int_equal(net_network_keep(back, "late-1", wanted, NULL), 0);
	assert_int_equal(net_network_keep(back, "late-1", ip("172.28.5.2"), NULL),
			 0); /* reserved */
	net_detach(early);
	net_detach(heir);
}

static void a_subnet_of_the_host_is_refused(void **unused)
{
	const struct net_network_config config = {.name = "bad",
						  .subnet = {{4, {192, 0, 2, 0}}, 25}};
	struct net_network *none = NULL;
	struct err err = {0};

	(void)unused;
	assert_int_equal(net_network_open(net, &config, &none, &err), -EADDRINUSE);
	assert_string_equal(err.text, "network: the subnet 192.0.2.0/25 is not free: the host uses "
				      "192.0.2.0/24 on dvt-up");
	assert_int_equal(output_lines("ip -o link show type bridge"), 3);
}

static void a_network_for_many_is_larger(void **unused)
{
	(void)unused;
	network(&(struct net_network_config){.name = "many", .hosts = 1000});
	assert_int_equal(output_lines("ip route show | grep /22"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_network_has_a_bridge_and_a_subnet),
		cmocka_unit_test(an_endpoint_has_an_address_in_each_of_its_networks),
		cmocka_unit_test(interfaces_have_the_names_and_addresses_asked_for),
		cmocka_unit_test(those_of_a_network_reach_each_other_and_nobody_else),
		cmocka_unit_test(an_internal_network_has_no_way_out),
		cmocka_unit_test(a_virtual_address_is_there_for_its_network_only),
		cmocka_unit_test(a_published_port_leads_across_networks),
		cmocka_unit_test(a_fixed_address_that_is_taken_is_refused),
		cmocka_unit_test(an_address_is_kept_until_somebody_else_is_to_have_it),
		cmocka_unit_test(a_subnet_of_the_host_is_refused),
		cmocka_unit_test(a_network_for_many_is_larger),
	};

	set_up_world();
	return cmocka_run_group_tests(tests, open_networks, close_networks);
}
