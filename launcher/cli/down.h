// SPDX-License-Identifier: GPL-2.0-or-later
/* Ending a stack: what `down` does and `up` does when it is interrupted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Tells the supervisor to end; returns once that is decided. @timeout_ms -1: each service's own
 * grace. Returns EXIT_DONE, also when there is none any more, or the exit code after a complaint.
 */
int down_request(const char *stack, bool volumes, int64_t timeout_ms)
	__attribute__((warn_unused_result));

/* The stack's last process, to be waited for, or -1. Asked once a supervisor has answered: who
 * connects while there is none is told of the dead one. */
int down_supervisor_pidfd(const char *stack);

/* The socket closes a moment before the process is gone: waits for that, at most some seconds. */
void down_await_exit(int pidfd);
