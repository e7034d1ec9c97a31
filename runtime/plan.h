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

/* A device node of the host's in the private /dev. */
struct plan_device {
	char *target;
	mode_t mode; /* type and permissions */
	uid_t uid;   /* of the host's node */
	gid_t gid;
	dev_t number;
	unsigned access; /* DEVICES_* */
	unsigned index;	 /* which of config.devices it came of */
};

/* A file of every run. */
struct plan_file {
	char *bytes;
	size_t len;
	int64_t uid; /* as the container knows it; -1: the user's */
	int64_t gid;
	mode_t mode;
};

struct container_plan {
	int state_fd;	      /* emptied at the end; -1 before there is anything in it */
	int namespace_fd;     /* the prepared mount namespace */
	int view_fd;	      /* LAYERS: all of them as one, while the plan is made; else -1 */
	unsigned layer_count; /* writable: how many are below the layer of every run */
	bool writable;
	bool host_network;
	int userns_fd;	/* the user namespace of every run; -1: the host's */
	uid_t first_id; /* of the host, what 0 is in there; 0 with the host's */
	unsigned id_count;
	char *userns_why;	   /* why it is the host's although another was to be had */
	struct plan_mount *mounts; /* parents before children */
	size_t mount_count;
	struct plan_file *files;
	size_t file_count;
	struct plan_device *devices;
	size_t device_count;
	int devices_fd; /* the filter of a run's control group; -1: the kernel has none */
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
	bool new_privileges;	   /* no_new_privs stays unset */
	int landlock;		   /* version; 0: not used */
	const struct secc *filter; /* NULL: unconfined */
	bool own_filter;	   /* of the configuration: may refuse anything */
	struct container_rlimit *rlimits;
	size_t rlimit_count;
	struct strv sysctls;
	bool network_settings; /* some of them are net.* */
	bool ipc_settings;     /* some of them are not */
	int init_fd;	       /* davit-init on a mount of its own, read-only; -1: none */
	int enter_fd;	       /* davit-enter, likewise, where plan_is_tracer() */
	int oom_score_adj;
	bool oom_score_given; /* else it stays as davit has it */
	bool host_ipc;
	bool host_uts;
	bool host_pid;
	bool host_cgroup;
	bool shows_groups; /* the groups of a run on the v1 hierarchies are to be seen in it */
};

/* Whether the container looks into every process that it can see. In a user namespace the
 * capability is good for what belongs to that, which a process does not before its exec. */
bool plan_is_tracer(const struct container_plan *plan);

/* Copies the files of the configuration; the ids of the plan are known. */
int plan_files_copy(struct container_plan *plan, const struct container_config *config,
		    struct container_fault *fault) must_check;
void plan_files_free(struct container_plan *plan);

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

/*
 * In a process about to make files for a container with ids of its own: from here they belong to
 * the ids that are 0 in it. Everything else stays as it is, capabilities included.
 */
int plan_act_as_root(const struct container_plan *plan, struct err *err) must_check;

/* An id that the plan's user namespace does not have cannot be taken on: -EOPNOTSUPP. */
int plan_check_user(const struct container_plan *plan, const struct user *user,
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
