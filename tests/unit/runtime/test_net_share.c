// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A network that two stacks are in, against the real kernel.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/network/registry.h"
#include "runtime/network/rtnet.h"
#include "tests/unit/runtime/net_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

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
	/* Linux 6.12 does not send the refusal of a frame that was routed. */
	int got = call_within(web, net_endpoint_address(app), SOON_MS);

	assert_true(got == ECONNREFUSED || got == ETIMEDOUT);
}

static void what_the_owner_leaves_goes_on_and_is_its_own_again(void **unused)
{
	autoclose int at_app = listen_in(net_endpoint_netns(app), PORT);
	struct net_endpoint *other = attach(guest, "other-1");
	const struct in_addr before = gateway_of(owner);
	static const char neighbours[] = "ip -4 neigh show nud permanent";
	struct err err = {0};

	(void)unused;
	assert_int_equal(output_lines(neighbours), 3);
	net_leave(take_ptr(web));
	net_close(take_ptr(owner));
	assert_int_equal(output_lines(neighbours), 2);
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

/* As after the death of a stack's process. */
static struct net *adopt_net(const char *stack)
{
	const struct net_config config = {.stack = stack, .registry = directory};
	struct net *net = NULL;

	assert_int_equal(net_adopt(&config, &net, NULL), 0);
	return net;
}

static struct net_network *adopt_network(struct net *net, const char *known_as)
{
	const struct net_place place = net_network_place(net_network_find(owner, "default"));
	struct net_network *network = NULL;
	struct err err = {0};

	if (net_network_adopt(net,
			      &(struct net_network_config){
				      .name = "default", .known_as = known_as, .definition = "a"},
			      &place, &network, &err) < 0)
		fail_msg("%s", err.text);
	return network;
}

static struct in_addr behind(const struct net_network *network, uint32_t distance)
{
	return (struct in_addr){htonl(ntohl(net_network_place(network).address.s_addr) + distance)};
}

static void successors_wait_for_no_lock(void **unused)
{
	struct net *heir = adopt_net(OWNER), *guests_heir = adopt_net(GUEST);
	autoclose int lock_fd = -1;
	struct err err = {0};

	(void)unused;
	assert_int_equal(registry_lock(directory, &lock_fd, &err), 0);
	assert_string_equal(net_network_shared(adopt_network(heir, KNOWN_AS)).known_as, KNOWN_AS);
	assert_int_equal(join(guests_heir, &err), 0);
	fd_drop(&lock_fd);
	net_detach(take_ptr(web));
	net_detach(take_ptr(app));
	net_close(heir);
	net_close(guests_heir);
}

static void successors_write_nothing(void **unused)
{
	struct net *heir = NULL, *guests_heir = NULL;
	struct err err = {0};

	(void)unused;
	assert_int_equal(mount(directory, directory, NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(NULL, directory, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
	heir = adopt_net(OWNER);
	guests_heir = adopt_net(GUEST);
	assert_string_equal(net_network_shared(adopt_network(heir, KNOWN_AS)).known_as, KNOWN_AS);
	assert_int_equal(join(guests_heir, &err), 0);
	/* Also what a predecessor could not write down. */
	assert_int_equal(net_network_keep(net_network_find(guests_heir, "default"), "more-1",
					  behind(net_network_find(heir, "default"), 99), &err),
			 0);
	assert_int_equal(umount2(directory, MNT_DETACH), 0);
	net_detach(take_ptr(web));
	net_detach(take_ptr(app));
	net_close(heir);
	net_close(guests_heir);
}

static void what_is_not_written_as_its_own_a_successor_has_for_itself(void **unused)
{
	struct net *third = open_net(STACK "-third"), *heir = adopt_net(OWNER);
	struct net_network *network = NULL;

	(void)unused;
	assert_int_equal(net_network_open(third,
					  &(struct net_network_config){.name = "default",
								       .known_as = STACK "_theirs",
								       .definition = "a"},
					  &network, NULL),
			 0);
	assert_null(net_network_shared(adopt_network(heir, STACK "_theirs")).known_as);
	assert_string_equal(net_network_shared(network).owner, STACK "-third");
	net_close(third);
	net_detach(take_ptr(web));
	net_detach(take_ptr(app));
	net_close(take_ptr(guest));
	net_close(take_ptr(owner));
	net_close(heir);
}

static void who_cannot_join_is_not_in_it(void **unused)
{
	struct net *third = open_net(STACK "-third");
	struct err err = {0};
	char path[200];

	(void)unused;
	shell("nft delete table ip davit_" STACK "-third"); /* where rules are to be added */
	assert_true(join(third, &err) < 0);
	snprintf(path, sizeof(path), "%s/" KNOWN_AS "/stacks/" STACK "-third", directory);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "%s/" KNOWN_AS "/stacks/" GUEST, directory);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(output_lines("ip -o -4 addr | grep ' dv-'"), 2);
	net_close(third);
}

/* What the last step out, and the last one back, leave to be done. */
static void mark_as_left(void)
{
	autoclose int registry_fd = -1, fd = -1;
	struct registry_place place;
	struct rtnet *rtnet = NULL;

	assert_int_equal(registry_open(directory, &registry_fd, NULL), 0);
	assert_int_equal(registry_find(registry_fd, KNOWN_AS, &fd, NULL), 0);
	assert_int_equal(registry_read(fd, &place, NULL), 0);
	assert_int_equal(rtnet_open(&rtnet, NULL), 0);
	assert_int_equal(rtnet_link_group(rtnet, place.bridge, 0xc0000000U, NULL), 0);
	rtnet_close(rtnet);
}

static void whoever_dies_on_the_way_out_or_back_leaves_no_bridge(void **unused)
{
	(void)unused;
	net_detach(take_ptr(web));
	net_detach(take_ptr(app));
	net_close(take_ptr(guest));
	mark_as_left();
	net_close(take_ptr(owner));
	assert_int_equal(output_lines("ip -o link show type bridge"), 0);
}

static void a_stack_is_in_a_network_once(void **unused)
{
	const struct net_network_config renamed = {
		.name = "renamed", .known_as = KNOWN_AS, .definition = "a"};
	struct net_network *twice = NULL;
	struct err err = {0};

	(void)unused;
	assert_int_equal(net_network_open(owner, &renamed, &twice, &err), -EEXIST);
	assert_non_null(strstr(err.text, "is 'default' of this stack already: run davit down"));
	assert_int_equal(net_network_join(guest, "again", KNOWN_AS, &twice, &err), -EEXIST);
	assert_non_null(strstr(err.text, "is 'default' of this stack already: run davit down"));
	/* Also after it has been left under another one. */
	net_detach(take_ptr(web));
	net_close(take_ptr(owner));
	owner = open_net(OWNER);
	assert_int_equal(net_network_open(owner, &renamed, &twice, &err), -EBUSY);
	assert_int_equal(output_lines("ip -o link show type bridge"), 1);
}

static struct ip address6(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip, NULL), 0);
	return ip;
}

#define SIX STACK "_six"

/* The two in one more network, which has IPv6 and keeps fd99::66 for itself. */
static void open_six(struct net_network **ret_made, struct net_network **ret_joined)
{
	const struct ip reserved = address6("fd99::66");
	const struct net_network_config config = {.name = "six",
						  .known_as = SIX,
						  .definition = "six",
						  .ipv6 = true,
						  .subnet6 = {address6("fd99::"), 64},
						  .reserved = &reserved,
						  .reserved_count = 1};
	struct err err = {0};

	if (net_network_open(owner, &config, ret_made, &err) < 0 ||
	    net_network_join(guest, "six", SIX, ret_joined, &err) < 0)
		fail_msg("%s", err.text);
}

/* @written: its IPv6 address; NULL: none */
static int plan(struct net *net, struct net_network *network, const char *name,
		const struct ip *written, struct net_endpoint **ret_endpoint)
{
	const struct net_link link = {
		.network = network, .main = true, .address6 = written ? *written : (struct ip){0}};
	const struct net_attach_request request = {name, &link, 1, "web"};

	return net_attach(net, &request, ret_endpoint, NULL);
}

static void addresses_of_others_cannot_be_written(void **unused)
{
	struct net_network *made = NULL, *joined = NULL;
	struct net_endpoint *theirs = NULL, *mine = NULL;
	const struct ip strange = address6("fd98::9"), reserved = address6("fd99::66");

	(void)unused;
	open_six(&made, &joined);
	const struct ip gateway = net_gateway6(made);
	const struct ip anycast = net_address6(made, behind(made, 0));

	assert_int_equal(plan(owner, made, "late-1", NULL, &theirs), 0);
	const struct in_addr four = net_endpoint_address(theirs);
	const struct ip six = net_address6(made, four);

	assert_int_equal(net_network_keep(joined, "app-1", four, NULL), -EADDRINUSE);
	assert_int_equal(net_network_keep6(joined, "app-1", &six, NULL), -EADDRINUSE);
	assert_int_equal(plan(guest, joined, "app-1", &six, &mine), -EADDRINUSE);
	assert_int_equal(plan(guest, joined, "app-1", &gateway, &mine), -EADDRNOTAVAIL);
	assert_int_equal(net_network_keep6(joined, "app-1", &gateway, NULL), -EADDRNOTAVAIL);
	assert_int_equal(net_network_keep6(joined, "app-1", &anycast, NULL), -EADDRNOTAVAIL);
	assert_int_equal(net_network_keep6(joined, "app-1", &strange, NULL), -EADDRNOTAVAIL);
	assert_int_equal(net_network_keep6(joined, "app-1", &reserved, NULL), -EADDRINUSE);
	assert_int_equal(net_network_keep6(net_network_find(guest, "default"), "app-1", &six, NULL),
			 -EADDRNOTAVAIL);
	assert_int_equal(net_network_keep(joined, "app-1", behind(made, 0), NULL), -EADDRNOTAVAIL);
	assert_int_equal(net_network_keep(joined, "app-1", behind(made, 1), NULL), -EADDRNOTAVAIL);
	assert_int_equal(net_network_keep(joined, "app-1", behind(made, 255), NULL),
			 -EADDRNOTAVAIL);
	assert_int_equal(net_network_keep(joined, "app-1", behind(made, 256), NULL),
			 -EADDRNOTAVAIL);
	assert_int_equal(net_network_keep(joined, "app-1", behind(made, 77), NULL), 0);
	net_detach(theirs);
}

static void what_is_not_written_any_more_another_stack_may_have(void **unused)
{
	struct net_network *made = NULL, *joined = NULL;
	struct net_endpoint *theirs = NULL, *mine = NULL;

	(void)unused;
	open_six(&made, &joined);
	const struct ip written = net_address6(made, behind(made, 0x77));

	assert_int_equal(plan(guest, joined, "app-1", &written, &mine), 0);
	assert_int_equal(plan(owner, made, "late-1", &written, &theirs), -EADDRINUSE);
	net_detach(take_ptr(mine));
	assert_int_equal(plan(owner, made, "late-1", &written, &theirs), -EADDRINUSE);
	assert_true(net_release_gone(guest, NULL, NULL));
	assert_int_equal(plan(owner, made, "late-1", &written, &theirs), 0);
	net_detach(theirs);
}

static void who_is_attached_keeps_its_address_until_it_is_not(void **unused)
{
	struct net_network *network = net_network_find(owner, "default");
	const struct in_addr address = net_endpoint_address(web);

	(void)unused;
	assert_int_equal(net_network_keep(network, "web-1", behind(network, 99), NULL), 0);
	assert_int_equal(net_network_keep(net_network_find(guest, "default"), "x-1", address, NULL),
			 -EADDRINUSE);
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
	assert_non_null(strstr(err.text, "is 'default' of this stack already"));
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
		WITH_BOTH(successors_wait_for_no_lock),
		WITH_BOTH(successors_write_nothing),
		WITH_BOTH(what_is_not_written_as_its_own_a_successor_has_for_itself),
		WITH_BOTH(who_cannot_join_is_not_in_it),
		WITH_BOTH(whoever_dies_on_the_way_out_or_back_leaves_no_bridge),
		WITH_BOTH(a_stack_is_in_a_network_once),
		WITH_BOTH(addresses_of_others_cannot_be_written),
		WITH_BOTH(what_is_not_written_any_more_another_stack_may_have),
		WITH_BOTH(who_is_attached_keeps_its_address_until_it_is_not),
		WITH_BOTH(a_name_is_one_stacks),
		WITH_BOTH(what_nobody_makes_cannot_be_joined),
	};

	set_up_world();
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
