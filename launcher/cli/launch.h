// SPDX-License-Identifier: GPL-2.0-or-later
/* Starting davit-keeper, which starts davit-supervisor, in a session of their own, and hearing
 * whether they could start. */
#pragma once

#include "runtime/base/err.h"

/*
 * Starts the stack's keeper and supervisor and returns when the control socket listens.
 *
 * They keep nothing of the caller: their stdin and stdout are /dev/null, their stderr is appended
 * to LOGS/supervisor.log, their directory is /. Failures are their own words where they had any.
 *
 * @ret_pidfd	out: the keeper's, which ends last, owned by the caller
 */
int launch_supervisor(const char *stack, int *ret_pidfd, struct err *err) must_check;

/* Has davit-supervisor remove what an ended stack has left behind, and waits for it. Makes no log:
 * there is to be nothing left. */
int launch_clean(const char *stack, struct err *err) must_check;
