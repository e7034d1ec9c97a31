// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where connections and datagrams to a service wait that has no instance because nobody needs it:
 * sockets on the gateways of its networks, and a process (launcher/hold) that tells when somebody
 * waits there and brings him to the first instance. The sockets are ours and, like the process,
 * outlive the supervisor with the keeper.
 */
#pragma once

#include "manifests/stack.h"
#include "runtime/network/net.h"

struct reservation;
struct supervisor;

/* Makes what services with x-autoscale.idle need, and tells the process who serves now. */
void hold_write(struct supervisor *sup);

/* Whether connections and datagrams to the service at @i shall wait: it sleeps, or has been woken
 * and the first one is not served yet. */
bool hold_is_wanted(const struct supervisor *sup, size_t i);

/* Where those to its address in a network wait: returns how many such places there are, and lists
 * them in @to unless that is NULL. */
size_t hold_list(const struct supervisor *sup, const struct service *service,
		 const struct net_network *network, struct net_holder *to);

/* Where those to a published port do; 0: nowhere. */
uint16_t hold_published(const struct supervisor *sup, const struct reservation *port);

/* Goes on with what a predecessor has left. */
void hold_adopt(struct supervisor *sup);

/* Ends what a predecessor has left that nobody adopts. */
void hold_purge(const struct supervisor *sup);

/* Ends it. */
void hold_close(struct supervisor *sup);
