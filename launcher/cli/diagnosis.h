// SPDX-License-Identifier: GPL-2.0-or-later
/* What a host offers, and what davit makes of it: facts in, findings out. Pure. */
#pragma once

#include "runtime/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As read from the host; texts are NULL where there is no such file. */
struct host_facts {
	bool root;
	const char *release;	     /* of the kernel: "6.1.0-18-amd64" */
	bool cgroup2_root;	     /* /sys/fs/cgroup is one */
	bool cgroup2_mount;	     /* there is one anywhere */
	const char *controllers;     /* cgroup.controllers of the v2 root */
	const char *cgroups;	     /* /proc/cgroups */
	const char *user_namespaces; /* /proc/sys/user/max_user_namespaces */
	const char *seccomp_actions; /* /proc/sys/kernel/seccomp/actions_avail */
	const char *filesystems;     /* /proc/filesystems */
	int landlock_version;	     /* 0: none */
	bool nftables;		     /* the kernel answers for it */
	bool pressure;		     /* /proc/pressure is there */
	uint64_t most_files;	     /* hard limit of open files */
	bool raises_files;	     /* this user may raise it */
	const char *pid_max;
	bool skopeo, builder;	/* installed */
	const char *unwritable; /* a directory that cannot be written to; NULL: none */
	uint64_t free_bytes;	/* the least that is free in one of davit's directories */
};

enum finding_state {
	FINDING_OK,
	FINDING_WEAK,	/* works, with less */
	FINDING_BROKEN, /* no stack can run */
};

struct finding {
	const char *subject;
	enum finding_state state;
	char text[160];
	const char *fix; /* what to run or do; NULL: nothing to do, or nothing known */
};

#define FINDINGS_MAX 16

/* Writes a finding per subject, always in the same order; answers how many. */
size_t diagnose(const struct host_facts *facts, struct finding findings[FINDINGS_MAX]);

const char *finding_state_name(enum finding_state state);
