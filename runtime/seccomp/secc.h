// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System call filters: profiles compiled to BPF programs, once per distinct profile and set of
 * capabilities that makes a difference to it, and shared by everybody who wants the same.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct profile_text;

struct secc; /* a compiled, immutable, shared filter */

struct secc_source {
	const struct profile_text *profile; /* NULL: the default one */
	uint64_t capabilities; /* bit n: capability n is in the container's bounding set */
	const char *cache_dir; /* where compiled filters are kept; NULL: nowhere */
};

/*
 * @ret_filter		out: secc_release() it; untouched on failure
 * @err		one line, whatever is in the profile: its name, the place in it, the fault
 */
int secc_acquire(const struct secc_source *source, const struct secc **ret_filter,
		 struct err *err) must_check;

#define SECC_NAME_SIZE 65

/* Whether secc_acquire() would have to compile and then keep the filter, and under which name. */
bool secc_missing(const struct secc_source *source, char ret_name[static SECC_NAME_SIZE]);

/* Accepts NULL. */
void secc_release(const struct secc *filter);

/* Loads the filter into the calling process, which must have set no_new_privs or have
 * CAP_SYS_ADMIN. Allocates nothing. */
int secc_load(const struct secc *filter, struct err *err) must_check;

/* How many instructions it has, all that stands in front included. */
unsigned secc_length(const struct secc *filter);
