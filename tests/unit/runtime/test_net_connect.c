// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Endpoints that are connected, or cannot be, in the real kernel.
 */
#include "runtime/base/cleanup.h"
#include "tests/unit/runtime/net_world.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The kernel removes links in the background. */
static void await_links(int count)
{
	for (int tries = 0; count_links() != count && tries < LATE_MS / 10; tries++)
		usleep(10000);
	assert_int_equal(count_links(), count);
}

static struct net_network *open_network(struct net *net, const struct net_network_config *config)
{
	struct net_network *network = NULL;
	struct err err = {0};

	if (net_network_open(net, config, &network, &err) < 0)
		fail_msg("%s", err.text);
	return network;
}

static struct net_endpoint *attach_to(struct net *net, const struct net_link links[2])
{
	const struct net_attach_request request = {"web-1", links, 2, NULL};
	struct net_endpoint *endpoint = NULL;
	struct err err = {0};

	if (net_attach(net, &request, &endpoint, &err) < 0)
		fail_msg("%s", err.text);
	return endpoint;
}

static void what_is_connected_stays_as_it_is(void **unused)
{
	struct net *net = open_stack(STACK);
	struct net_endpoint *endpoint = attach(net, "web-1");
	int netns_fd = net_endpoint_netns(endpoint);
	int fds = count_fds();

	assert_true(netns_fd >= 0);
	assert_int_equal(net_endpoint_connect(endpoint, -1, NULL), 0);
	assert_int_equal(net_endpoint_netns(endpoint), netns_fd);
	assert_int_equal(count_links(), 2);
	assert_int_equal(count_fds(), fds);
	assert_int_equal(reach(endpoint), 0);
	net_detach(endpoint);
	net_close(net);
}

static void with_ipv6_it_has_both_addresses(void **unused)
{
	struct net *net = open_stack(STACK);
	struct net_network *six =
		open_network(net, &(struct net_network_config){.name = "six", .ipv6 = true});
	struct net_endpoint *endpoint = attach_to(
		net, (const struct net_link[]){{.network = six, .main = true},
					       {.network = net_network_find(net, "default")}});

	assert_int_equal(net_endpoint_connect(endpoint, -1, NULL), 0);
	assert_int_equal(reach(endpoint), 0);
	enter(net_endpoint_netns(endpoint));
	assert_int_equal(output_lines("ip -4 -o addr show scope global"), 2);
	assert_int_equal(output_lines("ip -6 -o addr show scope global"), 1);
	enter(host_ns);
	net_detach(endpoint);
	net_close(net);
}

static void fail_to_connect(struct net_endpoint *endpoint)
{
	struct err err = {0};

	assert_int_equal(net_endpoint_connect(endpoint, -1, &err), -EEXIST);
	assert_non_null(strstr(err.text, "network: make link 'dv"));
	assert_int_equal(net_endpoint_netns(endpoint), -1);
}

/* The second link cannot be made, as its name is the first one's. */
static void what_fails_leaves_nothing_and_may_be_tried_again(void **unused)
{
	static const char known[] = "ip neigh show nud permanent | grep '^10\\.'";
	struct net *net = open_stack(STACK);
	struct net_network *other =
		open_network(net, &(struct net_network_config){.name = "other"});
	struct net_endpoint *endpoint = attach_to(
		net, (const struct net_link[]){{.network = net_network_find(net, "default"),
						.interface = "same",
						.main = true},
					       {.network = other, .interface = "same"}});

	fail_to_connect(endpoint); /* what the net opens once is open from here on */
	int fds = count_fds();

	fail_to_connect(endpoint);
	assert_int_equal(count_fds(), fds);
	assert_int_equal(output_lines(known), 0);
	await_links(2);
	net_detach(endpoint);
	/* What is looked for can be found. */
	endpoint = attach(net, "web-1");
	assert_int_equal(output_lines(known), 1);
	net_detach(endpoint);
	net_close(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_connected_stays_as_it_is),
		cmocka_unit_test(with_ipv6_it_has_both_addresses),
		cmocka_unit_test(what_fails_leaves_nothing_and_may_be_tried_again),
	};

	set_up_world();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
