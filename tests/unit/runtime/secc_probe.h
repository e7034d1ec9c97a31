// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a loaded filter answers, without anything being done: a second filter holds back each
 * call that the first lets through, and answers it instead of the kernel.
 */
#pragma once

#include "runtime/seccomp/secc.h"

#include <stddef.h>
#include <stdint.h>

#define PROBE_REACHED 1000 /* the call would have reached the kernel */
#define PROBE_KILLED  1001 /* the process has died of it */

struct probe_call {
	long number;
	uint64_t args[5];
	int errnum; /* out: what it was answered, PROBE_REACHED or PROBE_KILLED */
};

/* Makes the calls one after the other in a child under the filter. */
void probe_calls(const struct secc *filter, struct probe_call *calls, size_t count);

/* One call of a 32-bit program; 64-bit x86 only. */
int probe_x86_call(const struct secc *filter, int number, int first_arg);
