// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Capability sets: names to bits (libcap, allocating, in the parent) and giving up all others
 * (plain system calls, in the cloned child).
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bit n stands for capability number n. */
struct caps {
	uint64_t keep;	  /* bounding set; permitted and effective for uid 0 */
	uint64_t ambient; /* what a user other than 0 keeps: only what was asked for by name */
};

/*
 * The set that results from the defaults, then @drop, then @add, "ALL" counting first as the
 * engines do.
 *
 * @add, @drop	NULL-terminated lists of "CAP_X" or "ALL"; may be NULL
 *
 * Returns 0; -EINVAL for a name the kernel does not know; -EPERM for one davit itself does not
 * hold (err names it).
 */
int caps_resolve(const char *const *add, const char *const *drop, struct caps *ret_caps,
		 struct err *err) must_check;

#define CAPS_NAME_MAX 40

/* "CAP_CHOWN"; one that the library does not know: "42". */
void caps_name(unsigned number, char *ret_name, size_t size);

/* Whether one of the set counts for nothing in a user namespace of its own; its name is stored.
 * @network: the network namespace belongs to that, too. */
bool caps_host_only(const struct caps *caps, bool network, char *ret_name, size_t size);

/* Whether there is one that counts for networks. */
bool caps_for_network(const struct caps *caps);

/* Gives up everything outside the set in the bounding set. Allocates nothing. */
int caps_bound(const struct caps *caps, struct err *err) must_check;

/* Sets permitted, effective, inheritable and ambient for a process that is @uid by now (having
 * kept its capabilities over the change). Those of @until_exec stay in effect, too; the next exec
 * takes them away, being neither inheritable nor in the bounding set. Allocates nothing. */
int caps_apply(const struct caps *caps, uid_t uid, uint64_t until_exec, struct err *err) must_check;
