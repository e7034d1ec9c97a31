// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How fast an instance may be asked by datagrams whether somebody is there. A kernel refuses those
 * of one sender six times at once, then once a second, whatever ports they are for; further ones it
 * drops without a word, as if there were somebody. So all that ask an instance share this. Pure.
 */
#pragma once

#include <stdint.h>

/* Zero-initialise. */
struct pace {
	unsigned spent;	 /* refusals that the kernel has not got back */
	int64_t last_ms; /* when it got the last one back, or began to */
	int64_t next_ms; /* nobody asks before */
};

/* One is on its way; no other one is for @wait_ms, by when a refusal would have come. */
void pace_begin(struct pace *pace, int64_t now_ms, int64_t wait_ms);

/* It was refused. */
void pace_refused(struct pace *pace, int64_t now_ms);
