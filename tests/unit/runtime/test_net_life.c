// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What opening, closing and purging a stack's network leave in the real kernel.
 */
#include "runtime/base/cleanup.h"
#include "tests/unit/runtime/net_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static int purge(const char *stack)
{
	return net_purge(&(struct net_config){.stack = stack}, NULL);
}

static void closing_leaves_nothing(void **unused)
{
	int fds = count_fds();

	assert_int_equal(count_links(), 0);
	struct net *net = open_stack(STACK);
	struct net_endpoint *endpoint = attach(net, "web-1");
	publish(net, IPPROTO_TCP, &endpoint, 1);
	assert_int_equal(count_links(), 2);
	assert_int_equal(output_lines("nft list tables | grep davit_"), net_unguarded(net) ? 1 : 2);
	net_detach(endpoint);
	net_close(net);
	assert_int_equal(count_links(), 0);
	assert_int_equal(output_lines("nft list tables"), 0);
	assert_int_equal(count_fds(), fds);
}

static void who_leaves_goes_with_the_net(void **unused)
{
	int fds = count_fds();
	struct net *net = open_stack(STACK);
	struct net_endpoint *none = NULL;
	struct net_endpoint *web[] = {attach(net, "web-1"), attach(net, "web-2")};

	assert_int_equal(net_attach_none(&none, NULL), 0);
	net_leave(NULL);
	net_leave(none);
	for (size_t i = 0; i < ARRAY_SIZE(web); i++)
		net_leave(web[i]);
	assert_int_equal(count_links(), 3);
	net_close(net);
	assert_int_equal(count_links(), 0);
	assert_int_equal(count_fds(), fds);
}

static void a_network_that_was_cut_is_made_anew_with_its_address(void **unused)
{
	struct net *net = open_stack(STACK);
	struct net_endpoint *endpoint = attach(net, "web-1");
	struct in_addr before = net_endpoint_address(endpoint);
	autoclose int home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_int_equal(reach(endpoint), 0);
	net_endpoint_cut(endpoint);
	assert_int_equal(net_endpoint_netns(endpoint), -1);
	/* Into one that is there. */
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	autoclose int given_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	enter(home_fd);
	assert_int_equal(net_endpoint_connect(endpoint, given_fd, NULL), 0);
	assert_int_equal(net_endpoint_address(endpoint).s_addr, before.s_addr);
	assert_int_equal(reach(endpoint), 0);
	net_detach(endpoint);
	net_close(net);
}

/* In the current namespace. */
static int neighbours(const char *state)
{
	char command[128];

	snprintf(command, sizeof(command), "ip neigh show nud %s | grep -e '^10\\.' -e '^fd'",
		 state);
	return output_lines(command);
}

/* Entries that are not permanent are lost when others fill the kernel's table. */
static void who_is_where_is_known_for_good(void **unused)
{
	const struct net_network_config config = {.name = "six", .ipv6 = true};
	struct net *net = open_stack(STACK);
	struct net_network *six = NULL;
	struct err err = {0};
	autoclose int home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (net_network_open(net, &config, &six, &err) < 0)
		fail_msg("%s", err.text);
	const struct net_link links[] = {{.network = six, .main = true},
					 {.network = net_network_find(net, "default")}};
	const struct net_attach_request request = {"web-1", links, ARRAY_SIZE(links), NULL};
	struct net_endpoint *endpoint = NULL;

	assert_int_equal(net_attach(net, &request, &endpoint, NULL), 0);
	/* The second time the address is with somebody already. */
	for (int times = 0; times < 2; times++) {
		net_endpoint_cut(endpoint);
		assert_int_equal(neighbours("permanent"), 0);
		assert_int_equal(net_endpoint_connect(endpoint, -1, NULL), 0);
		assert_int_equal(reach(endpoint), 0);
		assert_int_equal(neighbours("permanent"), 3);
		assert_int_equal(neighbours("all"), 3);
		/* Where bridges know VLANs there is a line for each. */
		assert_int_equal(output_lines("bridge fdb show | grep 'master dv.* static' | cut "
					      "-c1-17 | sort -u"),
				 2);
		enter(net_endpoint_netns(endpoint));
		assert_int_equal(neighbours("permanent"), 3);
		assert_int_equal(neighbours("all"), 3);
		enter(home_fd);
	}
	net_detach(endpoint);
	net_close(net);
}

