// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The only translator between the two vocabularies: a service (manifests/) becomes a container
 * configuration and limits (runtime/). Pure: computes, touches nothing.
 */
#pragma once

#include "launcher/supervisor/logs.h"
#include "manifests/stack.h"
#include "runtime/base/buf.h"
#include "runtime/cgroup/cg.h"
#include "runtime/container.h"

/* What the manifest does not say. Borrowed for the call and, by the result, for its life. */
struct lower_place {
	const char *volumes_dir; /* where named volumes live: VOLUMES_DIR/NAME */
	const char *
		anonymous_dir; /* where this instance's anonymous volumes live; NULL: it has none */
	const char *state_dir; /* for container_config.state_dir */
	const char *resolv_conf;
	const char *filter_dir;		 /* for container_config.filter_dir */
	const char *const *root_layers;	 /* of its image; NULL: it has none */
	const char *layers_dir;		 /* below which the writable layers are; exists */
	const struct container_ids *ids; /* of the stack; NULL: it has only the host's */
	rlim_t nofile_hard;		 /* what the supervisor may raise to */
	int oom_score_adj;		 /* of who does not say */
	const char *init;		 /* host path of davit-init */
	const char *enter;		 /* host path of davit-enter; NULL: not needed */
};

/* A configuration with what it points to. */
struct lowered {
	struct container_config config;
	struct container_mount *mounts;
	struct container_file *files;
	char **sources; /* owned, per mount: host paths of volumes, or what of those is a subpath;
			 * NULL where the manifest's is used */
	char **argv;
	char **envp;
	const char **cap_add;
	const char **cap_drop;
	const char **groups;
	const char **sysctls;
	struct container_device *devices;
	struct container_rlimit *rlimits; /* those of `ulimits` in their order, then the default */
};

/*
 * @service	must outlive the result, which points into it
 * @ret		out: lowered_free() it, also after a failure
 *
 * Returns 0, -ENOMEM, or -ENOENT when a config or secret of it could not be read.
 */
int lower_service(const struct stack *stack, const struct service *service,
		  const struct lower_place *place, struct lowered *ret, struct err *err) must_check;

void lowered_free(struct lowered *lowered);
#define autolowered __attribute__((cleanup(lowered_free)))

/* Whether CAP_SYS_PTRACE may be among its capabilities. */
bool lower_may_trace(const struct service *service);

/* The limits of one instance; what of them is for devices is lower_io()'s to add. */
struct cg_limits lower_limits(const struct service *service);

/* cg_limits.io: the caller's to free; the paths are the service's. NULL without memory only. */
struct cg_io *lower_io(const struct service *service);

/* How much of an instance's output is kept: 5 files of 20 MiB where `logging` says nothing else. */
struct log_limits lower_log_limits(const struct service *service);

/* True when instances need directories of their own, so that a prepared plan serves one instance
 * only. */
bool lower_has_anonymous_volumes(const struct service *service);

/* VOLUMES_DIR/NAME of a named volume, or the directory it stands for; ANONYMOUS_DIR/INDEX of mount
 * number @index; NULL without memory. */
char *lower_volume_path(const struct stack *stack, const struct service *service, size_t index,
			const struct lower_place *place);

/* Where in the manifest the thing that failed was asked for, and the words for it. */
struct pos lower_fault_pos(const struct service *service, const struct container_fault *fault);

/* Adds "shop.yaml:14:9: error: web: volume /srv/data: no such directory": diagnostic_add(). */
void lower_fault_add(const struct service *service, const struct container_fault *fault,
		     struct strv *lines);
