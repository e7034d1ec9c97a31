// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The default profile as data: equal in effect to the container engines' common default, less
 * the calls that create user namespaces. What is not listed fails with EPERM; what is newer than
 * the newest name here with ENOSYS, so that C libraries fall back to what is older.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROFILE_ALWAYS (-1)

/* Ways to compare one argument. */
enum profile_test {
	PROFILE_ANY_ARGUMENT,
	PROFILE_EQUAL,	   /* argument == value */
	PROFILE_DIFFERENT, /* argument != value */
	PROFILE_NO_BITS,   /* (argument & value) == 0 */
	PROFILE_BELOW,	   /* argument < value */
	PROFILE_ABOVE,	   /* argument > value */
};

/* Allows every call of the list when its capability is held. */
struct profile_group {
	int capability; /* PROFILE_ALWAYS or a number of linux/capability.h */
	const char *const *calls;
};

/* Allows a call for some values of one argument. */
struct profile_rule {
	const char *call;
	unsigned argument;
	enum profile_test test;
	uint64_t value;
	int without; /* only when this capability is not held; PROFILE_ALWAYS */
};

extern const struct profile_group profile_groups[];
extern const size_t profile_group_count;
extern const struct profile_rule profile_rules[];
extern const size_t profile_rule_count;
