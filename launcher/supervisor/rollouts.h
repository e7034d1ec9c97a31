// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One revision of a service follows another: what it takes besides what settle() does anyway. New
 * instances are watched for as long as update_config says, and where they fail it may say that the
 * revision before is wanted again.
 */
#pragma once

#include "launcher/supervisor/settle.h"

/* What `up` makes of a service: the rollout that @after begins, or goes on with, @before being what
 * there was. */
void rollouts_begin(const struct unit *before, struct unit *after);

/* Marks instances that are watched, and sees to it that settle() runs when one is no longer. */
void rollouts_watch(struct supervisor *sup, struct situation *situation);

/* Ends rollouts that are done, and turns back those that have failed: returns whether there were
 * any, and so whether there is something to settle. */
bool rollouts_judge(struct supervisor *sup, const struct situation *situation);

/* Names of services that run the revision before the one that was asked for, which has failed.
 * NULL: no memory. */
struct json_t *rollouts_turned_back(const struct supervisor *sup);
