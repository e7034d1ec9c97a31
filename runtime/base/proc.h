// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes as /proc shows them. A pid is given out again; a pid with the time its process started
 * is not, as long as the host runs.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_info {
	pid_t pid;
	pid_t parent;
	uint64_t start_ticks; /* since boot; field 22 of /proc/PID/stat */
	bool zombie;	      /* has ended, and waits to be reaped */
};

/* -ESRCH: there is no such process. */
int proc_read(pid_t pid, struct proc_info *ret, struct err *err) must_check;

/* 1: it is the first process of a pid namespace below ours, which ends with it; 0: it is not;
 * -ESRCH: there is no such process. */
int proc_is_first(pid_t pid, struct err *err) must_check;

/* It still runs the file that this program runs: a child before its exec. */
bool proc_is_self(pid_t pid);

/* A pidfd of exactly this process, owned by the caller; -ESRCH when it has ended, or the pid is
 * another's. */
int proc_open(pid_t pid, uint64_t start_ticks, struct err *err) must_check;

/* The same, also of one that has ended and waits to be reaped. */
int proc_hold(pid_t pid, uint64_t start_ticks, struct err *err) must_check;

/*
 * How the process behind a pidfd ended, whoever has to reap it, or has done so.
 *
 * @pid		the same process
 * @ret_status	as wait(2) has it
 *
 * Returns 0; -EAGAIN: it has not ended; -ENOTSUP: the kernel cannot tell (it is reaped, and that
 * before Linux 6.15; or we may not look into it).
 */
int proc_exit_status(int pidfd, pid_t pid, int *ret_status) must_check;

/* An fd of one of its namespaces ("net", "user"), owned by the caller, or -errno. */
int proc_namespace(pid_t pid, const char *name, struct err *err) must_check;

#define PROC_BOOT_ID_SIZE 40

/* The host's present boot. */
int proc_boot_id(char ret_id[static PROC_BOOT_ID_SIZE], struct err *err) must_check;
