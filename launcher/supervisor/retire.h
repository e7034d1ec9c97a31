// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What has ended for us but not for the kernel yet: cgroups with dying processes, children that
 * nobody waits for. Nothing here blocks.
 */
#pragma once

#include "runtime/cgroup/cg.h"

struct supervisor;

/* What it takes to retire a group: made before the group is used, so that it is not lacking when it
 * has to go. The caller's to free(). */
struct retired;
int retire_place(struct retired **ret_place, struct err *err) must_check;

/*
 * Kills what is left in the group and removes it as soon as the kernel lets go of it. Takes @place
 * and @cg.
 *
 * @busy	there is more urgent work: the removal is not even tried yet
 */
void retire_cgroup(struct supervisor *sup, struct retired *place, struct cg *cg, bool busy);

/* Timer callback: tries again. */
void retire_poll(void *sup);

/* Kills a child that nobody is interested in any more and reaps it when it has died. Takes the fd.
 */
void retire_process(struct supervisor *sup, int pidfd);

/* The same of one that ends with its instance: it is killed only where it could not be watched. */
void retire_unasked(struct supervisor *sup, int pidfd);

/* Forgets all of it; the loop must be over. */
void retire_close(struct supervisor *sup);
