// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to the container files of this folder: namespaces that a container shares with another
 * one, by a process of that.
 */
#pragma once

#include "runtime/launch.h"

/*
 * launch_clone() in the pid namespace of the process behind launch->target_pidfd: setns() to a pid
 * namespace moves nobody, it only says where the next children are born, and is taken back.
 */
int share_clone(struct launch *launch, const struct step *steps, uint64_t flags,
		struct container_process *ret_process, struct container_fault *fault) must_check;

/* The steps. While the child may enter the other's mount namespace: what is on its /dev/shm, which
 * is the other face of an IPC namespace; and that itself, in the user namespace it belongs to. */
int step_shared_memory(struct launch *launch, struct container_fault *fault);
int step_shared_ipc(struct launch *launch, struct container_fault *fault);
