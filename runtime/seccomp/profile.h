// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System call profiles as data: what secc compiles. The default one is a table of this folder,
 * others are read from the JSON format the container engines share. Pure: no system call, no
 * libseccomp.
 */
#pragma once

#include "runtime/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Ways to compare one argument, which is 64 bits wide. */
enum profile_test {
	PROFILE_EQUAL,
	PROFILE_DIFFERENT,
	PROFILE_BELOW,
	PROFILE_AT_MOST,
	PROFILE_AT_LEAST,
	PROFILE_ABOVE,
	PROFILE_MASKED, /* (argument & value) == second */
};

#define PROFILE_ARGUMENTS 6

struct profile_argument {
	unsigned index;
	enum profile_test test;
	uint64_t value;
	uint64_t second;
};

#define PROFILE_KERNEL(version, revision) ((unsigned)(version) << 8 | (unsigned)(revision))

/* What some calls are answered, under conditions which all have to be met. */
struct profile_rule {
	const char *const *calls; /* NULL-terminated */
	uint32_t answer;	  /* SECCOMP_RET_* with its data */
	const struct profile_argument *arguments;
	size_t argument_count;	/* all must hold; with one index named twice, any */
	uint64_t with;		/* capabilities, all of them held */
	uint64_t without;	/* capabilities, none of them held */
	unsigned kernel_from;	/* PROFILE_KERNEL; 0: any */
	unsigned kernel_before; /* 0: any */
};

/* Architectures a 64-bit kernel runs besides its own. */
enum {
	PROFILE_X86 = 1,
	PROFILE_X32 = 2,
	PROFILE_ARM = 4,
};

struct profile {
	uint32_t answer;     /* of every call no rule is met for */
	unsigned long flags; /* SECCOMP_FILTER_FLAG_* */
	unsigned arches;     /* PROFILE_X86 …; the native one always */
	const struct profile_rule *rules;
	size_t rule_count;
	/* Commands of ioctl(2) answered EPERM although the call is allowed, by their lower half as
	 * the kernel takes them. */
	const uint32_t *refused_ioctls;
	size_t refused_ioctl_count;
};

/* A profile as somebody wrote it. Borrowed. */
struct profile_text {
	const char *name; /* in messages */
	const char *bytes;
	size_t len;
};

/* What a container gets that asks for no other. */
extern const struct profile profile_default;
