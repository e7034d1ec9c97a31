// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to the container files of this folder: the mounts of a plan, and what makes and attaches
 * them. All by descriptor; whatever a cloned child uses of it allocates nothing.
 */
#pragma once

#include "runtime/plan.h"

enum plan_mount_kind {
	PLAN_MOUNT_NEW,	      /* a file system of its own */
	PLAN_MOUNT_DEV,	      /* the private /dev, made by the helper */
	PLAN_MOUNT_BIND,      /* source_fd: of a host path, or a detached mount when it is static */
	PLAN_MOUNT_FILE,      /* one of plan->files, by its index */
	PLAN_MOUNT_MASK,      /* hidden below /dev/null or an empty directory */
	PLAN_MOUNT_READ_ONLY, /* bound over itself */
};

#define PLAN_MOUNTS_MAX 256

/* Where shared memory by name is. */
#define SHM_PLACE "/dev/shm"

/* Where control groups are. */
#define GROUPS_PLACE "/sys/fs/cgroup"

/* One mount below a container's root. */
struct plan_mount {
	enum plan_mount_kind kind;
	bool per_run;	/* made by every child; otherwise once, by the helper */
	bool directory; /* what the target is */
	bool made;	/* the target is made where it is missing, links in it are followed */
	bool read_only;
	bool shallow;		   /* BIND: without what is mounted below */
	bool shallow_ro;	   /* BIND: read_only is not for what is mounted below */
	unsigned long propagation; /* BIND: MS_SLAVE, MS_SHARED; 0: private */
	char *target;		   /* absolute; for MASK and READ_ONLY below "/proc" or "/sys" */
	unsigned each;	     /* MASK: '*' in the target is every number below; not all are there */
	const char *type;    /* NEW: borrowed from the defaults */
	char *options;	     /* NEW: for mount(2) */
	unsigned long flags; /* NEW: MS_* */
	int source_fd;
	enum container_item item; /* whom a failure is told of */
	unsigned index;
};

/* The path in which '*' is this number; false: it is longer than @size. */
bool plan_mount_path(const char *pattern, unsigned number, char *ret, size_t size);

/* Attaches one mount below the root; @source_fd: for BIND, a detached mount. */
int plan_mount_apply(const struct plan_mount *mount, int root_fd, int source_fd,
		     struct err *err) must_check;

/*
 * A detached copy of what is at @source_fd, with everything mounted below it: private, nosuid,
 * nodev, read-only where asked, and showing what belongs to the host's id 0 as the container's.
 *
 * Returns the fd or -errno; -EOPNOTSUPP: a file system that cannot do that.
 */
int plan_detach_mount(const struct container_plan *plan, int source_fd, bool read_only,
		      struct err *err) must_check;

/* Like plan_detach_mount(), of the source of a bind and as that asks for. */
int plan_detach_bind(const struct container_plan *plan, const struct plan_mount *bind,
		     struct err *err) must_check;

/* Like plan_detach_mount(), without what is mounted below. */
int plan_detach_dir(const struct container_plan *plan, int source_fd, bool read_only,
		    struct err *err) must_check;

/* Lets the set-user-ID files of a root count where the plan wants that. */
int plan_allow_set_id(const struct container_plan *plan, int root_fd, struct err *err) must_check;

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

/* Adds a layer from a detached mount; number 0 is the upmost. */
int plan_layers_add(int layers_fd, unsigned number, int mount_fd, struct err *err) must_check;

/* Adds our own files, which belong to the container's ids as they are. */
int plan_layers_add_own(int layers_fd, unsigned number, struct err *err) must_check;

/* The configured layers as one read-only directory, attached nowhere. @ret_count: how many. */
int plan_view(const struct container_config *config, int *ret_fd, unsigned *ret_count,
	      struct err *err) must_check;

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

/* Looks up the devices of the configuration and loads the filter that allows them. */
int plan_devices_init(struct container_plan *plan, const struct container_config *config,
		      struct container_fault *fault) must_check;

/* In the helper: the private /dev, detached. Returns the fd or -errno. */
int plan_dev_make(const struct container_plan *plan, struct container_fault *fault) must_check;

/* A small detached file system in memory. Returns the fd or -errno. */
int plan_small_fs(const char *name, struct err *err) must_check;

/* In the helper: fills the empty @root_fd with the host's programs and with its /etc below a layer
 * made in @layers_fd; both are attached to this namespace. */
int plan_host_root(const struct container_plan *plan, int root_fd, int layers_fd,
		   struct err *err) must_check;
