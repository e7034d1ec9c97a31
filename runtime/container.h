// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One container: struct container_config -> kernel.
 *
 * The work is split by how often it is needed. container_prepare(), once per revision: names
 * resolved, root file system assembled in a mount namespace of its own, seccomp program compiled,
 * argv and environment laid out. container_start(), once per run: one clone3, a copy of the
 * prepared namespace, a flat array of steps executed in the child without allocating, exec. The
 * result of the exec comes back on a close-on-exec pipe as a struct container_fault.
 *
 * Knows no services and no manifests. Single-threaded; never waits for the child.
 */
#pragma once

#include "runtime/base/err.h"
#include "runtime/cgroup/cg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What of the configuration a failure belongs to, so that the caller can point to where it was
 * asked for. */
enum container_item {
	CONTAINER_ITEM_NONE, /* the kernel or davit itself */
	CONTAINER_ITEM_ROOT,
	CONTAINER_ITEM_MOUNT, /* fault.index: which of config.mounts */
	CONTAINER_ITEM_FILE,  /* fault.index: which of config.files */
	CONTAINER_ITEM_USER,
	CONTAINER_ITEM_WORKING_DIR,
	CONTAINER_ITEM_PROGRAM, /* argv[0]: missing, not executable */
	CONTAINER_ITEM_CAPABILITY,
	CONTAINER_ITEM_LIMIT,  /* fault.index: which of config.rlimits */
	CONTAINER_ITEM_GROUP,  /* fault.index: which of config.groups */
	CONTAINER_ITEM_DEVICE, /* fault.index: which of config.devices */
	CONTAINER_ITEM_SYSCTL, /* fault.index: which of config.sysctls */
	CONTAINER_ITEM_OOM_SCORE,
	CONTAINER_ITEM_CPUS, /* processors of the cgroup that are not there */
	CONTAINER_ITEM_IO,   /* fault.index: which of cg_limits.io of the cgroup */
	CONTAINER_ITEM_SECCOMP,
};

struct container_fault {
	enum container_item item;
	unsigned index;
	struct err err;
};

enum container_root {
	CONTAINER_ROOT_HOST,   /* the host's programs read-only, nothing of its data, nothing secret
				  of /etc */
	CONTAINER_ROOT_DIR,    /* a directory, below a writable layer per run unless read_only */
	CONTAINER_ROOT_LAYERS, /* several directories on top of each other, otherwise the same */
};

enum container_mount_kind {
	CONTAINER_MOUNT_BIND,
	CONTAINER_MOUNT_TMPFS,
};

struct container_mount {
	enum container_mount_kind kind;
	const char *source;	   /* bind: absolute host path, must exist */
	const char *subpath;	   /* bind: what of the source, as seen from there; NULL: all */
	unsigned long propagation; /* bind: MS_SLAVE or MS_SHARED; 0: private */
	bool shallow;		   /* bind: without what is mounted below the source */
	bool shallow_ro;	   /* bind: read_only does not count for what is mounted below */
	bool optional;		   /* bind: passed over when the source is not there */
	const char *target;	   /* absolute; made where the root lacks it */
	bool read_only;
	int64_t bytes;	/* tmpfs size; 0: half of the memory limit's default of the kernel */
	unsigned mode;	/* tmpfs; 0: 01777 */
	int64_t inodes; /* tmpfs; 0: the kernel's default */
	uid_t uid;	/* tmpfs: the owner of its top */
	gid_t gid;
	bool no_exec; /* tmpfs: nothing in it can be executed */
};

/* A file that every run gets, read-only, in memory of its own. */
struct container_file {
	const char *target; /* absolute; made where the root lacks it */
	const char *bytes;
	size_t len;
	int64_t uid; /* as the container knows it; -1: the user's */
	int64_t gid;
	mode_t mode; /* permissions */
};

struct container_rlimit {
	int resource; /* RLIMIT_* */
	struct rlimit limit;
};

/* A device of the host's, besides those that every container has. */
struct container_device {
	const char *source; /* absolute host path of a device node */
	const char *target; /* below /dev */
	bool read;	    /* with write and mknod: what its processes may do with it */
	bool write;
	bool mknod;
};

/* The ids a container's own are mapped to, in a user namespace (userns_make()). */
struct container_ids {
	int userns_fd;
	uint32_t first; /* of the host, what the container's 0 is */
	uint32_t count;
};

