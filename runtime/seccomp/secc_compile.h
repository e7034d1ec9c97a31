// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to this folder: a profile becomes a BPF program. Allocates, knows no processes.
 */
#pragma once

#include "runtime/base/err.h"
#include "runtime/seccomp/profile.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For whom a profile is compiled. */
struct secc_host {
	uint64_t capabilities; /* bit n: capability n is held */
	unsigned kernel;       /* PROFILE_KERNEL() of the running one */
};

/* A program on its way; the caller frees `code`. */
struct secc_code {
	struct sock_filter *code;
	unsigned short count;
};

/*
 * Rules of which the conditions are met count in their order; libseccomp lets the first of two that
 * contradict each other win, and one without arguments over those with.
 *
 * Returns 0; -E2BIG when the program is larger than the kernel takes, or takes longer than a
 * second to make; -EEXIST for rules that
 * contradict each other; -ENOMEM.
 */
int secc_compile(const struct profile *profile, const struct secc_host *host, struct secc_code *ret,
		 struct err *err) must_check;

/* The version of what compiles. */
void secc_compiler(unsigned ret_version[static 3]);

/* A call the linked libseccomp has no name for. */
struct secc_newer {
	uint32_t number;
	uint32_t answer;
};

#define SECC_NEWER_MAX 64

/* The first number that is the same on every architecture. */
#define SECC_UNIFIED 403

/* What stands in front of libseccomp's program for one architecture, because that cannot express
 * it. */
struct secc_head {
	uint32_t arch;	    /* AUDIT_ARCH_* */
	uint32_t ioctls[2]; /* the numbers of ioctl(2); 0: none */
	bool native;
	bool has_x32; /* numbers from SECC_X32_BIT on are of another architecture */
	const struct profile *profile;
	const struct secc_newer *newer;
	size_t newer_count;
	uint32_t newest; /* what is above answers ENOSYS; UINT32_MAX: nothing */
};

/* Set in the numbers of x86-64's x32 calls; above every number elsewhere. */
#define SECC_X32_BIT 0x40000000

/* Instructions of one head at most. */
#define SECC_HEAD_MAX 256

/* Returns the number of instructions written. */
unsigned short secc_head(const struct secc_head *head, struct sock_filter code[SECC_HEAD_MAX]);
