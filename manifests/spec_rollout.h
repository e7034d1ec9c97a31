// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How instances are replaced and found, and where their output goes: the rest of `deploy`, and
 * `logging`.
 */
#pragma once

#include "manifests/spec.h"

enum rollout_failure {
	ROLLOUT_PAUSE,
	ROLLOUT_CONTINUE,
	ROLLOUT_ROLLBACK, /* update_config only */
};

/* `deploy.update_config`, `deploy.rollback_config`. */
struct rollout_spec {
	bool present;			  /* false: the rest has its defaults */
	unsigned parallelism;		  /* default 1; 0: all at once */
	int64_t delay_ms;		  /* default 0: between two of them */
	enum rollout_failure failure;	  /* default ROLLOUT_PAUSE */
	int64_t monitor_ms;		  /* default 0: how long a new instance is watched */
	unsigned max_failure_ratio_milli; /* default 0 */
	bool start_first;		  /* the new instance is started before the old one stops */
	struct pos pos;
};

/* The rest of `deploy`. */
struct deploy_spec {
	bool global; /* mode: global, one instance per machine */
	bool dnsrr;  /* endpoint_mode: dnsrr, the name means the instances and not one address */
	struct pos dnsrr_pos;
	struct text_list labels; /* "key=value", sorted by key: of the service, not of instances */
	struct rollout_spec update;
	struct rollout_spec rollback;
};

enum log_driver {
	LOG_DEFAULT, /* not written: as json-file */
	LOG_JSON_FILE,
	LOG_LOCAL,
	LOG_JOURNALD,
	LOG_NONE,
	LOG_OTHER, /* captured as json-file */
};

/* `logging`. */
struct logging_spec {
	enum log_driver driver;
	char *name;		  /* of LOG_OTHER */
	struct text_list options; /* "name=value", sorted by name */
	int64_t max_bytes;	  /* max-size; 0: not written; -1: no bound */
	unsigned max_files;	  /* max-file; 0: not written */
	char *tag;		  /* of LOG_JOURNALD; NULL: the instance's name */
	struct pos pos;		  /* of the driver; line 0: not written */
};
