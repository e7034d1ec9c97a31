// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to the container files of this folder: one child between clone3 and exec, what it reads
 * and the steps it works through. Nothing in here allocates.
 */
#pragma once

#include "runtime/cgroup/cg_shown.h"
#include "runtime/plan_mounts.h"

#define NAME_SLOT_SIZE 65 /* HOST_NAME_MAX and the end */

/*
 * Everything one child needs, laid out by the parent. The fields below `exec only` and `start only`
 * are unused by the other.
 */
struct launch {
	const struct container_plan *plan;
	const struct cg *cg; /* NULL: stays in the caller's groups */
	const struct user *user;
	char *const *argv;
	char *const *envp;
	char *const *candidates;
	const char *working_dir;
	int stdio[3];
	int status_fd;
	bool tty;
	int terminal_fd;		 /* start only: see container_run; 0: none */
	int helper_fd;			 /* davit-init or davit-enter; -1: none */
	char *const *helper_argv;	 /* of it, which gets argv and candidates by it; or NULL */
	const struct recorder *recorder; /* NULL: none */
	const char *self; /* own_filter: the first candidate that is davit itself; or NULL */

	/* start only */
	const char *hostname;
	const char *domainname;
	const char *hosts_file;
	int netns_fd;
	int layer_fd;	    /* writable: where upper and work are; else -1 */
	int layer_mount_fd; /* writable: detached, made before the host's paths vanish */
	int proc_fd;	    /* a procfs of our own, for settings; or -1 */
	int ipc_pidfd;	    /* of the process whose IPC namespace is shared; 0: none */
	int shm_fd;	    /* detached, what is shared on /dev/shm; or -1 */
	int root_fd;	    /* the container's root, once it is entered */
	int hosts_fd;	    /* detached mounts */
	int resolv_fd;
	int bind_fds[PLAN_MOUNTS_MAX]; /* by index of plan->mounts */
	int group_fds[CG_SHOWN_MAX];   /* detached, by index of cg_open_shown(); 0: none */
	const char *group_names[CG_SHOWN_MAX];

	/* exec only, but for the pid namespace of a start that shares one */
	int target_pidfd;
	char *name_slot; /* in envp, NAME_SLOT_SIZE bytes: gets the host name; or NULL */
	int handover_fd; /* guarded: where the pid goes and the leave to go on comes from; or -1 */
	bool late_tty;	 /* guarded: instead of tty */
};

/* One thing a child does; returns 0 or -errno with the fault filled. */
struct step {
	const char *name; /* what was being done, in front of the error */
	int (*run)(struct launch *launch, struct container_fault *fault);
};

/*
 * Clones a child that runs @steps and never returns in it: the last step execs. The status pipe is
 * made here. @flags as for plan_clone().
 */
int launch_clone(struct launch *launch, const struct step *steps, uint64_t flags,
		 struct container_process *ret_process, struct container_fault *fault) must_check;

#define HELPER_NUMBER_SIZE 16

/*
 * "@name COUNT CANDIDATE… ARGV…": the words for a helper that runs the program. To be freed; the
 * strings stay others', that of the count is in @number. NULL without memory.
 */
char **launch_helper_words(const char *name, const struct strv *candidates, char *const *argv,
			   char number[static HELPER_NUMBER_SIZE]);

/* Opens the root directory of the process behind @pidfd, as it sees it. Returns an O_PATH fd. */
int launch_root(int pidfd, struct err *err) must_check;

/* Kills the child of ours behind @pidfd, should it still live, and reaps it. */
void launch_reap(int pidfd);

/* The steps start and exec have in common, each over the whole launch. */
int step_join_cgroups(struct launch *launch, struct container_fault *fault);
int step_detach(struct launch *launch, struct container_fault *fault);
int step_terminal(struct launch *launch, struct container_fault *fault);
int step_stdio(struct launch *launch, struct container_fault *fault);
int step_undumpable(struct launch *launch, struct container_fault *fault);
int step_limits(struct launch *launch, struct container_fault *fault);
int step_landlock(struct launch *launch, struct container_fault *fault);
int step_working_dir(struct launch *launch, struct container_fault *fault);
int step_user(struct launch *launch, struct container_fault *fault);
int step_filter(struct launch *launch, struct container_fault *fault);
int step_exec(struct launch *launch, struct container_fault *fault);

/* The steps of a start that are about mounts. */
int step_detached_mounts(struct launch *launch, struct container_fault *fault);
int step_root(struct launch *launch, struct container_fault *fault);
int step_files(struct launch *launch, struct container_fault *fault);
int step_mounts(struct launch *launch, struct container_fault *fault);

/* Two more: its control groups, taken while their mounts can be seen, and shown to it. */
int step_detached_groups(struct launch *launch, struct container_fault *fault);
int step_groups(struct launch *launch, struct container_fault *fault);