/* All pointers are borrowed for the call of container_prepare() only. */
struct container_config {
	const char *state_dir; /* existing private directory for what this plan needs on disk;
				  emptied by container_plan_free() */
	enum container_root root;
	const char *root_dir;
	const char *const *root_layers; /* LAYERS: absolute, upmost first, in overlayfs' form;
					   NULL-terminated */
	bool read_only;
	const struct container_mount *mounts;
	size_t mount_count;
	const struct container_file *files;
	size_t file_count;
	char *const *argv; /* argv[0] is searched in the environment's PATH inside the root when it
			      has no slash */
	char *const *
		envp; /* PATH, HOME (from the root's passwd) and HOSTNAME are added where missing */
	const char *working_dir; /* NULL: "/"; made where LAYERS have none */
	const char *user; /* "user[:group]", names looked up in the root's own /etc/passwd and
			     group; NULL: 0:0 */
	const char *const *groups;  /* supplementary, besides the user's own: names of the root's
				       /etc/group or numbers; NULL-terminated; may be NULL */
	const char *const *cap_add; /* "CAP_X" or "ALL", NULL-terminated; may be NULL */
	const char *const *cap_drop;
	const struct container_ids *ids; /* NULL: the ids are the host's */
	const char *layers_dir;	     /* where the layer_dir of every run will be; NULL: not known */
	bool seccomp_unconfined;     /* every system call reaches the kernel */
	const char *seccomp_profile; /* text of a profile in the engines' JSON format; NULL: the
					default one */
	const char *seccomp_name;    /* of the profile, in messages */
	const char *filter_dir;	     /* where compiled filters are kept for other processes, too;
					made where missing; NULL: nowhere */
	bool host_network;	     /* share the host's network namespace */
	bool own_network;	 /* run.netns_fd will belong to the user namespace of `ids` where
				    container_plan_wants_network() says so */
	const char *resolv_conf; /* host path of a file bound read-only over /etc/resolv.conf; NULL:
				    the host's own */
	bool new_privileges;	 /* programs of its root may gain by set-user-ID bits and file
				    capabilities what is in its bounding set; not with ROOT_HOST */
	bool unmasked;		 /* nothing of /proc and /sys is hidden or read-only by itself */
	bool privileged;	 /* and /sys is writable, and all devices are there to be used */
	const struct container_device *devices;
	size_t device_count;
	const struct container_rlimit *rlimits;
	size_t rlimit_count;
	const char *init;  /* host path of davit-init, run as the first process with the program as
			      its  child; NULL: the program is the first process */
	const char *enter; /* host path of davit-enter, by which one that may trace is entered;
			      NULL: by nobody */
	int64_t shm_bytes; /* size of /dev/shm; 0: 64 MiB */
	int oom_score_adj; /* -1000 to 1000; 0: as davit has it, or 0 where davit is spared */
	const char *const *sysctls; /* "NAME=value" of the container's own namespaces,
				       NULL-terminated; may be NULL */
	bool host_pid;		    /* see the host's processes */
	bool no_shm;		    /* nothing is mounted on /dev/shm */
	bool host_ipc;		    /* share the host's IPC namespace and its /dev/shm */
	bool host_uts;		    /* share the host's host name */
	bool host_cgroup;	    /* see the host's control groups, read-only */
};

struct container_plan;
struct recorder;

/*
 * Resolves everything that does not change between runs.
 *
 * @ret_plan	out: owned by the caller, container_plan_free(); untouched on failure
 * @fault	out: what failed and which item of the configuration asked for it
 */
int container_prepare(const struct container_config *config, struct container_plan **ret_plan,
		      struct container_fault *fault) must_check;

#define CONTAINER_FILTER_NAME_SIZE 65

/*
 * Whether container_prepare() would have to compile the configuration's system call filter, which
 * takes some ten milliseconds, and to write it to filter_dir.
 *
 * @ret_name	out: the file's name, the same for all who would compile the same
 */
bool container_filter_missing(const struct container_config *config,
			      char ret_name[static CONTAINER_FILTER_NAME_SIZE]);

/* Compiles and writes it. What stands in the way container_prepare() will tell. */
void container_filter_keep(const struct container_config *config);

/*
 * Copies what the root of the configuration has in the directory @target into the empty directory
 * @to_fd, which gets its owner and mode as well. No link of the root leads out of it.
 *
 * Returns 1; 0 when the root has no such directory or is none of layers; -errno, with part of it
 * copied.
 */
int container_fill(const struct container_config *config, const char *target, int to_fd,
		   struct err *err) must_check;

