// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System call filters: the default allow-list compiled to a BPF program, once per distinct set of
 * capabilities that makes a difference to it.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdint.h>

struct secc; /* a compiled, immutable, shared filter */

/*
 * @capabilities	bit n: capability n is in the container's bounding set
 * @ret_filter		out: secc_release() it
 */
int secc_acquire(uint64_t capabilities, const struct secc **ret_filter, struct err *err) must_check;

/* Accepts NULL. */
void secc_release(const struct secc *filter);

/* Loads the filter into the calling process, which must have set no_new_privs. Allocates nothing.
 */
int secc_load(const struct secc *filter, struct err *err) must_check;
