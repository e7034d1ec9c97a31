// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A network that two stacks are in, against the real kernel.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/runtime/net_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define OWNER	 STACK
#define GUEST	 STACK "-guest"
#define KNOWN_AS STACK "_shared"

static char top[] = "/tmp/davit-test-share-XXXXXX";
static char directory[64];
static struct net *owner, *guest;
static struct net_endpoint *web, *app;

static struct net *open_net(const char *stack)
{
	const struct net_config config = {.stack = stack, .registry = directory};
	struct net *net = NULL;
	struct err err = {0};
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", top, stack);
	assert_int_equal(fs_make_dirs(path, 0700, NULL), 0);
	snprintf(path, sizeof(path), "%s/%s/lock", top, stack);
	assert_int_equal(fs_write_atomic(path, "", 0, 0600, NULL), 0);
	if (net_open(&config, &net, &err) < 0)
		fail_msg("%s", err.text);
	return net;
}

static int open_network(struct net *net, const char *definition, struct err *err)
{
	struct net_network *network = NULL;

	return net_network_open(net,
				&(struct net_network_config){.name = "default",
							     .known_as = KNOWN_AS,
							     .definition = definition},
				&network, err);
}

static int join(struct net *net, struct err *err)
{
	struct net_network *network = NULL;

	return net_network_join(net, "default", KNOWN_AS, &network, err);
}

