// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the keeper has of an instance, by what it is: so that last words, an address or a terminal
 * are still there when process and supervisor have both ended. An instance that the keeper has
 * nothing of is adopted all the same.
 */
#pragma once

#include "launcher/supervisor/instance.h"
#include "launcher/supervisor/keep.h"

enum kept_part {
	KEPT_STDOUT, /* our ends of the pipes */
	KEPT_STDERR,
	KEPT_TERMINAL,
	KEPT_NETWORK, /* its namespace */
	KEPT_PROCESS, /* of this run: a pidfd, where nobody else will tell how it ends */
	KEPT_PARTS,
};

/* @fd stays the caller's, open until kept_drop(). */
void kept_store(const struct instance *instance, enum kept_part part, int fd);

/* What a predecessor has stored: owned by the caller, stored as before; -1: nothing. */
int kept_take(const struct instance *instance, enum kept_part part);

void kept_drop(const struct instance *instance, enum kept_part part);

/* The same of the process of a run whose instance is not made yet. */
int kept_take_process(struct keep *keep, const char *instance, unsigned run);

void kept_drop_process(struct keep *keep, const char *instance, unsigned run);
