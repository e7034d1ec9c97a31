// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to the container files of this folder: kernel settings of a container's own namespaces,
 * and what the kernel thinks of its processes when memory is short.
 *
 * Settings are written through a procfs of our own that no path leads to, and only those which a
 * namespace of the container has for itself (CVE-2022-0811, CVE-2019-16884 and their kin).
 */
#pragma once

#include "runtime/launch.h"

/* Checks and copies the settings of the configuration. */
int settings_init(struct container_plan *plan, const struct container_config *config,
		  struct container_fault *fault) must_check;

/* The steps. Before the child leaves the host's /proc; after it has its network namespace, with the
 * host's privileges; after it has its IPC namespace, in its user namespace. */
int step_oom_score(struct launch *launch, struct container_fault *fault);
int step_network_settings(struct launch *launch, struct container_fault *fault);
int step_ipc_settings(struct launch *launch, struct container_fault *fault);
