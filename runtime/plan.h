// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to the container files of this folder: what container_prepare() lays out and what a
 * cloned child reads. Between clone and exec everything here is read-only.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/caps.h"
#include "runtime/container.h"
#include "runtime/seccomp/secc.h"
#include "runtime/user.h"

#include <limits.h>
#include <stdbool.h>

enum plan_mount_kind {
	PLAN_MOUNT_NEW,	      /* a file system of its own */
	PLAN_MOUNT_BIND,      /* source_fd: of a host path, or a detached mount when it is static */
	PLAN_MOUNT_MASK,      /* hidden below /dev/null or an empty directory */
	PLAN_MOUNT_READ_ONLY, /* bound over itself */
};

#define PLAN_MOUNTS_MAX 256

/* One mount below a container's root. */
struct plan_mount {
	enum plan_mount_kind kind;
	bool per_run;	/* made by every child; otherwise once, by the helper */
	bool directory; /* what the target is */
	bool made;	/* the target is made where it is missing, links in it are followed */
	bool read_only;
	char *target;	     /* absolute; for MASK and READ_ONLY below "/proc" or "/sys" */
	const char *type;    /* NEW: borrowed from the defaults */
	char *options;	     /* NEW: for mount(2) */
	unsigned long flags; /* NEW: MS_* */
	int source_fd;
	enum container_item item; /* whom a failure is told of */
	unsigned index;
};

struct container_plan {
	int state_fd;	      /* emptied at the end; -1 before there is anything in it */
	int namespace_fd;     /* the prepared mount namespace */
	unsigned layer_count; /* writable: how many are below the layer of every run */
	bool writable;
	bool host_network;
	struct plan_mount *mounts; /* parents before children */
	size_t mount_count;
	struct strv argv;
	struct strv env;
	struct strv candidates; /* absolute paths to try in order */
	char *search_path;	/* PATH of the environment */
	char *working_dir;
	char *resolv_conf;  /* NULL: not mounted */
	bool own_hosts;	    /* the configuration mounts something over /etc/hosts */
	bool hostname_file; /* the root has a file /etc/hostname that is not the run's */
	struct user user;
	struct caps caps;
	const struct secc *filter;
	struct container_rlimit *rlimits;
	size_t rlimit_count;
};

/* Fills the fault: whom it belongs to. The text is fault->err's. Returns -fault->err.code. */
int fault_of(struct container_fault *fault, enum container_item item, unsigned index);

/* "volume /x: no such directory" and its kin. Returns -errnum. */
int fault_set(struct container_fault *fault, enum container_item item, int errnum, const char *fmt,
	      ...) format_like(4, 5);

/*
 * The only clone3 of the runtime.
 *
 * Returns 0 in the child, the pid in the parent, -errno.
 *
 * @flags	CLONE_*; CLONE_PIDFD is added, and CLONE_INTO_CGROUP where @cg has such a group
 * @ret_pidfd	out, in the parent: owned by the caller
 */
pid_t plan_clone(uint64_t flags, const struct cg *cg, int *ret_pidfd);

/* Attaches one mount below the root; @source_fd: for BIND, a detached mount. */
int plan_mount_apply(const struct plan_mount *mount, int root_fd, int source_fd,
		     struct err *err) must_check;

/*
 * A detached copy of what is at @source_fd, with everything mounted below it: private, nosuid,
 * nodev, and read-only where asked. Returns the fd or -errno.
 */
int plan_detach_mount(int source_fd, bool read_only, struct err *err) must_check;

/* Like plan_detach_mount(), without what is mounted below. */
int plan_detach_dir(int source_fd, bool read_only, struct err *err) must_check;

/* Attaches a detached mount at @name, made where it is missing. */
int plan_attach(int parent_fd, const char *name, int mount_fd, struct err *err) must_check;

/* Where a writable root's layers are in the prepared namespace: a place that every root has and
 * where nothing is mounted yet. */
#define PLAN_LAYERS_PLACE "/proc"

/* What is beside the numbered layers. */
#define PLAN_LAYERS_OWN	 "own"	/* files of ours that become a layer */
#define PLAN_LAYERS_RUN	 "run"	/* a run's upper and work */
#define PLAN_LAYERS_ROOT "root" /* the overlay of a run */

/* A place for layers, attached at @name below @state_fd: in memory and reachable by nobody, for
 * were it a directory of the host, its removal would take the marks away that hide things from
 * containers still running. Returns the fd or -errno. */
int plan_layers_make(int state_fd, const char *name, struct err *err) must_check;

/* Opens the layer of our own files. Returns the fd or -errno. */
int plan_layers_own(int layers_fd, struct err *err) must_check;

/* Adds what is at @source_fd, without what is mounted below it; number 0 is the upmost layer. */
int plan_layers_add(int layers_fd, unsigned number, int source_fd, struct err *err) must_check;

/* A detached overlay of the first @count layers; writable: below upper and work in
 * PLAN_LAYERS_RUN. Moves the working directory. Returns the fd or -errno. */
int plan_overlay(int layers_fd, unsigned count, bool writable, struct err *err) must_check;

/* Makes @root_fd, the root of a mount of this namespace, its root, and drops all others. */
int plan_pivot(int root_fd, struct err *err) must_check;

/* Fills plan->mounts from the configuration; opens the sources of binds. @root_fd: the directory
 * root, -1 for the host's. */
int plan_mounts_init(struct container_plan *plan, int root_fd,
		     const struct container_config *config,
		     struct container_fault *fault) must_check;

/* A small detached file system in memory. Returns the fd or -errno. */
int plan_small_fs(const char *name, struct err *err) must_check;

/* In the helper: fills the empty @root_fd with the host's programs and with its /etc below a layer
 * made in @layers_fd; both are attached to this namespace. */
int plan_host_root(const struct container_plan *plan, int root_fd, int layers_fd,
		   struct err *err) must_check;

/* In the helper, in a mount namespace of its own; never returns. What it finds goes to @answer_fd
 * as a struct plan_answer. */
_Noreturn void plan_helper(const struct container_plan *plan, const struct container_config *config,
			   int answer_fd, pid_t parent);

/* What the helper found out; the fault counts when its code is not 0. */
struct plan_answer {
	struct container_fault fault;
	struct user user;
	char program[PATH_MAX]; /* empty: may be on a mount of every run, to be searched then */
};

/* The absolute paths argv[0] may mean: itself, or one per entry of @search_path. */
int plan_candidates(const char *program, const char *search_path, const char *working_dir,
		    struct strv *ret, struct err *err) must_check;

/* "NAME=value" added, replacing an earlier value where @override. */
void plan_env_put(struct strv *env, const char *assignment, bool override);
/* The value of NAME, or NULL. */
const char *plan_env_get(const struct strv *env, const char *name);

/* True when @fd is the running executable itself, which no container may get hold of. */
bool plan_is_self(int fd);
