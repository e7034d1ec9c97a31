// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The JSON format of system call profiles that the container engines share, to struct profile.
 * Pure.
 *
 * Refused, each with its place: what the format does not know, actions that need somebody to
 * answer (SCMP_ACT_NOTIFY), and what is beyond the limits below. Rules of other architectures are
 * read and never met.
 */
#pragma once

#include "runtime/base/err.h"
#include "runtime/seccomp/profile.h"

#define PROFILE_BYTES_MAX (4 << 20)
#define PROFILE_RULES_MAX 2048
/* In all rules together. */
#define PROFILE_NAMES_MAX 8192

/*
 * @ret_profile	out: owned by the caller, profile_free(); untouched on failure
 * @err		"NAME:LINE:COLUMN: …" for what is no JSON, else "NAME: syscalls[3].args[0].op: …"
 */
int profile_parse(const struct profile_text *text, struct profile **ret_profile,
		  struct err *err) must_check;

/* Of one that was parsed. Accepts NULL. */
void profile_free(struct profile *profile);
