// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: a process that connects endpoints beside this one, since the kernel's
 * lock on links is held by others for tens of milliseconds at a time. One after the other, in the
 * order in which they were asked for. It dies with this process, and what it was at goes with it.
 */
#pragma once

#include "runtime/base/err.h"
#include "runtime/network/wiring.h"

struct net_beside;

/* Starts one, in the calling thread's network namespace. */
int net_beside_open(struct net_beside **ret_beside, struct err *err) must_check;

/* Ends it, whatever it is at. Returns the pidfd of a child that is still to be reaped, the
 * caller's; -1: there is none. Accepts NULL. */
int net_beside_end(struct net_beside *beside) must_check;

/* Waits for the end of what net_beside_end() returned, and takes it. */
void net_beside_reap(int pidfd);

/* Readable when there are answers, or none are to come. */
int net_beside_fd(const struct net_beside *beside);

/* -EAGAIN: it has enough to do; -EMSGSIZE: that is too much for it. */
int net_beside_order(struct net_beside *beside, const struct wiring *wiring,
		     struct err *err) must_check;

struct net_beside_answer {
	uint64_t id;  /* of the wiring */
	int netns_fd; /* owned by the caller; -1: it could not be made */
};

/*
 * The next answer.
 *
 * @wait	for it, but not for long: then the process is ended
 *
 * Returns 0; -EAGAIN: there is none; another -errno: the process is gone, and none will come.
 */
int net_beside_take(struct net_beside *beside, bool wait,
		    struct net_beside_answer *ret_answer) must_check;