static void no_descriptor_is_inherited_by_programs(void **unused)
{
	static const char command[] = "ls -l /proc/self/fd | grep -e socket: -e net:";
	int before = output_lines(command);
	struct net *net = open_stack(STACK);
	struct net_endpoint *endpoint = attach(net, "web-1");

	publish(net, IPPROTO_TCP, &endpoint, 1);
	assert_int_equal(output_lines(command), before);
	net_detach(endpoint);
	net_close(net);
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
	assert_int_equal(system("nft 'add table ip davit_" STACK ".next; "
				"add table ip6 davit_" STACK ".next'"),
			 0);
	assert_int_equal(purge(STACK "2"), 0);
	assert_int_equal(count_links(), 2);
	assert_int_equal(purge(STACK), 0);
	assert_int_equal(count_links(), 0);
	assert_int_equal(output_lines("nft list tables"), 0);
	assert_int_equal(purge(STACK), 0);
	kill(instance, SIGKILL);
}

static void opening_replaces_leftovers(void **unused)
{
	pid_t instance = leave_network();

	struct net *net = open_stack(STACK);
	assert_int_equal(count_links(), 1);
	net_close(net);
	kill(instance, SIGKILL);
}

/* Each child opens its stack at the same moment and keeps it until its pipe is closed. */
static void open_at_once(int number, int go, int result)
{
	char stack[32], byte;
	struct net_config config = {.stack = stack, .pool = "10.213.8.0/22"};
	struct net_network *network = NULL;
	struct net *net = NULL;
	struct in_addr gateway = {0};
	struct err err = {0};

	snprintf(stack, sizeof(stack), STACK "%d", number);
	if (read(go, &byte, 1) == 0 && net_open(&config, &net, &err) == 0 &&
	    net_network_open(net, &(struct net_network_config){.name = "default"}, &network,
			     &err) == 0)
		gateway = net_gateway(network);
	else
		print_message("%s\n", err.text);
	_exit(write(result, &gateway, sizeof(gateway)) < 0); /* leaves the network behind */
}

static void stacks_opened_at_once_get_different_subnets(void **unused)
{
	int go[2], result[2];
	struct in_addr gateways[3] = {0};

	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	assert_int_equal(pipe2(result, O_CLOEXEC), 0);
	for (int i = 0; i < 3; i++) {
		if (fork() == 0) {
			close(go[1]);
			open_at_once(i, go[0], result[1]);
		}
	}
	close(go[1]);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(read(result[0], &gateways[i], sizeof(gateways[i])),
				 sizeof(gateways[i]));
		assert_int_not_equal(gateways[i].s_addr, 0);
		for (int j = 0; j < i; j++)
			assert_int_not_equal(gateways[i].s_addr, gateways[j].s_addr);
	}
	for (int i = 0; i < 3; i++) {
		char stack[32];

		wait(NULL);
		snprintf(stack, sizeof(stack), STACK "%d", i);
		assert_int_equal(purge(stack), 0);
	}
	close(go[0]);
	close(result[0]);
	close(result[1]);
	assert_int_equal(count_links(), 0);
}

static void a_full_pool_is_named_with_its_user(void **unused)
{
	struct net_network *none = NULL;
	struct net *net = NULL;
	struct err err = {0};
	struct net_config config = {.stack = STACK, .pool = "192.0.2.0/24"};

	assert_int_equal(net_open(&config, &net, &err), 0);
	assert_int_equal(
		net_network_open(net, &(struct net_network_config){.name = "n"}, &none, &err),
		-EADDRNOTAVAIL);
	assert_string_equal(err.text, "network: no free /24 left in 192.0.2.0/24: the host uses "
				      "192.0.2.0/24 on dvt-up among others");
	net_close(net);
	assert_int_equal(count_links(), 0);
}

static void names_that_would_break_rules_are_refused(void **unused)
{
	static const char *const bad[] = {"", "a b", "a;b", "a\"b", "A", "a/b", "a\n"};
	struct net *none = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(net_open(&(struct net_config){.stack = bad[i]}, &none, NULL),
				 -EINVAL);
		assert_int_equal(purge(bad[i]), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing_leaves_nothing),
		cmocka_unit_test(who_leaves_goes_with_the_net),
		cmocka_unit_test(a_network_that_was_cut_is_made_anew_with_its_address),
		cmocka_unit_test(who_is_where_is_known_for_good),
		cmocka_unit_test(no_descriptor_is_inherited_by_programs),
		cmocka_unit_test(leftovers_of_a_dead_process_are_purged),
		cmocka_unit_test(opening_replaces_leftovers),
		cmocka_unit_test(stacks_opened_at_once_get_different_subnets),
		cmocka_unit_test(a_full_pool_is_named_with_its_user),
		cmocka_unit_test(names_that_would_break_rules_are_refused),
	};

	set_up_world();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
