// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether, and after which delay, an instance is started again. Pure; times are milliseconds of
 * CLOCK_MONOTONIC that the caller read.
 *
 * Delay: 100 ms, doubled for every run shorter than 10 s, at most 60 s; a run of 10 s or more
 * starts again at 100 ms (the engine's curve). `deploy.restart_policy.delay`, when written, is a
 * fixed delay instead. Attempts: as the engine's on-failure[:N] over the whole life, or, with a
 * `window`, as swarmkit's: the restarts inside the window before this end must be fewer than N.
 * `x-restart` changes the curve's numbers, adds jitter, and bounds restarts by burst and interval
 * in the same sliding way; its exit statuses are asked before everything else, prevent before
 * force.
 */
#pragma once

#include "launcher/policy/run_end.h"
#include "manifests/stack.h"

#define RESTART_CRASH_LOOP_ENDS 5

/* Restart times remembered for `window`. A max_attempts above it counts as it when there is a
 * window: the instance gives up earlier than asked, never later. */
#define RESTART_RING RESTART_BURST_MAX

/* Of one instance of one revision; zero-initialise, plain data, may be stored and read back. */
struct restart_history {
	unsigned restarts;  /* granted since the beginning: what `ps` shows */
	unsigned streak;    /* short runs in a row, the last one included */
	unsigned doublings; /* steps of the next delay on its curve */
	uint64_t seed; /* of the jitter: tells instances that end together apart; set by the caller
			*/
	int64_t granted_ms[RESTART_RING]; /* when the last ones were granted, as a ring */
};

enum restart_decision {
	RESTART_AGAIN,
	RESTART_COMPLETE, /* ended as wanted */
	RESTART_FAIL,	  /* ended otherwise, and stays so */
};

struct restart_verdict {
	enum restart_decision decision;
	int64_t delay_ms; /* RESTART_AGAIN: from now to the next start */
	bool exhausted;	  /* it would have been restarted, but max_attempts or burst is spent */
};

/*
 * Decides what follows the end of a run, and records it.
 *
 * @history	in/out: the run that ended, and the restart if one is granted, are recorded
 * @ran_ms	how long the run lasted; 0 when the start failed
 * @now_ms	when it ended
 *
 * A start that failed and an unknown end are failures like exit 1. RESTART_NO: exit 0 completes,
 * all else fails. RESTART_ON_FAILURE: exit 0 completes. RESTART_ALWAYS and RESTART_UNLESS_STOPPED
 * restart after every end (a wanted stop never gets here: the instance is `stopping` then). When
 * max_attempts or burst is spent, or the exit status prevents it, exit 0 completes and all else
 * fails. A status that forces a restart does so for every policy, as often as the counts allow.
 */
struct restart_verdict restart_decide(const struct restart_spec *spec,
				      struct restart_history *history, const struct run_end *end,
				      int64_t ran_ms, int64_t now_ms);

/*
 * True from the fifth short run in a row (shorter than 10 s or `reset_after`, whatever it ended
 * with) until one is not short. Without our own delays these five fall into one minute, which is
 * the usual measure; counting them this way recognises a loop that a long `delay` slows down, too.
 */
bool restart_crash_looping(const struct restart_history *history);
