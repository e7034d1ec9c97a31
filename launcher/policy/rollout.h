// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the instances of a service make room for those of a new revision: `update_config`, and
 * `rollback_config` on the way back. Pure; reconcile.h and surplus.h act by it.
 *
 * The old one goes first, unless `order: start-first` has more than are wanted run for a while:
 * then an old one is not needed any more when a new one is in place.
 */
#pragma once

#include "launcher/policy/observed.h"

/* How far it is, of one service. Who stops is no part of it but of `stopping`. */
struct rollout_progress {
	unsigned outdated; /* run, and are to be replaced when it is their turn */
	unsigned current;
	unsigned settled; /* of the current ones: in place, and watched for long enough */
	unsigned failed;  /* of the current ones: failed, or run unready, or end again and again */
	unsigned stopping;
};

/* Adds one instance. */
void rollout_count(const struct observed *instance, const struct desired *desired,
		   struct rollout_progress *progress);

/* Is it to be replaced when it is its turn, and not at once because somebody asked for it? */
bool rollout_concerns(const struct observed *instance, const struct desired *desired);

/* How many at a time, at least 1. */
unsigned rollout_parallelism(const struct desired *desired);

bool rollout_starts_first(const struct desired *desired);

/* Have more of the current ones failed than may? */
bool rollout_has_failed(const struct desired *desired, const struct rollout_progress *progress);

/* Does it go no further for that? */
bool rollout_is_paused(const struct desired *desired, const struct rollout_progress *progress);

/* How many of the current ones are waited for no more: settled ones, and failed ones that may. */
unsigned rollout_done(const struct desired *desired, const struct rollout_progress *progress);

/* With start-first: how many more current ones may be made beside those there are. */
unsigned rollout_surge(const struct desired *desired, const struct rollout_progress *progress);
