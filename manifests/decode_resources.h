// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decoders of what a service may do to its surroundings, and use of them. Private to this
 * folder.
 */
#pragma once

#include "manifests/decode.h"

/* decode_security.c */
decode_fn decode_security_opt, decode_userns_mode;

/* decode_pull.c */
decode_fn decode_pull_policy, decode_platform;

/* decode_devices.c */
decode_fn decode_devices;

/* decode_limits.c */
decode_fn decode_cpu_shares, decode_cpu_quota, decode_cpu_period, decode_cpuset;
decode_fn decode_cpu_reserved, decode_memory_reserved, decode_memory_high, decode_memswap;

/* decode_blkio.c */
decode_fn decode_blkio;

/* A value that can be written in two places; both must say the same. */
struct twin {
	int64_t *value;
	struct pos *pos;
};

/* Sets it, or reports that it was set to another value before. */
void decode_twin(struct decoder *decoder, const struct node *node, const char *key,
		 struct twin twin, int64_t value);

/* decode_surroundings.c */
decode_fn decode_init, decode_tty, decode_stdin_open, decode_privileged, decode_oom_score_adj;
decode_fn decode_shm_size, decode_sysctls, decode_cgroup, decode_ipc, decode_pid, decode_uts;

/* decode_logging.c */
decode_fn decode_logging;

/* decode_rollout.c */
decode_fn decode_update_config, decode_rollback_config, decode_endpoint_mode;
decode_fn decode_deploy_labels;
decode_fn decode_mode; /* after the number of replicas */

/* decode_depends.c: what refers to another service must start after it, unless depends_on says
 * more of it. After decode_depends_on(). */
void decode_implied_dependency(struct decoder *decoder, const char *service, struct pos pos);
