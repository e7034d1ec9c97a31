// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a predecessor has written of the stack (stack_text.h) becomes what is wanted again: the
 * manifests in effect, plans, services, networks, ports. Instances are adopt.h's.
 */
#pragma once

#include "launcher/supervisor/plan.h"

struct err;
struct json_t;
struct supervisor;

struct restored {
	struct json_t *text; /* NULL: there is nothing to restore */
	struct plan **plans;
	size_t plan_count;
};

/*
 * Looks whether there is something to restore: written since the host was started, and whole.
 *
 * Returns 0, also when there is not; -EPROTONOSUPPORT: a newer davit has written it.
 */
int restore_read(struct supervisor *sup, struct restored *ret, struct err *err) must_check;

/*
 * What lacks memory or descriptors now is not lost: true, and sup->starved is set. Then nothing may
 * be removed, and this supervisor is to end: the next one tries again.
 */
bool restore_starves(struct supervisor *sup, const struct err *err);

/* The same, and it is told that something of an instance was not taken over. */
void restore_not_adopted(struct supervisor *sup, const char *instance, const struct err *err);

/* The same for what makes no sense: once, since a library that lacked memory may be why. */
void restore_doubts(struct supervisor *sup);

/* It made sense after all, or not the second time, either. */
void restore_decided(const struct supervisor *sup);

/* Restores it. What cannot be is told, and is as if it had not been there. */
void restore_stack(struct supervisor *sup, struct restored *restored);

/* The plan of that number; NULL: it could not be restored. Borrowed. */
struct plan *restore_plan(const struct restored *restored, unsigned number);

/* Accepts a zeroed one. */
void restore_free(struct restored *restored);
#define autorestored __attribute__((cleanup(restore_free)))
