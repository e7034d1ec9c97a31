// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stack's networks in the hands of a second owner, the first one gone without a word: here it
 * is only never asked again, since all it has of the kernel would outlive it just as well.
 */
#include "runtime/base/cleanup.h"
#include "tests/unit/runtime/net_world.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct net *dead;
static struct net_endpoint *lost;
static struct net *heir;
static struct net_endpoint *web;

static struct net_network *adopt_network(void)
{
	const struct net_place place = net_network_place(net_network_find(dead, "default"));
	struct net_network *network = NULL;
	struct err err = {0};

	if (net_network_adopt(heir, &(struct net_network_config){.name = "default"}, &place,
			      &network, &err) < 0)
		fail_msg("%s", err.text);
	return network;
}

static struct net_endpoint *adopt_endpoint(struct net_network *network)
{
	struct net_link_place place;
	struct net_endpoint *endpoint = NULL;

	assert_true(net_endpoint_link(lost, 0, &place));
	assert_false(net_endpoint_link(lost, 1, &place));
	const struct net_link link = {.network = network, .address = place.address, .main = true};

	assert_int_equal(
		net_attach(heir, &(struct net_attach_request){"web-1", &link, 1}, &endpoint, NULL),
		0);
	net_endpoint_adopt(endpoint, &place, 1,
			   fcntl(net_endpoint_netns(lost), F_DUPFD_CLOEXEC, 0));
	return endpoint;
}

static void an_heir_goes_on_where_the_dead_have_been(void **unused)
{
	(void)unused;
	struct err err = {0};

	dead = open_stack(STACK);
	lost = attach(dead, "web-1");
	struct net_endpoint *stray = attach(dead, "stray-1");
	publish(dead, IPPROTO_TCP, &lost, 1);
	autoclose int listener = listen_in(net_endpoint_netns(lost), PORT);
	autoclose int early = -1;
	autoclose int accepted = -1;
	autoclose int late = -1;

	assert_int_equal(try_connect(outside_ns, ip("192.0.2.2"), PUBLISHED, LATE_MS, &early), 0);
	assert_int_equal(net_adopt(&(struct net_config){.stack = STACK}, &heir, &err), 0);
	/* In between all goes on as it was. */
	close(connect_from(outside_ns, ip("192.0.2.2"), PUBLISHED));
	web = adopt_endpoint(adopt_network());
	assert_int_equal(net_endpoint_address(web).s_addr, net_endpoint_address(lost).s_addr);
	int links = output_lines("ip -o link show | grep ': dv[0-9a-f]'");

	assert_int_equal(net_settle(heir, &err), 0);
	assert_int_equal(output_lines("ip -o link show | grep ': dv[0-9a-f]'"), links - 1);
	/* Of an heir that died while his table stood in for the other one. */
	assert_int_equal(system("nft add table ip davit_" STACK ".next"), 0);
	publish(heir, IPPROTO_TCP, &web, 1);
	assert_int_equal(output_lines("nft list tables | grep -F " STACK ".next"), 0);
	assert_int_equal(try_connect(outside_ns, ip("192.0.2.2"), PUBLISHED, LATE_MS, &late), 0);

	/* What was established before still is. */
	char byte = 'x';

	assert_int_equal(which_accepts(&listener, 1, &accepted), 0);
	assert_int_equal(write(early, &byte, 1), 1);
	assert_int_equal(read(accepted, &byte, 1), 1);
	(void)stray;
}

static void links_that_nobody_has_written_down_are_found(void **unused)
{
	(void)unused;
	struct net_link_found *found = NULL;
	struct net_link_place place;
	struct err err = {0};
	size_t count = 0;

	assert_int_equal(net_look(heir, net_endpoint_netns(web), &found, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_true(net_endpoint_link(web, 0, &place));
	assert_string_equal(found[0].network, "default");
	assert_string_equal(found[0].outer, place.outer);
	assert_int_equal(found[0].address.s_addr, place.address.s_addr);
	free(found);
	assert_true(net_look(heir, -1, &found, &count, &err) < 0);
}

static void the_heir_gives_nobody_what_is_taken(void **unused)
{
	(void)unused;
	struct net_endpoint *other = attach(heir, "web-2");

	assert_int_not_equal(net_endpoint_address(other).s_addr, net_endpoint_address(web).s_addr);
	net_detach(other);
}

static void the_heir_leaves_nothing_either(void **unused)
{
	(void)unused;
	net_detach(web);
	net_close(heir);
	assert_int_equal(output_lines("nft list tables"), 0);
	assert_int_equal(output_lines("ip -o link show | grep ': dv-'"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_heir_goes_on_where_the_dead_have_been),
		cmocka_unit_test(links_that_nobody_has_written_down_are_found),
		cmocka_unit_test(the_heir_gives_nobody_what_is_taken),
		cmocka_unit_test(the_heir_leaves_nothing_either),
	};

	set_up_world();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
