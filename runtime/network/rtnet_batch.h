// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to the rtnet*.c files: their netlink socket, and requests that travel together.
 */
#pragma once

#include "runtime/base/err.h"
#include "runtime/base/ip.h"

#include <stdbool.h>

#define RTNET_BATCH_MAX 8

struct nl_msg;
struct nl_sock;

struct rtnet {
	struct nl_sock *sock;
};

/* Zero-initialise. */
struct rtnet_batch {
	struct nl_msg *msgs[RTNET_BATCH_MAX];
	const char *what[RTNET_BATCH_MAX];
	unsigned count;
	bool failed; /* out of memory while building */
};

void rtnet_batch_drop(struct rtnet_batch *batch);
#define autobatch __attribute__((cleanup(rtnet_batch_drop)))

/* Takes over @msg; NULL stands for a failed allocation.
 *
 * @what	is done, for messages; borrowed */
void rtnet_batch_add(struct rtnet_batch *batch, struct nl_msg *msg, const char *what);

/*
 * Runs the batch. The kernel goes on after a failed request, so all answers are awaited; the first
 * failure is the one that counts.
 *
 * @name	what it is done to, for messages
 */
int rtnet_batch_run(struct rtnet *rtnet, struct rtnet_batch *batch, const char *name,
		    struct err *err) must_check;

/* Requests for a batch, NULL for a failed allocation; see rtnet_neighbour.c. */

/* From here on @address is at @mac on the link. */
struct nl_msg *rtnet_neighbour_message(int index, const struct ip *address,
				       const unsigned char mac[6]);

/* From here on it is not known where it is; -ENOENT: it was not known before. */
struct nl_msg *rtnet_stranger_message(int index, const struct ip *address);

/* What a bridge has for @mac goes to this port of it alone, as long as there is the port. */
struct nl_msg *rtnet_behind_message(int port_index, const unsigned char mac[6]);
