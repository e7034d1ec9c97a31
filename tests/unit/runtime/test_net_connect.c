// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Endpoints that are connected by a process beside the caller, in the real kernel.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net_beside.h"
#include "tests/unit/runtime/net_world.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* More than are under way at a time. */
#define MANY 12

static struct net_endpoint *attach_only(struct net *net, const char *name)
{
	const struct net_link link = {.network = net_network_find(net, "default"), .main = true};
	const struct net_attach_request request = {name, &link, 1, NULL};
	struct net_endpoint *endpoint = NULL;
	struct err err = {0};

	if (net_attach(net, &request, &endpoint, &err) < 0)
		fail_msg("%s", err.text);
	return endpoint;
}

/* Returns what net_connecting_look() does. */
static bool look(struct net *net)
{
	struct pollfd any = {.fd = net_connecting_fd(net), .events = POLLIN};

	assert_int_equal(poll(&any, 1, LATE_MS), 1);
	return net_connecting_look(net);
}

static void make(struct net *net, struct net_endpoint *endpoint)
{
	while (net_endpoint_begin(endpoint) < 0)
		assert_true(look(net));
	assert_true(net_endpoint_netns(endpoint) >= 0);
}

/* The kernel removes links in the background. */
static void await_links(int count)
{
	for (int tries = 0; count_links() != count && tries < LATE_MS / 10; tries++)
		usleep(10000);
	assert_int_equal(count_links(), count);
}

/* The only child there is. */
static pid_t beside(void)
{
	autofile FILE *file = fopen("/proc/thread-self/children", "re");
	int pid = 0;

	if (!file || fscanf(file, "%d", &pid) != 1)
		fail_msg("there is no process beside");
	return pid;
}

