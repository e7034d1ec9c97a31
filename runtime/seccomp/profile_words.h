// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to this folder: the words of the profile format and what they stand for. Data only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct profile_word {
	const char *word; /* NULL ends a table */
	uint64_t value;
};

/* SECCOMP_RET_* without data. */
extern const struct profile_word profile_actions[];
/* enum profile_test. */
extern const struct profile_word profile_tests[];
/* SECCOMP_FILTER_FLAG_*. */
extern const struct profile_word profile_flags[];
/* SCMP_ARCH_*: PROFILE_NATIVE or PROFILE_X86 and its kin; 0: of other machines. */
extern const struct profile_word profile_arch_tokens[];
/* As in "includes" and "excludes": 1 for the machine this is compiled for. */
extern const struct profile_word profile_machines[];
/* CAP_*: the number. */
extern const struct profile_word profile_capabilities[];

#define PROFILE_NATIVE 0x100

/* NULL when the table has no such word. */
const struct profile_word *profile_word(const struct profile_word *table, const char *word);

/* "EPERM" and its kin; -1 when there is none of that name. */
int profile_errno(const char *name);
