// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What davit takes for the network of a stack that grows: COUNT instances of so many services are
 * connected one after the other, then all of them come to be behind the services' addresses, and
 * one goes and comes. Prints the microseconds of processor time of each: connecting one, all that
 * the balancer takes divided by them, one change of the balancer at the end. In a namespace of its
 * own, as links.c, which makes the same by bare requests.
 *
 *   network_setup COUNT [SERVICES]
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 1020

struct bench {
	struct net *net;
	struct net_network *network;
	struct net_endpoint *endpoints[COUNT_MAX];
	struct in_addr targets[COUNT_MAX];
	int count;
	int services; /* they are spread over */
};

static double spent_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static const char *name_of(struct bench *bench, int service)
{
	static char names[COUNT_MAX][16];

	snprintf(names[service], sizeof(names[service]), "web%d", service);
	return names[service];
}

static int open_network(struct bench *bench, struct err *err)
{
	const struct net_network_config config = {
		.name = "default", .hosts = (unsigned)(bench->count + bench->services)};
	int r = net_open(&(struct net_config){.stack = "davit-bench"}, &bench->net, err);

	if (r == 0)
		r = net_network_open(bench->net, &config, &bench->network, err);
	for (int i = 0; r == 0 && i < bench->services; i++)
		r = net_virtual_take(bench->network, name_of(bench, i), (unsigned)bench->count,
				     err);
	return r;
}

static int connect_one(struct bench *bench, int i, struct err *err)
{
	const struct net_link link = {.network = bench->network, .main = true};
	char name[32];

	snprintf(name, sizeof(name), "web-%d", i + 1);
	int r = net_attach(bench->net,
			   &(struct net_attach_request){.name = name, .links = &link, .count = 1},
			   &bench->endpoints[i], err);

	if (r < 0)
		return r;
	bench->targets[i] = net_endpoint_address(bench->endpoints[i]);
	return net_endpoint_connect(bench->endpoints[i], -1, err);
}

/* @count of the instances are ready. */
static int balance(struct bench *bench, int count, struct err *err)
{
	static struct net_group groups[COUNT_MAX];
	int each = (bench->count + bench->services - 1) / bench->services;

	for (int i = 0; i < bench->services; i++) {
		int left = count - i * each;

		groups[i] = (struct net_group){
			.name = name_of(bench, i),
			.network = bench->network,
			.targets = bench->targets + (left > 0 ? i * each : 0),
			.target_count = (size_t)(left > each ? each
						 : left > 0  ? left
							     : 0),
		};
	}
	return net_balance(
		bench->net,
		&(struct net_balance){.groups = groups, .group_count = (size_t)bench->services},
		err);
}

static int measure(struct bench *bench, struct err *err)
{
	int r = balance(bench, 0, err);
	double begin_us = spent_us();

	for (int i = 0; r == 0 && i < bench->count; i++)
		r = connect_one(bench, i, err);
	double connected_us = spent_us();

	if (r == 0)
		r = balance(bench, bench->count, err);
	double balanced_us = spent_us();

	if (r == 0)
		r = balance(bench, bench->count - 1, err);
	if (r == 0)
		r = balance(bench, bench->count, err);
	if (r == 0)
		printf("%.0f %.0f %.0f\n", (connected_us - begin_us) / bench->count,
		       (balanced_us - connected_us) / bench->count, (spent_us() - balanced_us) / 2);
	return r;
}

int main(int argc, char **argv)
{
	static struct bench bench;
	struct err err = {0};

	bench.count = argc > 1 ? atoi(argv[1]) : 0;
	bench.services = argc > 2 ? atoi(argv[2]) : 1;
	if (bench.count < 1 || bench.count > COUNT_MAX || bench.services < 1 ||
	    bench.services > bench.count) {
		fprintf(stderr, "usage: network_setup COUNT [SERVICES] (1 to %d)\n", COUNT_MAX);
		return 2;
	}
	(void)setrlimit(RLIMIT_NOFILE, &(struct rlimit){4096, 4096});
	int r = unshare(CLONE_NEWNET) < 0 ? err_set(&err, EPERM, "new network namespace")
					  : open_network(&bench, &err);

	if (r == 0)
		r = measure(&bench, &err);
	for (int i = 0; i < bench.count; i++)
		net_leave(bench.endpoints[i]);
	net_close(bench.net);
	if (r < 0)
		fprintf(stderr, "network_setup: %s\n", err.text);
	return r < 0;
}
