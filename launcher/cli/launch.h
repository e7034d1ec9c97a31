// SPDX-License-Identifier: GPL-2.0-or-later
/* Starting davit-supervisor, in a session of its own, and hearing whether it could start. */
#pragma once

#include "runtime/base/err.h"

/*
 * Starts the stack's supervisor and returns when its control socket listens.
 *
 * It keeps nothing of the caller: its stdin and stdout are /dev/null, its stderr is appended to
 * LOGS/supervisor.log, its directory is /. Failures are its own words where it had any.
 *
 * @ret_pidfd	out: the supervisor's, owned by the caller
 */
int launch_supervisor(const char *stack, int *ret_pidfd, struct err *err) must_check;

/* Has davit-supervisor remove what an ended stack has left behind, and waits for it. Makes no log:
 * there is to be nothing left. */
int launch_clean(const char *stack, struct err *err) must_check;