/* Accepts NULL. Running containers of the plan are not touched. */
void container_plan_free(struct container_plan *plan);

/* Who the program runs as: whom a new volume is to belong to. On disk an id is the container's,
 * whatever it is mapped to while the container runs. */
void container_plan_owner(const struct container_plan *plan, uid_t *ret_uid, gid_t *ret_gid);

/* Why the container's ids are the host's although config.ids were given: a file system that cannot
 * map ids, a capability that means nothing with others, and the like; NULL: they are not. Valid as
 * long as the plan. */
const char *container_plan_shared_ids(const struct container_plan *plan);

/* Whether it has capabilities for networks that count only in a network namespace which belongs to
 * its ids: userns_make_network(). */
bool container_plan_wants_network(const struct container_plan *plan);

/* What differs between runs of one plan. Everything is borrowed for the call only. */
struct container_run {
	const char *hostname;
	const char *domainname; /* NULL: none */
	const char *hosts_file; /* host path, bound read-only over /etc/hosts; the caller may
				   rewrite it in place */
	const char *layer_dir;	/* existing empty private directory for the writable layer; only
				   without read_only, and not for CONTAINER_ROOT_HOST */
	const struct cg *cg;	/* NULL: stays in the caller's groups */
	char *const *envp;	/* added to (and overriding) the plan's environment; may be NULL */
	int netns_fd;	 /* network namespace to enter; -1: the host's with host_network, else a new
			    empty one with lo up */
	int pid_pidfd;	 /* of a process whose pid namespace is shared; 0: none */
	int ipc_pidfd;	 /* of one whose IPC namespace and /dev/shm are; 0: none */
	int stdio[3];	 /* become 0, 1, 2 */
	int terminal_fd; /* a socket: they become a terminal of the container's own instead, and
			    container_terminal_take() has its other side; 0: none */
	const struct recorder *recorder; /* of system calls; NULL: none */
};

struct container_process {
	pid_t pid;
	int pidfd;     /* owned by the caller */
	int status_fd; /* owned by the caller; readable when the exec has worked or failed */
};

/*
 * Starts one run; returns as soon as the child is cloned. Success says nothing of the exec yet:
 * watch status_fd and call container_status().
 */
int container_start(const struct container_plan *plan, const struct container_run *run,
		    struct container_process *ret_process,
		    struct container_fault *fault) must_check;

/*
 * Reads the result of an exec.
 *
 * Returns 0 when the program runs; -EAGAIN when it is not decided yet (non-blocking); another
 * -errno with @fault filled when a step failed (-EBUSY when it was EAGAIN that it failed with): the
 * child exits by itself with status 127.
 */
int container_status(int status_fd, struct container_fault *fault) must_check;

/* What an additional process in a running container may differ in. Borrowed for the call. */
struct container_exec {
	int pidfd; /* of the container's first process */
	const struct cg *cg;
	char *const *argv;
	char *const *envp;	 /* added to (and overriding) the plan's environment; may be NULL */
	const char *user;	 /* NULL: as the container */
	const char *working_dir; /* NULL: as the container */
	int stdio[3];
	bool tty; /* stdio[0] is a terminal: becomes the controlling terminal of a new session */
	const struct recorder *recorder; /* NULL: none */
};

/*
 * Starts an additional process with all of the container's confinement: namespaces, cgroup,
 * capabilities, seccomp, no_new_privs. Same contract as container_start().
 *
 * Reap it: the kernel lets the first process of a container end only when every other process of
 * its pid namespace is reaped, and this one is the caller's child.
 */
int container_exec(const struct container_plan *plan, const struct container_exec *exec,
		   struct container_process *ret_process, struct container_fault *fault) must_check;

/*
 * A new terminal of a running container's own, which has a name in there.
 *
 * @pidfd		of the container's first process
 * @ret_master_fd	out: the side of whoever is at the keyboard; owned by the caller
 * @ret_fd		out: what becomes the standard streams inside; owned by the caller
 */
int container_terminal(int pidfd, int *ret_master_fd, int *ret_fd, struct err *err) must_check;

/*
 * The other side of the terminal of a run, whose sender had the peer of @socket_fd. Has come when
 * the start has succeeded. Never waits.
 *
 * @ret_master_fd	out: owned by the caller
 *
 * Returns 0; -EAGAIN when nothing has come; -errno.
 */
int container_terminal_take(int socket_fd, int *ret_master_fd, struct err *err) must_check;
