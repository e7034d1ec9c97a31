// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The instances of a predecessor become ours. What is to be done with each is policy/adopt's; here
 * it is done: the process and its group, addresses, log pipes, notify socket, probes and timers go
 * on; what has ended is told to the instance's table as if it had just been seen; what is left of
 * the predecessor's execs and probes is killed.
 */
#pragma once

#include "launcher/supervisor/restore.h"

/* Before the loop runs; @restored is restore_stack()'s. */
int adopt_instances(struct supervisor *sup, const struct restored *restored,
		    struct err *err) must_check;
