// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The network an instance is in: its own, or that of another one (`network_mode: service:` and
 * `container:`): the one of its own number, or the first where there is none of that.
 */
#pragma once

#include "launcher/supervisor/instance.h"

/* Makes the instance's own network, where it has one and it is not there yet. It is kept over
 * restarts, with its address. */
int join_endpoint(struct instance *instance, struct err *err) must_check;

/*
 * Finds the instance whose network this one shares, and remembers it.
 *
 * @ret_fd	out: its network namespace, borrowed; -1: the host's
 *
 * Returns 0, also for an instance with a network of its own, or -ENOENT when there is none.
 */
int join_network(struct instance *instance, int *ret_fd, struct err *err) must_check;

/* `pid: service:` and `ipc: service:`: finds the processes whose namespaces a run shares. They are
 * borrowed. */
int join_processes(const struct instance *instance, struct container_run *run,
		   struct err *err) must_check;

/* An instance goes, and its network with it: whoever shares that has to be replaced. */
void join_leave(struct instance *gone);
