// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a network namespace is asked for, without anybody's cooperation: connections that wait to be
 * accepted, those that are open, and how many there have been. TCP only.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct net_traffic {
	uint32_t waiting;     /* in the accept queues of its listeners, now */
	uint32_t open;	      /* to ports that it listens on, those that wait included, now; only
				 where asked for */
	uint64_t established; /* in both directions, now */
	uint64_t accepted;    /* connections from outside since the namespace was made */
	uint64_t dropped;     /* that found an accept queue full, likewise */
};

struct net_meter;

/*
 * Opens what is needed to ask a namespace again and again.
 *
 * @netns_fd	borrowed for the call
 * @ret_meter	out: owned by the caller, net_meter_close()
 */
int net_meter_open(int netns_fd, struct net_meter **ret_meter, struct err *err) must_check;

/* Accepts NULL. */
void net_meter_close(struct net_meter *meter);

/* Never waits: the kernel answers at once, and soonest where nobody has come since the last time.
 * @open: count those, too, which takes the longer the more there are. */
int net_meter_read(struct net_meter *meter, bool open, struct net_traffic *ret_traffic,
		   struct err *err) must_check;
