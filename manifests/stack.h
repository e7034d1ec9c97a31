// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a manifest means: typed values with units, every one with the place it was written.
 *
 * A stack is immutable once loaded. It owns all its strings; positions point into its file list.
 * Absent text is NULL, absent numbers have the value named beside them. Nothing here touches the
 * kernel: the words are Compose's, the translation to a container happens in launcher/lower.c.
 */
#pragma once

#include "manifests/spec.h"
#include "manifests/spec_build.h"
#include "manifests/spec_files.h"
#include "manifests/spec_kept.h"
#include "manifests/spec_limits.h"
#include "manifests/spec_mounts.h"
#include "manifests/spec_networks.h"
#include "manifests/spec_probes.h"
#include "manifests/spec_process.h"
#include "manifests/spec_pull.h"
#include "manifests/spec_rollout.h"
#include "manifests/spec_scale.h"
#include "manifests/spec_security.h"

#include <sys/types.h>

enum rootfs_kind {
	ROOTFS_NONE,  /* neither image nor x-rootfs: the loader refuses it */
	ROOTFS_HOST,  /* x-rootfs: host */
	ROOTFS_DIR,   /* x-rootfs: DIR */
	ROOTFS_IMAGE, /* `image`, and no x-rootfs */
};

enum dependency_condition {
	DEPENDS_STARTED,
	DEPENDS_HEALTHY,
	DEPENDS_COMPLETED,
};

struct dependency {
	char *service;
	enum dependency_condition condition;
	bool required; /* false: its absence or failure is a warning */
	bool restart;  /* an explicit restart of the dependency restarts the dependent too */
	struct pos pos;
};

struct healthcheck {
	bool present;  /* false: the service has no health check, the rest is meaningless */
	bool disabled; /* that is written, so an image's does not count either */
	bool of_image; /* not present: the image's, with the times that are not 0 here */
	/* What to exec inside the instance, CMD-SHELL already as /bin/sh -c TEXT. */
	struct text_list test;
	int64_t interval_ms;	   /* default 30 s */
	int64_t timeout_ms;	   /* default 30 s */
	int64_t start_period_ms;   /* default 0 */
	int64_t start_interval_ms; /* default 5 s */
	unsigned retries;	   /* default 3 */
	struct pos pos;
};

enum restart_condition {
	RESTART_NO,
	RESTART_ON_FAILURE,
	RESTART_ALWAYS,
	RESTART_UNLESS_STOPPED,
};

/* Exit statuses and signals by number, as bits. */
struct end_set {
	uint64_t codes[4]; /* exit statuses 0..255 */
	uint64_t signals;  /* bit n: signal n, at most 64 */
};

/* Restarts counted inside an interval can be no more than this. */
#define RESTART_BURST_MAX 32

/* `x-restart`: what Compose has no words for. All zero when it is not written. */
struct restart_tuning {
	bool present;		/* false: the curve and the stable run are the engine's */
	int64_t delay_ms;	/* default 100 ms: before the first restart */
	int64_t max_delay_ms;	/* default 60 s, or the delay where that is longer */
	int64_t reset_after_ms; /* default 10 s: a run this long starts at `delay` again */
	unsigned factor_milli;	/* default 2000: each delay is this many thousandths of the last */
	unsigned jitter_milli;	/* default 100: up to this many thousandths are added at random */
	unsigned burst;		/* 0: no bound; else so many restarts inside the interval at most */
	int64_t interval_ms;
	struct end_set prevent; /* never restarted after these */
	struct end_set force;	/* always restarted after these */
};

/* What holds where no x-restart is written. */
#define RESTART_TUNING_DEFAULT                                                                     \
	{                                                                                          \
		.delay_ms = 100, .max_delay_ms = 60000, .reset_after_ms = 10000,                   \
		.factor_milli = 2000                                                               \
	}

/* `restart`, overridden by `deploy.restart_policy` where that is written (algorithms 3.9). */
struct restart_spec {
	enum restart_condition condition; /* default RESTART_NO; a deploy.restart_policy without
					     condition: ALWAYS */
	unsigned max_attempts;		  /* 0: unlimited */
	int64_t delay_ms; /* -1: not written, the engine's curve 100 ms x 2 up to 60 s; else a fixed
			     delay */
	int64_t window_ms; /* 0: attempts count over the whole life; else inside this window */
	struct restart_tuning tuning;
	struct pos pos;
};

enum protocol {
	PROTOCOL_TCP,
	PROTOCOL_UDP,
	PROTOCOL_SCTP,
};

/* One published port; a range is expanded to one entry per port. */
struct port_spec {
	char *host_ip;		 /* canonical IPv4 or IPv6 address; NULL: all addresses of both */
	uint16_t published;	 /* 0: any free port */
	uint16_t published_last; /* 0; else any free port from published to this one */
	uint16_t target;
	enum protocol protocol;
	struct pos pos;
};

