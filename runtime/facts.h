// SPDX-License-Identifier: GPL-2.0-or-later
/* What confines the runs of a plan: for people to read, and never a base for decisions. */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/container.h"

/* Everything is the plan's and valid as long as it. */
struct container_facts {
	char *const *argv;
	const char *working_dir;
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* supplementary */
	size_t group_count;
	uint64_t capabilities; /* bit n: of the bounding set; see container_capability_names() */
	uint64_t ambient;
	bool writable;		/* a layer of the run's own is above the root */
	uint32_t first_id;	/* of the host, what 0 is inside */
	uint32_t id_count;	/* 0: the ids are the host's */
	bool filtered;		/* system calls are */
	bool own_profile;	/* by a profile of the configuration */
	unsigned filter_length; /* instructions */
	int landlock;		/* version of the rules; 0: none */
	bool device_filter;
	bool new_privileges; /* are to be had by set-user-ID programs */
	bool shares_network; /* the namespaces that are the host's */
	bool shares_pid;
	bool shares_ipc;
	bool shares_uts;
	bool shares_cgroup;
};

void container_plan_facts(const struct container_plan *plan, struct container_facts *ret_facts);

/* One mount of a run, besides the root. */
struct container_mount_fact {
	const char *target;
	const char
		*what; /* "bind", "file", "dev", "masked", "read-only", or a file system's type */
	bool read_only;
};

/* False behind the last. Parents come before children. */
bool container_plan_mount(const struct container_plan *plan, size_t index,
			  struct container_mount_fact *ret_mount);

/* Appends "CAP_CHOWN" and so on. */
void container_capability_names(uint64_t set, struct strv *ret_names);
