// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sockets on gateways where who calls a service waits that has no instance: which it needs, and
 * that they outlive the supervisor with the keeper. Private to hold.c.
 */
#pragma once

#include "manifests/stack.h"
#include "runtime/network/net.h"

#include <stdbool.h>

struct reservation;
struct supervisor;

/* What one is for. */
struct hold_use {
	unsigned char family;
	int protocol;
	bool published;
	uint16_t target; /* the instance's port; 0: all that the service's address has */
};

struct hold_socket {
	struct hold_socket *next;
	char *network;
	struct hold_use use;
	int fd;
	bool handed;
	bool needed; /* by what was looked at last */
};

/* Those of a service. Zero-initialise. */
struct hold_sockets {
	struct hold_socket *first;
	bool stale; /* some were closed that the process may have: it forgets all, and is handed
		       what is left */
	bool many;  /* there are more ports than are heard, which is in the log */
};

/* Makes what the service needs and has not, and closes what it does not need any more, with the
 * keeper, too. What cannot be made is in the log, and tried again. */
void hold_sockets_need(struct supervisor *sup, const struct service *service,
		       struct hold_sockets *sockets);

/* Closes all, with the keeper, too. */
void hold_sockets_free(struct supervisor *sup, const char *service, struct hold_sockets *sockets);

/* How long one may wait there. */
int hold_socket_limit_ms(const struct hold_socket *one);

/* See hold_list() and hold_published(). */
size_t hold_sockets_list(const struct hold_sockets *sockets, const struct net_network *network,
			 struct net_holder *to);
uint16_t hold_sockets_published(const struct hold_sockets *sockets,
				const struct net_network *network, const struct reservation *port);
