// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an instance has done since it was looked at last, for who decides how many there shall be.
 * Cheap things can be asked apart from dear ones; a run that is new begins anew.
 */
#pragma once

#include "launcher/supervisor/instance.h"
#include "runtime/network/net_meter.h"

/* Kept from one look to the next, in instance->measure. */
struct measure;

/* Accepts NULL. */
void measure_free(struct measure *measure);

/* Processor time since the last call, in microseconds; -1: not known (the first look of a run, no
 * memory, a group that is gone). */
int64_t measure_cpu_usec(struct instance *instance);

/* Of the network, since the last call. */
struct measured_net {
	bool known;	  /* there is a namespace, and an earlier look to compare with */
	int64_t span_ms;  /* since that */
	int64_t arrived;  /* connections from outside */
	int64_t finished; /* connections that ended */
	int64_t waiting;  /* now, to be accepted */
	int64_t open;	  /* now, to its listeners; only where asked for */
};

/* @open: count the open ones, too, which takes the longer the more there are. */
struct measured_net measure_net(struct instance *instance, bool open);

/* The open ones at the last look, of a few seconds ago; 0: none, or nobody has counted them. Asks
 * nobody. */
unsigned measure_open_lately(const struct instance *instance);

/* Whether somebody outside has a connection to what it listens on; true where that cannot be known,
 * false for who has no network of its own. Of whom nobody has called since the answer was no only
 * that is looked at. */
bool measure_is_called(struct instance *instance);

/* Memory in use that would not go away by itself, and the greatest share of the time since the last
 * call in which some of its processes waited for processor, memory or disks. */
struct measured_rest {
	bool known;
	int64_t memory_bytes;
	bool has_pressure;
	int64_t waited_milli; /* thousandths of that time */
};

struct measured_rest measure_rest(struct instance *instance);

/*
 * What the instance's network is like now (open connections are not counted), for who looks:
 * nobody's "since the last call" is touched.
 *
 * Returns false where it has none of its own, or cannot be asked.
 */
bool measure_peek(struct instance *instance, struct net_traffic *ret_traffic);
