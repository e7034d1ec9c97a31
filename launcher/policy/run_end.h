// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How one run of an instance ended: what restart.h decides on and reason.h puts into words.
 */
#pragma once

#include <stdbool.h>

enum run_end_kind {
	RUN_END_UNKNOWN, /* nobody saw it: its own value, counts as a failure, never as exit 0 */
	RUN_END_EXITED,
	RUN_END_SIGNALLED,
	RUN_END_START_FAILED, /* the program was never reached */
};

struct run_end {
	enum run_end_kind kind;
	int code;	   /* RUN_END_EXITED: 0..255 */
	int signal;	   /* RUN_END_SIGNALLED */
	bool oom;	   /* the kernel killed inside the instance's cgroup for want of memory */
	const char *fault; /* RUN_END_START_FAILED: one line, borrowed; NULL: not known */
};
