// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to this folder: compiled filters in files, one per profile, capabilities, kernel and
 * build of davit, since compiling takes longer than a start may. What is not whole is not there.
 */
#pragma once

#include "runtime/seccomp/secc.h"

#include <linux/filter.h>
#include <stdbool.h>

/* What a file holds of a filter. */
struct secc_kept {
	uint64_t asked; /* the capabilities any rule asks for */
	uint64_t flags; /* of seccomp(2) */
	struct sock_filter *code;
	unsigned short count;
};

/* Which file a source's filter is in. False where it cannot be told what would change the filter.
 */
bool secc_cache_name(const struct secc_source *source, char ret_name[static SECC_NAME_SIZE]);

/* Whether there is a file of that name, whatever is in it. */
bool secc_cache_has(const char *dir, const char *name);

/* @ret_kept	out: its code is the caller's to free
 *
 * Returns false when there is none, or none to be trusted. */
bool secc_cache_read(const char *dir, const char *name, struct secc_kept *ret_kept);

/* Makes the directory where it is missing. A cache that cannot be written is none. */
void secc_cache_write(const char *dir, const char *name, const struct secc_kept *kept);
