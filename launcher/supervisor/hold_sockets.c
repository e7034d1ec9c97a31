// SPDX-License-Identifier: GPL-2.0-or-later
/* See hold_sockets.h. */
#include "launcher/supervisor/hold_sockets.h"

#include "launcher/helper/words.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/supervisor.h"
#include "manifests/datagrams.h"
#include "runtime/base/cleanup.h"
#include "runtime/network/net_hold.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LIMIT_MS 60000 /* how long a connection may wait */
/* And a datagram, once for an instance and once for that to take it: the kernel forgets after 30 s
 * whom an answer is for. */
#define DATAGRAM_LIMIT_MS 14000

/* Those of one service, in the making. */
struct need {
	struct supervisor *sup;
	const struct service *service;
	struct hold_sockets *sockets;
	size_t datagrams; /* that are published, so far */
};

/* A name of its own with the keeper, whose names are short. */
static void kept_name(char name[static KEEP_NAME_MAX + 1], const char *service,
		      const struct hold_socket *one)
{
	char whole[WORDS_KEY_MAX + 1];
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	snprintf(whole, sizeof(whole), "%.100s %.100s %u%s%s%s", service, one->network,
		 one->use.target, one->use.family == 6 ? " 6" : "",
		 one->use.protocol == IPPROTO_UDP ? " udp" : "",
		 one->use.protocol == IPPROTO_UDP && one->use.published ? " published" : "");
	for (const char *at = whole; *at; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	snprintf(name, KEEP_NAME_MAX + 1, "hold-%016" PRIx64, hash);
}

static void socket_free(struct supervisor *sup, const char *service, struct hold_socket *one)
{
	char name[KEEP_NAME_MAX + 1];

	if (one->fd >= 0) {
		kept_name(name, service, one);
		keep_drop(sup->keep, name);
	}
	fd_drop(&one->fd);
	free(one->network);
	free(one);
}

static bool is_for(const struct hold_socket *one, const struct hold_use *use)
{
	return one->use.family == use->family && one->use.protocol == use->protocol &&
	       one->use.published == use->published && one->use.target == use->target;
}

static struct hold_socket *find_socket(const struct hold_sockets *sockets, const char *network,
				       const struct hold_use *use)
{
	struct hold_socket *one = sockets->first;

	while (one && (!is_for(one, use) || strcmp(one->network, network) != 0))
		one = one->next;
	return one;
}

/* A predecessor's, or a new one. */
static int open_socket(const struct need *need, struct hold_socket *one,
		       const struct net_network *network)
{
	char name[KEEP_NAME_MAX + 1];
	struct err err = {0};

	kept_name(name, need->service->name, one);
	one->fd = keep_take(need->sup->keep, name);
	if (one->fd >= 0 && net_hold_is_on(network, one->use.family, one->fd))
		return 0;
	need->sockets->stale |= one->fd >= 0;
	fd_drop(&one->fd);
	one->fd = -1;
	int r = net_hold_socket(network, one->use.family,
				one->use.protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM,
				&one->fd, &err);

	if (err_is_shortage(r))
		publish_ports_again(need->sup, err.text);
	else if (r < 0)
		supervisor_log(need->sup, "service=%s event=not-held error=\"%s\"",
			       need->service->name, err.text);
	else
		err_ignore(keep_store(need->sup->keep, name, one->fd, NULL));
	return r;
}

/* Off the list. */
static void drop_socket(const struct need *need, struct hold_socket *one)
{
	struct hold_socket **link = &need->sockets->first;

	while (*link != one)
		link = &(*link)->next;
	*link = one->next;
	need->sockets->stale = true;
	socket_free(need->sup, need->service->name, one);
}

static void add_socket(const struct need *need, const struct net_network *network,
		       const struct hold_use *use)
{
	struct hold_socket *one = calloc(1, sizeof(*one));

	if (!one) {
		publish_ports_again(need->sup, "out of memory");
		return;
	}
	*one = (struct hold_socket){.network = strdup(net_network_name(network)),
				    .use = *use,
				    .fd = -1,
				    .needed = true};
	if (!one->network)
		publish_ports_again(need->sup, "out of memory");
	if (!one->network || open_socket(need, one, network) < 0) {
		socket_free(need->sup, need->service->name, one);
		return;
	}
	one->next = need->sockets->first;
	need->sockets->first = one;
}

static void need_socket(const struct need *need, const struct net_network *network,
			const struct hold_use *use)
{
	struct hold_socket *known = find_socket(need->sockets, net_network_name(network), use);

	/* The network is another one by now. */
	if (known && !net_hold_is_on(network, use->family, known->fd)) {
		drop_socket(need, known);
		known = NULL;
	}
	if (known)
		known->needed = true;
	else
		add_socket(need, network, use);
}

static struct hold_use use_of(const struct reservation *port)
{
	return (struct hold_use){port->host_ip.family, port->protocol, true, port->target};
}

/* Of both families. */
static void need_both(const struct need *need, const struct net_network *network,
		      struct hold_use use)
{
	use.family = 4;
	need_socket(need, network, &use);
	use.family = 6;
	if (net_gateway6(network).family)
		need_socket(need, network, &use);
}

/* For each port that it hears datagrams on: which one a datagram was sent to a socket cannot tell.
 */
static void need_datagrams(const struct need *need, const struct net_network *network)
{
	struct hold_use use = {.protocol = IPPROTO_UDP};
	uint16_t ports[DATAGRAMS_PORTS];
	size_t count = datagrams_ports(need->service, ports, ARRAY_SIZE(ports));

	for (size_t i = 0; i < count; i++) {
		use.target = ports[i];
		need_both(need, network, use);
	}
}

/* Ranges may have thousands of ports, and each one of udp takes a socket. */
static void need_published(struct need *need, const struct net_network *network,
			   const struct reservation *port)
{
	const struct hold_use use = use_of(port);
	const struct hold_socket *known =
		find_socket(need->sockets, net_network_name(network), &use);

	if (use.protocol == IPPROTO_UDP && !(known && known->needed) &&
	    need->datagrams++ >= DATAGRAMS_PUBLISHED)
		return;
	need_socket(need, network, &use);
}

/* Says so once. */
static void tell_many(const struct need *need)
{
	bool many = need->datagrams > DATAGRAMS_PUBLISHED;

	if (many && !need->sockets->many)
		supervisor_log(need->sup,
			       "service=%s event=not-held ports=%zu error=\"more published ports "
			       "for udp than %d: the others do not wake it\"",
			       need->service->name, need->datagrams - DATAGRAMS_PUBLISHED,
			       DATAGRAMS_PUBLISHED);
	need->sockets->many = many;
}

static void drop_others(const struct need *need)
{
	for (struct hold_socket *one = need->sockets->first, *next; one; one = next) {
		next = one->next;
		if (!one->needed)
			drop_socket(need, one);
	}
}

void hold_sockets_need(struct supervisor *sup, const struct service *service,
		       struct hold_sockets *sockets)
{
	struct need need = {sup, service, sockets, 0};
	const struct stack *stack = sup->manifest->stack;
	const struct net_network *main = networks_main(sup, stack, service);

	for (struct hold_socket *one = sockets->first; one; one = one->next)
		one->needed = false;
	for (size_t i = 0; i < service->network.attachment_count; i++) {
		const struct net_network *network =
			net_network_find(sup->net, service->network.attachments[i].network);

		if (!network || networks_address(service, network).s_addr == htonl(INADDR_ANY))
			continue;
		need_both(&need, network, (struct hold_use){.protocol = IPPROTO_TCP});
		need_datagrams(&need, network);
	}
	for (size_t i = 0; main && i < sup->port_count; i++)
		if (strcmp(sup->ports[i].service->name, service->name) == 0)
			need_published(&need, main, &sup->ports[i]);
	tell_many(&need);
	drop_others(&need);
}

void hold_sockets_free(struct supervisor *sup, const char *service, struct hold_sockets *sockets)
{
	while (sockets->first) {
		struct hold_socket *first = sockets->first;

		sockets->first = first->next;
		socket_free(sup, service, first);
	}
}

int hold_socket_limit_ms(const struct hold_socket *one)
{
	return one->use.protocol == IPPROTO_UDP ? DATAGRAM_LIMIT_MS : LIMIT_MS;
}

size_t hold_sockets_list(const struct hold_sockets *sockets, const struct net_network *network,
			 struct net_holder *to)
{
	size_t count = 0;

	for (const struct hold_socket *one = sockets->first; one; one = one->next) {
		if (one->use.published || strcmp(one->network, net_network_name(network)) != 0)
			continue;
		if (to)
			to[count] = (struct net_holder){one->use.protocol, one->use.family,
							one->use.target, net_hold_port(one->fd)};
		count++;
	}
	return count;
}

uint16_t hold_sockets_published(const struct hold_sockets *sockets,
				const struct net_network *network, const struct reservation *port)
{
	const struct hold_use use = use_of(port);
	const struct hold_socket *one = find_socket(sockets, net_network_name(network), &use);

	return one ? net_hold_port(one->fd) : 0;
}
