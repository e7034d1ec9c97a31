// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Network namespaces. A socket belongs to the namespace it was opened in, so the thread enters a
 * new one only to open what is needed there.
 */
#include "runtime/network/netns.h"

#include "runtime/base/cleanup.h"
#include "runtime/network/net_socket.h"
#include "runtime/network/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define HOME_TRIES    100
#define HOME_PAUSE_NS 10000000

int netns_open_own(struct err *err)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_set(err, errno, "network: open own network namespace") : fd;
}

static int set_up(struct sysctl *sysctl, struct err *err)
{
	static const char *const sysctls[][2] = {
		{"ipv6/conf/default/disable_ipv6", "1"},
		{"ipv4/ip_unprivileged_port_start", "0"},
		{"ipv4/ping_group_range", "0 2147483647"},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sysctls); i++)
		r = sysctl_set(sysctl, sysctls[i][0], sysctls[i][1], err);
	return r;
}

static void go_home(int home_fd)
{
	const struct timespec pause = {.tv_nsec = HOME_PAUSE_NS};

	/* The kernel allocates for it. */
	for (int tries = 0; tries < HOME_TRIES; tries++) {
		if (setns(home_fd, CLONE_NEWNET) == 0)
			return;
		nanosleep(&pause, NULL);
	}
	/* Going on in an instance's namespace would take the whole program's network with it, and
	 * give the instance the program's. */
	perror("network: cannot return to the own network namespace");
	abort();
}

int netns_make(const struct netns_home *home, int (*inside)(void *data, struct err *err),
	       void *data, int *ret_fd, struct err *err)
{
	int entered =
		home->given_fd < 0 ? unshare(CLONE_NEWNET) : setns(home->given_fd, CLONE_NEWNET);

	if (entered < 0)
		return err_set(err, errno, "network: make a network namespace");
	autoclose int fd = netns_open_own(err);
	int r = fd < 0 ? fd : set_up(home->sysctl, err);
	if (r == 0)
		r = inside(data, err);
	go_home(home->fd);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

int netns_visit(int netns_fd, int (*inside)(void *data, struct err *err), void *data,
		struct err *err)
{
	autoclose int home_fd = netns_open_own(err);

	if (home_fd < 0)
		return home_fd;
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return err_set(err, errno, "network: enter a network namespace");
	int r = inside(data, err);

	go_home(home_fd);
	return r;
}

static int open_socket(int domain, int type, int *ret_fd, struct err *err)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(err, errno, "network: socket");
	*ret_fd = fd;
	return 0;
}

int net_socket(int netns_fd, int domain, int type, int *ret_fd, struct err *err)
{
	if (netns_fd < 0)
		return open_socket(domain, type, ret_fd, err);
	autoclose int home_fd = netns_open_own(err);

	if (home_fd < 0)
		return home_fd;
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return err_set(err, errno, "network: enter a network namespace");
	int r = open_socket(domain, type, ret_fd, err);

	go_home(home_fd);
	return r;
}