static int open_both(void **unused)
{
	struct err err = {0};

	(void)unused;
	strcpy(top + strlen(top) - 6, "XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(directory, sizeof(directory), "%s/.networks", top);
	owner = open_net(OWNER);
	guest = open_net(GUEST);
	if (open_network(owner, "a", &err) < 0 || join(guest, &err) < 0)
		fail_msg("%s", err.text);
	web = attach(owner, "web-1");
	app = attach(guest, "web-1");
	return 0;
}

static int close_both(void **unused)
{
	(void)unused;
	net_detach(take_ptr(web));
	net_detach(take_ptr(app));
	net_close(take_ptr(owner));
	net_close(take_ptr(guest));
	assert_int_equal(output_lines("nft list tables | grep davit_"), 0);
	assert_int_equal(output_lines("ip -o link | grep ': dv-\\?[0-9a-f]\\{8,\\}'"), 0);
	assert_int_equal(access(directory, F_OK), -1);
	return fs_remove_tree(top, NULL);
}

static int call_within(struct net_endpoint *from, struct in_addr host, int ms)
{
	return try_connect(net_endpoint_netns(from), host, PORT, ms, NULL);
}

static int call(struct net_endpoint *from, struct net_endpoint *to)
{
	return call_within(from, net_endpoint_address(to), LATE_MS);
}

static void both_reach_each_other_by_instance_and_by_service(void **unused)
{
	autoclose int at_web = listen_in(net_endpoint_netns(web), PORT);
	autoclose int at_app = listen_in(net_endpoint_netns(app), PORT);
	const struct net_network *network = net_network_find(guest, "default");

	(void)unused;
	assert_int_not_equal(net_endpoint_address(web).s_addr, net_endpoint_address(app).s_addr);
	assert_int_equal(call(web, app), 0);
	assert_int_equal(call(app, web), 0);
	assert_int_equal(net_virtual_take(net_network_find(owner, "default"), "web", 1, NULL), 0);
	assert_int_equal(net_virtual_take(net_network_find(guest, "default"), "web", 1, NULL), 0);
	balance(owner, NULL, &web, 1);
	balance(guest, NULL, &app, 1);
	assert_int_not_equal(net_virtual(network, "web").s_addr,
			     net_virtual(net_network_find(owner, "default"), "web").s_addr);
	assert_int_equal(call_within(web, net_virtual(network, "web"), LATE_MS), 0);
	assert_int_equal(call_within(app, net_virtual(network, "web"), LATE_MS), 0);
	assert_int_equal(
		call_within(app, net_virtual(net_network_find(owner, "default"), "web"), LATE_MS),
		0);
	/* Nobody is ready. */
	balance(guest, NULL, &app, 0);
	assert_int_equal(call_within(web, net_virtual(network, "web"), LATE_MS), ECONNREFUSED);
}

static void a_third_stack_reaches_neither(void **unused)
{
	struct net *third = open_stack(STACK "-third");
	struct net_endpoint *stranger = attach(third, "web-1");
	autoclose int at_web = listen_in(net_endpoint_netns(web), PORT);
	autoclose int at_app = listen_in(net_endpoint_netns(app), PORT);

	(void)unused;
	assert_int_equal(call_within(stranger, net_endpoint_address(web), SOON_MS), ETIMEDOUT);
	assert_int_equal(call_within(stranger, net_endpoint_address(app), SOON_MS), ETIMEDOUT);
	net_detach(stranger);
	net_close(third);
}

/* Whether the rules for routed packets see bridged frames, too. */
static void route_frames(bool on)
{
	shell("sysctl -q -w net.bridge.bridge-nf-call-iptables=%d || ! test -e "
	      "/proc/sys/net/bridge",
	      on);
}

static void so_they_do_where_bridged_frames_pass_no_rules(void **unused)
{
	route_frames(false);
	both_reach_each_other_by_instance_and_by_service(unused);
	route_frames(true);
}

/* In an instance, who may change its network. */
static void set_route(struct net_endpoint *from, struct in_addr to, const char *way)
{
	enter(net_endpoint_netns(from));
	shell("ip route replace %s %s", inet_ntoa(to), way);
	enter(host_ns);
}

static void a_guest_speaks_as_itself_only(void **unused)
{
	autoclose int at_web = listen_in(net_endpoint_netns(web), PORT);
	struct in_addr other = net_endpoint_address(app);
	char way[64];

	(void)unused;
	if (net_unguarded(guest))
		skip();
	other.s_addr += htonl(7);
	snprintf(way, sizeof(way), "dev eth0 src %s", inet_ntoa(other));
	enter(net_endpoint_netns(app));
	shell("ip addr add %s/32 dev eth0", inet_ntoa(other));
	enter(host_ns);
	set_route(app, net_endpoint_address(web), way);
	assert_int_equal(call_within(app, net_endpoint_address(web), SOON_MS), ETIMEDOUT);
	shell("nft delete table bridge davit_" GUEST);
	assert_int_equal(call(app, web), 0);
}

static void who_may_be_called_by_some_is_called_by_no_guest(void **unused)
{
	static const char *const callers[] = {"web"};
	const struct net_allow rule = {"web", callers, 1};
	autoclose int at_web = listen_in(net_endpoint_netns(web), PORT);
	autoclose int at_app = listen_in(net_endpoint_netns(app), PORT);

	(void)unused;
	/* The guest's "web" is somebody else. */
	assert_int_equal(net_allow(owner, &rule, 1, NULL), 0);
	assert_int_equal(call(app, web), ECONNREFUSED);
	assert_int_equal(call(web, app), 0);
	if (net_unguarded(owner))
		skip();
	/* Past the gateway, which an instance may try. */
	set_route(app, net_endpoint_address(web), "dev eth0");
	set_route(web, net_endpoint_address(app), "dev eth0");
	route_frames(false);
	assert_int_equal(call_within(app, net_endpoint_address(web), SOON_MS), ETIMEDOUT);
	route_frames(true);
	assert_int_equal(net_allow(owner, NULL, 0, NULL), 0);
	assert_int_equal(call(app, web), 0);
	/* And a guest's own list holds for the owner's instances. */
	assert_int_equal(net_allow(guest, &rule, 1, NULL), 0);
	assert_int_equal(call(web, app), ECONNREFUSED);
}

static void what_the_owner_leaves_goes_on_and_is_its_own_again(void **unused)
{
	autoclose int at_app = listen_in(net_endpoint_netns(app), PORT);
	struct net_endpoint *other = attach(guest, "other-1");
	const struct in_addr before = gateway_of(owner);
	struct err err = {0};

	(void)unused;
	net_detach(take_ptr(web));
	net_close(take_ptr(owner));
	assert_int_equal(call(other, app), 0);
	assert_int_equal(call_within(other, ip("192.0.2.1"), SOON_MS), ECONNREFUSED);
	assert_int_equal(output_lines("nft list tables | grep 'ip davit_left'"), 1);
	/* What is there is not to be taken for a leftover. */
	owner = open_net(OWNER);
	assert_int_equal(open_network(owner, "b", &err), -EBUSY);
	assert_non_null(strstr(err.text, "has changed, and other stacks are in it"));
	assert_int_equal(call(other, app), 0);
	assert_int_equal(open_network(owner, "a", &err), 0);
	assert_int_equal(gateway_of(owner).s_addr, before.s_addr);
	assert_int_equal(output_lines("nft list tables | grep 'ip davit_left'"), 0);
	web = attach(owner, "web-1");
	assert_int_equal(call(web, app), 0);
	net_detach(other);
}

static void whoever_leaves_last_removes_it(void **unused)
{
	(void)unused;
	net_detach(take_ptr(web));
	net_close(take_ptr(owner));
	net_detach(take_ptr(app));
	assert_int_equal(output_lines("ip -o link show type bridge"), 1);
	net_close(take_ptr(guest));
	assert_int_equal(output_lines("ip -o link show type bridge"), 0);
	/* close_both() looks at the rest */
}

static void purging_leaves_what_others_are_in(void **unused)
{
	const struct net_config config = {.stack = OWNER, .registry = directory};
	struct net_endpoint *other = attach(guest, "other-1");
	autoclose int at_app = listen_in(net_endpoint_netns(app), PORT);

	(void)unused;
	assert_int_equal(net_purge(&config, NULL), 0);
	assert_int_equal(call(other, app), 0);
	net_detach(other);
}

static void a_successor_goes_on(void **unused)
{
	const struct net_config config = {.stack = GUEST, .registry = directory};
	const struct in_addr server = net_server(net_network_find(guest, "default"));
	const struct in_addr address = net_endpoint_address(app);
	struct net *heir = NULL;
	struct err err = {0};

	(void)unused;
	assert_int_not_equal(server.s_addr, gateway_of(guest).s_addr);
	assert_int_equal(net_adopt(&config, &heir, &err), 0);
	assert_int_equal(join(heir, &err), 0);
	assert_int_equal(net_server(net_network_find(heir, "default")).s_addr, server.s_addr);
	/* Of the same stack: asked for, it is its own. */
	assert_int_equal(
		net_network_keep(net_network_find(heir, "default"), "web-1", address, &err), 0);
	assert_int_equal(net_settle(heir, &err), 0);
	struct net_endpoint *late = attach(owner, "late-1");
	assert_int_not_equal(net_endpoint_address(late).s_addr, address.s_addr);
	net_detach(late);
	net_detach(take_ptr(app)); /* its link is gone: nobody has adopted it */
	net_close(heir);
}

static void a_name_is_one_stacks(void **unused)
{
	struct net *third = open_net(STACK "-third");
	struct err err = {0};

	(void)unused;
	assert_int_equal(open_network(third, "a", &err), -EEXIST);
	assert_non_null(strstr(err.text, "'" KNOWN_AS "' is that of stack '" OWNER "'"));
	net_close(third);
}

static void what_nobody_makes_cannot_be_joined(void **unused)
{
	struct net_network *none = NULL;
	struct err err = {0};

	(void)unused;
	assert_int_equal(net_network_join(guest, "other", "nowhere", &none, &err), -ENOENT);
	assert_non_null(strstr(err.text, "there is no 'nowhere'"));
	assert_int_equal(net_network_join(owner, "again", KNOWN_AS, &none, &err), -EEXIST);
	assert_non_null(strstr(err.text, "is this stack's own"));
}

int main(void)
{
#define WITH_BOTH(test) cmocka_unit_test_setup_teardown(test, open_both, close_both)
	const struct CMUnitTest tests[] = {
		WITH_BOTH(both_reach_each_other_by_instance_and_by_service),
		WITH_BOTH(so_they_do_where_bridged_frames_pass_no_rules),
		WITH_BOTH(a_third_stack_reaches_neither),
		WITH_BOTH(a_guest_speaks_as_itself_only),
		WITH_BOTH(who_may_be_called_by_some_is_called_by_no_guest),
		WITH_BOTH(what_the_owner_leaves_goes_on_and_is_its_own_again),
		WITH_BOTH(whoever_leaves_last_removes_it),
		WITH_BOTH(purging_leaves_what_others_are_in),
		WITH_BOTH(a_successor_goes_on),
		WITH_BOTH(a_name_is_one_stacks),
		WITH_BOTH(what_nobody_makes_cannot_be_joined),
	};

	set_up_world();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
