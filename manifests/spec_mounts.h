// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Volumes: what is mounted in an instance, and the named ones of a stack.
 */
#pragma once

#include "manifests/spec.h"

enum mount_kind {
	MOUNT_BIND,
	MOUNT_VOLUME, /* `source` names one of stack->volumes, or is NULL: anonymous, one per
			 instance */
	MOUNT_TMPFS,
};

/* What is mounted below a bind later on, on which side it is seen. */
enum mount_propagation {
	PROPAGATION_PRIVATE, /* neither; rprivate is the same here */
	PROPAGATION_SLAVE,   /* the host's mounts below the source itself */
	PROPAGATION_RSLAVE,  /* and below what was mounted there */
	PROPAGATION_SHARED,  /* both sides see the mounts of the other */
	PROPAGATION_RSHARED,
};

/* What becomes of the mounts that are below the source of a bind already. */
enum mount_recursion {
	RECURSION_ENABLED,  /* they come along, read-only where the bind is */
	RECURSION_DISABLED, /* they do not come along */
	RECURSION_WRITABLE, /* they come along and stay writable below a read-only bind */
	RECURSION_READONLY, /* as enabled */
};

/* One entry of `volumes` or `tmpfs`. */
struct mount_spec {
	enum mount_kind kind;
	char *source; /* bind: absolute, normalised host path */
	char *target; /* absolute, normalised path in the instance, never "/" */
	bool read_only;
	bool create_host_path;		    /* bind: make a missing source directory */
	bool engine_socket;		    /* bind: of an engine that need not be there */
	bool no_copy;			    /* volume: a new one stays empty */
	enum mount_propagation propagation; /* bind */
	enum mount_recursion recursion;	    /* bind */
	char *subpath; /* volume: normalised path below its top, without a slash in front; NULL:
			  the top */
	struct text_list labels; /* volume: of an anonymous one */
	int64_t tmpfs_bytes;	 /* 0: the default of the runtime */
	int64_t tmpfs_inodes;	 /* 0: the default of the kernel */
	int64_t tmpfs_uid;	 /* -1: root */
	int64_t tmpfs_gid;	 /* -1: root */
	int tmpfs_mode;		 /* -1: 01777 */
	bool tmpfs_exec;	 /* its files may be executed */
	struct pos pos;		 /* of the entry */
	struct pos source_pos;	 /* of the source inside it (same as pos for the short form) */
};

/* One entry of `volumes_from`; what it gives is among the mounts of the service. */
struct mount_donor {
	char *service;
	bool read_only;
	struct pos pos;
};

/* One entry of the top-level `volumes`. */
struct volume {
	char *key;  /* the name services refer to */
	char *name; /* the name in the store: `name:`, else STACK_key */
	bool external;
	char *device; /* driver_opts of a bind: the absolute host path it stands for; NULL: none */
	struct text_list driver_opts; /* "key=value", sorted by key */
	struct text_list labels;
	struct pos pos;
};
