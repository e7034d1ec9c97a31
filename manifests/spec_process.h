// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The surroundings of a service's processes: first process, terminal, kernel settings, and which
 * namespaces they share with whom.
 */
#pragma once

#include "manifests/spec.h"

enum share_kind {
	SHARE_DEFAULT, /* not written: private */
	SHARE_PRIVATE,
	SHARE_HOST,
	SHARE_SERVICE,	 /* those of the instance of another service */
	SHARE_CONTAINER, /* those of a container known by its name */
	SHARE_SHAREABLE, /* ipc: private, and others may join */
	SHARE_NONE,	 /* ipc: private, and without /dev/shm */
};

/* `cgroup`, `ipc`, `pid`, `uts`. */
struct share_spec {
	enum share_kind kind;
	char *name;	     /* SHARE_SERVICE, SHARE_CONTAINER: whose */
	const char *service; /* the service of that name; NULL: none of this stack */
	unsigned index;	     /* of its instance; 0: that of the own number, or the first */
	struct pos pos;
};

struct process_spec {
	bool init;	 /* a first process that reaps and forwards signals */
	bool tty;	 /* stdin, stdout and stderr are a terminal */
	bool stdin_open; /* stdin is a pipe that stays open */
	bool privileged; /* nearly all of the confinement is off */
	struct pos init_pos;
	struct pos tty_pos;
	struct pos stdin_pos;
	struct pos privileged_pos;

	int oom_score_adj; /* -1000 to 1000; default 0 */
	struct pos oom_pos;
	int64_t shm_bytes; /* of /dev/shm; 0: not written, 64 MiB */
	struct pos shm_pos;
	struct text_list sysctls; /* "NAME=value", sorted by name; namespaced names only */

	struct share_spec cgroup;
	struct share_spec ipc;
	struct share_spec pid;
	struct share_spec uts;
};