struct service {
	char *name;
	struct pos pos;

	struct text
		image; /* value NULL: none; beside x-rootfs it only names what that stands for */
	struct pull_spec pull;
	struct text platform; /* as written; value NULL: this machine's */
	struct build_spec build;
	enum rootfs_kind rootfs;
	char *rootfs_dir; /* ROOTFS_DIR: absolute path; ROOTFS_IMAGE: NULL until the launcher has
			     found the image, then its digest */
	struct pos rootfs_pos;

	struct text_list entrypoint; /* words; shell form already split (no shell is started, as
					Compose does) */
	struct text_list command;
	bool no_entrypoint; /* written, and empty: an image's does not count either */
	bool no_command;
	struct pos command_pos; /* of entrypoint, else command, else the service: where "no such
				   program" points */
	struct text_list
		environment; /* "NAME=value", env_file merged below environment, sorted by name */
	struct text working_dir;    /* value NULL: "/" */
	struct text user;	    /* "name|uid[:group|gid]"; value NULL: 0:0 */
	struct text_list group_add; /* supplementary groups, names or numbers */
	struct text hostname;	    /* value NULL: the instance's name */
	struct text domainname;	    /* value NULL: none */
	struct text container_name; /* second name of the only instance; value NULL: none */

	struct dependency *depends_on; /* links included */
	size_t depends_on_count;
	struct healthcheck healthcheck;
	struct kept_spec kept;
	struct probe_spec probes[PROBE_ROLES]; /* beside the healthcheck, see probe_spec */
	struct restart_spec restart;
	int stop_signal;       /* default SIGTERM */
	bool stop_signal_set;  /* written: counts more than an image's */
	int64_t stop_grace_ms; /* default 10 s */

	struct mount_spec *mounts; /* volumes and tmpfs in manifest order, targets unique */
	size_t mount_count;
	struct mount_donor *donors;
	size_t donor_count;
	struct service_files files; /* configs and secrets */
	struct port_spec *ports;
	size_t port_count;
	struct text_list labels;      /* "key=value", sorted by key; label_file below labels */
	struct text_list annotations; /* "key=value", sorted by key */
	struct text_list expose;      /* "PORT[-PORT]/PROTOCOL", for people, tools, datagrams.h,
					 and who waits for a listener */
	struct text_list image_ports; /* as expose, of the image; the launcher's to say */
	struct text_list profiles;
	bool enabled; /* has no profile, or one that is active; disabled services are validated but
			 not run */

	unsigned replicas; /* scale or deploy.replicas; default 1 */
	struct pos replicas_pos;
	struct autoscale autoscale;
	struct run_schedule schedule;
	struct traffic traffic;
	struct limits limits;
	struct ulimit_spec *ulimits;
	size_t ulimit_count;
	bool detached; /* attach: false: `up` in the foreground does not show its logs */
	bool read_only;
	struct text_list cap_add; /* upper case with CAP_ prefix, or "ALL"; names validated by the
				     loader's table */
	struct text_list cap_drop;
	struct process_spec process;
	struct deploy_spec deploy;
	struct logging_spec logging;
	struct security_spec security;
	enum userns_mode userns_mode;
	struct pos userns_pos;	     /* line 0: not written */
	struct device_spec *devices; /* targets unique */
	size_t device_count;
	struct service_network network;
};

struct stack {
	char *name;		  /* [a-z0-9][a-z0-9_-]* */
	char *directory;	  /* absolute: what relative paths are relative to */
	struct service *services; /* sorted by name, disabled ones included */
	size_t service_count;
	struct network *networks; /* sorted by key; `default` is always there */
	size_t network_count;
	struct volume *volumes;
	size_t volume_count;
	struct stack_files files_given; /* configs and secrets */
	char **files;			/* NULL-terminated; pos.file points here */
};

/* Accepts NULL. */
void stack_free(struct stack *stack);

/* Returns the service with this name, or NULL. Borrowed from the stack. */
const struct service *stack_service(const struct stack *stack, const char *name);
/* The service whose instances' networks those of @service are: itself, but for network_mode
 * service: and container:. */
const struct service *stack_network_owner(const struct stack *stack, const struct service *service);
const struct network *stack_network(const struct stack *stack, const char *key);
const struct volume *stack_volume(const struct stack *stack, const char *key);
/* The highest of the directories above @path that instances may write to, as the binds of services
 * and volumes that stand for a directory say; NULL: there is none. A link below it may be an
 * instance's. */
const char *stack_writable_above(const struct stack *stack, const char *path);
const struct file_object *stack_file(const struct stack *stack, enum file_kind kind,
				     const char *key);
