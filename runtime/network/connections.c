// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is connected to what listens in a namespace. The kernel looks through its tables of all
 * namespaces for that, a good part of a millisecond, so it is first asked how many sockets there
 * are: mostly only those that listen. Who listens is in a small table.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net.h"
#include "runtime/network/netns.h"
#include "runtime/network/sock_list.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct survey {
	struct sock_list *list;
	unsigned in_use[2]; /* sockets of IPv4, IPv6; UINT_MAX: not known */
	unsigned listening;
	unsigned char ports[65536 / 8]; /* that are listened on */
	unsigned connections;
};

/* The number behind "TCP: inuse " or the like. */
static unsigned read_in_use(const char *path, const char *before)
{
	autofile FILE *file = fopen(path, "re");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, before, strlen(before)) == 0)
			return (unsigned)strtoul(line + strlen(before), NULL, 10);
	return UINT_MAX;
}

static int open_inside(void *data, struct err *err)
{
	struct survey *survey = data;

	survey->in_use[0] = read_in_use("/proc/thread-self/net/sockstat", "TCP: inuse ");
	survey->in_use[1] = read_in_use("/proc/thread-self/net/sockstat6", "TCP6: inuse ");
	return sock_list_open(&survey->list, err);
}

static void count_socket(void *data, const struct sock_seen *seen)
{
	struct survey *survey = data;
	unsigned char *byte = &survey->ports[seen->port / 8];
	unsigned char bit = (unsigned char)(1U << seen->port % 8);

	if (seen->listening) {
		survey->listening++;
		*byte |= bit;
	} else if (*byte & bit && !seen->own && !seen->over) {
		survey->connections++;
	}
}

static int look_at(struct survey *survey, int family, unsigned in_use, struct err *err)
{
	const struct sock_visitor visitor = {count_socket, survey};

	survey->listening = 0;
	memset(survey->ports, 0, sizeof(survey->ports));
	if (in_use == 0)
		return 0;
	int r = sock_list_run(survey->list, family, SOCK_LISTENING, &visitor, err);

	return r == 0 && survey->listening && survey->listening < in_use
		       ? sock_list_run(survey->list, family, SOCK_ESTABLISHED | SOCK_ENDING,
				       &visitor, err)
		       : r;
}

struct listeners {
	struct sock_list *list;
	void (*each)(void *data, uint16_t port);
	void *data;
};

static int open_list(void *data, struct err *err)
{
	struct listeners *listeners = data;

	return sock_list_open(&listeners->list, err);
}

static void tell_listener(void *data, const struct sock_seen *seen)
{
	const struct listeners *listeners = data;

	listeners->each(listeners->data, ntohs(seen->port));
}

int net_listeners(int netns_fd, void (*each)(void *data, uint16_t port), void *data,
		  struct err *err)
{
	struct listeners listeners = {.each = each, .data = data};
	const struct sock_visitor visitor = {tell_listener, &listeners};
	int r = netns_visit(netns_fd, open_list, &listeners, err);

	if (r < 0)
		return r;
	r = sock_list_run(listeners.list, AF_INET, SOCK_LISTENING, &visitor, err);
	if (r == 0)
		r = sock_list_run(listeners.list, AF_INET6, SOCK_LISTENING, &visitor, err);
	sock_list_close(listeners.list);
	return r;
}

int net_connections(int netns_fd, unsigned *ret_count, struct err *err)
{
	struct survey survey = {0};
	int r = netns_visit(netns_fd, open_inside, &survey, err);

	if (r < 0)
		return r;
	r = look_at(&survey, AF_INET, survey.in_use[0], err);
	if (r == 0)
		r = look_at(&survey, AF_INET6, survey.in_use[1], err);
	sock_list_close(survey.list);
	if (r == 0)
		*ret_count = survey.connections;
	return r;
}
