// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets and counters of a network namespace; see net_meter.h. */
#include "runtime/network/net_meter.h"

#include "runtime/base/cleanup.h"
#include "runtime/network/netns.h"
#include "runtime/network/sock_list.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More listening ports than this are not told apart: connections to the others are not counted. */
#define PORTS_MAX 64

/* So many readings without anything new, and nobody waits: the second, because a connection is
 * counted a moment before it can be seen to wait. */
#define QUIET 2

struct net_meter {
	struct sock_list *sockets;
	int snmp_fd;
	int netstat_fd;
	struct net_traffic last;
	unsigned quiet; /* readings in which nobody had come, and nobody waited */
};

struct count {
	struct net_traffic *load;
	uint16_t ports[PORTS_MAX]; /* network byte order */
	size_t port_count;
};

static int open_inside(void *data, struct err *err)
{
	struct net_meter *meter = data;
	int r = sock_list_open(&meter->sockets, err);

	if (r < 0)
		return r;
	/* Opened here they stay this namespace's. */
	meter->snmp_fd = open("/proc/thread-self/net/snmp", O_RDONLY | O_CLOEXEC);
	meter->netstat_fd = open("/proc/thread-self/net/netstat", O_RDONLY | O_CLOEXEC);
	if (meter->snmp_fd < 0 || meter->netstat_fd < 0)
		return err_set(err, errno, "network: open the counters of a namespace");
	return 0;
}

int net_meter_open(int netns_fd, struct net_meter **ret_meter, struct err *err)
{
	struct net_meter *meter = calloc(1, sizeof(*meter));

	if (!meter)
		return err_set(err, ENOMEM, "network: measure a namespace");
	meter->snmp_fd = meter->netstat_fd = -1;
	int r = netns_visit(netns_fd, open_inside, meter, err);

	if (r < 0) {
		net_meter_close(meter);
		return r;
	}
	*ret_meter = meter;
	return 0;
}

void net_meter_close(struct net_meter *meter)
{
	if (!meter)
		return;
	sock_list_close(meter->sockets);
	fd_drop(&meter->snmp_fd);
	fd_drop(&meter->netstat_fd);
	free(meter);
}

static bool is_listened(const struct count *count, uint16_t port)
{
	for (size_t i = 0; i < count->port_count; i++)
		if (count->ports[i] == port)
			return true;
	return false;
}

/* Listeners come before connections. */
static void on_socket(void *data, const struct sock_seen *seen)
{
	struct count *count = data;

	if (seen->listening) {
		count->load->waiting += seen->queue;
		if (count->port_count < PORTS_MAX)
			count->ports[count->port_count++] = seen->port;
	} else if (is_listened(count, seen->port)) {
		count->load->open++;
	}
}

static int list(struct net_meter *meter, int family, bool open, struct count *count,
		struct err *err)
{
	return sock_list_run(meter->sockets, family, SOCK_LISTENING | (open ? SOCK_ESTABLISHED : 0),
			     &(struct sock_visitor){on_socket, count}, err);
}

/* The number in the column @name of the table @table ("Tcp:"), whose header line comes first. */
static uint64_t column(const char *text, const char *table, const char *name)
{
	const char *names = strstr(text, table);
	const char *values = names ? strstr(names + 1, table) : NULL;
	const char *end = values;

	if (!values)
		return 0;
	while (names < end) {
		size_t len = strcspn(names, " \n");

		if (len == strlen(name) && strncmp(names, name, len) == 0)
			return strtoull(values, NULL, 10);
		names += len + strspn(names + len, " \n");
		values += strcspn(values, " \n");
		values += strspn(values, " \n");
	}
	return 0;
}

static int read_table(int fd, char *text, size_t size, struct err *err)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	if (n < 0)
		return err_set(err, errno, "network: read the counters of a namespace");
	text[n] = '\0';
	return 0;
}

static int read_counters(const struct net_meter *meter, struct net_traffic *load, struct err *err)
{
	char text[4096];
	int r = read_table(meter->snmp_fd, text, sizeof(text), err);

	if (r == 0) {
		load->established = column(text, "Tcp:", "CurrEstab");
		load->accepted = column(text, "Tcp:", "PassiveOpens");
	}
	return r;
}

static int read_dropped(const struct net_meter *meter, struct net_traffic *load, struct err *err)
{
	char text[16384];
	int r = read_table(meter->netstat_fd, text, sizeof(text), err);

	if (r == 0)
		load->dropped = column(text, "TcpExt:", "ListenOverflows");
	return r;
}

/* As @load and the last reading tell, without a look at sockets: nobody has come since nobody
 * waited. Who has not come is not dropped either. */
static bool is_quiet(const struct net_meter *meter, bool open, const struct net_traffic *load)
{
	return meter->quiet >= QUIET && load->accepted == meter->last.accepted &&
	       (!open || load->established == 0);
}

static void note(struct net_meter *meter, const struct net_traffic *load)
{
	bool quiet = load->accepted == meter->last.accepted && load->waiting == 0;

	meter->quiet = quiet ? meter->quiet + 1 : 0;
	meter->last = *load;
}

static int read_all(struct net_meter *meter, bool open, struct net_traffic *load, struct err *err)
{
	struct count count = {.load = load};
	int r = read_dropped(meter, load, err);

	if (r == 0)
		r = list(meter, AF_INET, open, &count, err);
	if (r == 0)
		r = list(meter, AF_INET6, open, &count, err);
	if (r == 0)
		note(meter, load);
	return r;
}

int net_meter_read(struct net_meter *meter, bool open, struct net_traffic *ret_traffic,
		   struct err *err)
{
	struct net_traffic load = {0};
	int r = read_counters(meter, &load, err);

	if (r == 0 && is_quiet(meter, open, &load))
		load.dropped = meter->last.dropped;
	else if (r == 0)
		r = read_all(meter, open, &load, err);
	if (r == 0)
		*ret_traffic = load;
	return r;
}
