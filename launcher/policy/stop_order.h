// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which services have to wait with stopping, because something that depends on them and that is to
 * go as well still runs. Private to reconcile.
 */
#pragma once

#include "launcher/policy/observed.h"
#include "runtime/base/err.h"

/* All instances of one service, in the stack or not. */
struct group {
	const char *name;
	long service;		    /* in stack->services; -1: not in the stack */
	const struct service *spec; /* whose depends_on counts; NULL: not known */
	unsigned replicas;	    /* 0 for a service that is not in the stack */
	size_t first;		    /* its instances in the sorted list */
	size_t count;
	bool leaving; /* one of them runs and is not wanted any more */
	bool held;    /* out: it has to wait */
};

/*
 * Sets `held` of every group.
 *
 * @groups	sorted by name, `leaving` filled
 *
 * Manifests of different times may, together, depend in circles: these services wait for none of
 * their circle. Returns 0 or -ENOMEM.
 */
int stop_order(struct group *groups, size_t count, struct err *err) must_check;