static void await_end(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void it_is_there_when_it_has_been_looked_at(void **unused)
{
	int fds = count_fds();
	struct net *net = open_stack(STACK);
	struct net_endpoint *endpoint = attach_only(net, "web-1");

	assert_int_equal(net_connecting_fd(net), -1);
	assert_int_equal(net_endpoint_begin(endpoint), -EINPROGRESS);
	assert_int_equal(net_endpoint_begin(endpoint), -EINPROGRESS);
	assert_int_equal(net_endpoint_netns(endpoint), -1);
	make(net, endpoint);
	assert_int_equal(reach(endpoint), 0);
	assert_int_equal(net_endpoint_connect(endpoint, -1, NULL), 0);
	net_detach(endpoint);
	net_close(net);
	assert_int_equal(count_links(), 0);
	assert_int_equal(count_fds(), fds);
}

static void with_ipv6_it_has_both_addresses(void **unused)
{
	const struct net_network_config config = {.name = "six", .ipv6 = true};
	struct net *net = open_stack(STACK);
	struct net_network *six = NULL;
	struct err err = {0};

	if (net_network_open(net, &config, &six, &err) < 0)
		fail_msg("%s", err.text);
	const struct net_link links[] = {{.network = six, .main = true},
					 {.network = net_network_find(net, "default")}};
	const struct net_attach_request request = {"web-1", links, ARRAY_SIZE(links), NULL};
	struct net_endpoint *endpoint = NULL;

	assert_int_equal(net_attach(net, &request, &endpoint, NULL), 0);
	make(net, endpoint);
	assert_int_equal(reach(endpoint), 0);
	enter(net_endpoint_netns(endpoint));
	assert_int_equal(output_lines("ip -4 -o addr show scope global"), 2);
	assert_int_equal(output_lines("ip -6 -o addr show scope global"), 1);
	enter(host_ns);
	net_detach(endpoint);
	net_close(net);
}

static void many_wait_for_their_turn(void **unused)
{
	struct net *net = open_stack(STACK);
	struct net_endpoint *endpoints[MANY];
	int r = 0;

	for (int i = 0; i < MANY; i++) {
		char name[16];

		snprintf(name, sizeof(name), "web-%d", i);
		endpoints[i] = attach_only(net, name);
		r = net_endpoint_begin(endpoints[i]);
	}
	assert_int_equal(r, -EAGAIN);
	for (int i = 0; i < MANY; i++)
		make(net, endpoints[i]);
	assert_int_equal(reach(endpoints[MANY - 1]), 0);
	for (int i = 0; i < MANY; i++)
		net_detach(endpoints[i]);
	net_close(net);
}

static void who_goes_meanwhile_leaves_nothing(void **unused)
{
	struct net *net = open_stack(STACK);
	struct net_endpoint *web[] = {attach_only(net, "web-1"), attach_only(net, "web-2")};

	for (size_t i = 0; i < ARRAY_SIZE(web); i++)
		assert_int_equal(net_endpoint_begin(web[i]), -EINPROGRESS);
	for (size_t i = 0; i < ARRAY_SIZE(web); i++)
		net_detach(web[i]);
	await_links(1);
	/* And its address is free. */
	struct net_endpoint *again = attach_only(net, "web-1");

	make(net, again);
	assert_int_equal(reach(again), 0);
	net_leave(again);
	net_close(net);
	assert_int_equal(count_links(), 0);
}

static void who_is_needed_at_once_is_waited_for(void **unused)
{
	struct net *net = open_stack(STACK);
	struct net_endpoint *endpoint = attach_only(net, "web-1");

	assert_int_equal(net_endpoint_begin(endpoint), -EINPROGRESS);
	assert_int_equal(net_endpoint_connect(endpoint, -1, NULL), 0);
	assert_int_equal(count_links(), 2);
	assert_int_equal(reach(endpoint), 0);
	net_detach(endpoint);
	net_close(net);
}

static void what_a_dead_process_has_not_done_is_left_to_the_caller(void **unused)
{
	int fds = count_fds();
	struct net *net = open_stack(STACK);
	struct net_endpoint *web[] = {attach_only(net, "web-1"), attach_only(net, "web-2"),
				      attach_only(net, "web-3")};

	make(net, web[0]);
	pid_t pid = beside();

	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(net_endpoint_begin(web[1]), -EINPROGRESS);
	assert_int_equal(kill(pid, SIGKILL), 0);
	await_end(pid);
	assert_int_equal(net_endpoint_begin(web[2]), 0);
	assert_false(look(net));
	net_beside_reap(net_connecting_end(net));
	assert_int_equal(net_connecting_fd(net), -1);
	for (size_t i = 1; i < ARRAY_SIZE(web); i++) {
		assert_int_equal(net_endpoint_begin(web[i]), 0);
		assert_int_equal(net_endpoint_netns(web[i]), -1);
		assert_int_equal(net_endpoint_connect(web[i], -1, NULL), 0);
		assert_int_equal(reach(web[i]), 0);
	}
	/* The next one has a process again. */
	struct net_endpoint *next = attach_only(net, "web-4");

	make(net, next);
	net_detach(next);
	for (size_t i = 0; i < ARRAY_SIZE(web); i++)
		net_detach(web[i]);
	net_close(net);
	assert_int_equal(count_fds(), fds);
}

static void nobody_waits_for_one_that_is_stopped(void **unused)
{
	struct net *net = open_stack(STACK);
	struct net_endpoint *web[] = {attach_only(net, "web-1"), attach_only(net, "web-2")};

	make(net, web[0]);
	pid_t pid = beside();

	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(net_endpoint_begin(web[1]), -EINPROGRESS);
	assert_int_equal(net_endpoint_connect(web[1], -1, NULL), 0);
	assert_int_equal(reach(web[1]), 0);
	await_end(pid);
	assert_false(look(net));
	net_beside_reap(net_connecting_end(net));
	for (size_t i = 0; i < ARRAY_SIZE(web); i++)
		net_detach(web[i]);
	net_close(net);
}

static void what_fails_is_told_by_who_tries_again(void **unused)
{
	struct net *net = open_stack(STACK);
	struct net_network *other = NULL;

	assert_int_equal(
		net_network_open(net, &(struct net_network_config){.name = "other"}, &other, NULL),
		0);
	const struct net_link links[] = {
		{.network = net_network_find(net, "default"), .interface = "same", .main = true},
		{.network = other, .interface = "same"}};
	const struct net_attach_request request = {"web-1", links, ARRAY_SIZE(links), NULL};
	struct net_endpoint *endpoint = NULL;
	struct err err = {0};

	assert_int_equal(net_attach(net, &request, &endpoint, NULL), 0);
	assert_int_equal(net_endpoint_begin(endpoint), -EINPROGRESS);
	while (net_endpoint_begin(endpoint) < 0)
		assert_true(look(net));
	assert_int_equal(net_endpoint_netns(endpoint), -1);
	assert_int_equal(net_endpoint_connect(endpoint, -1, &err), -EEXIST);
	assert_non_null(strstr(err.text, "network: make link 'dv"));
	net_detach(endpoint);
	await_links(2);
	net_close(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_there_when_it_has_been_looked_at),
		cmocka_unit_test(with_ipv6_it_has_both_addresses),
		cmocka_unit_test(many_wait_for_their_turn),
		cmocka_unit_test(who_goes_meanwhile_leaves_nothing),
		cmocka_unit_test(who_is_needed_at_once_is_waited_for),
		cmocka_unit_test(what_a_dead_process_has_not_done_is_left_to_the_caller),
		cmocka_unit_test(nobody_waits_for_one_that_is_stopped),
		cmocka_unit_test(what_fails_is_told_by_who_tries_again),
	};

	set_up_world();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
