// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every key of the Compose Specification and what becomes of it: read, refused, or passed over.
 */
#pragma once

#include "manifests/report.h"
#include "manifests/tree.h"

enum key_class {
	KEY_READ,   /* honoured */
	KEY_NOTE,   /* read, but the runtime cannot do it yet: "is not supported yet" as a note */
	KEY_KEEP,   /* the same, and kept as it is written: nobody looks into it */
	KEY_LATER,  /* "is not supported yet" */
	KEY_REFUSE, /* an error with its own words */
	KEY_IGNORE, /* a warning with its own words */
};

struct key_info {
	const char *name; /* NULL ends a table */
	enum key_class class;
	const char *why;
};

extern const struct key_info keys_top[];
extern const struct key_info keys_include[];
extern const struct key_info keys_service[];
extern const struct key_info keys_extends[];
extern const struct key_info keys_deploy[];
extern const struct key_info keys_resources[];
extern const struct key_info keys_limits[];
extern const struct key_info keys_reservations[];
extern const struct key_info keys_rollout[];
extern const struct key_info keys_logging[];
extern const struct key_info keys_restart_policy[];
extern const struct key_info keys_ulimits[];
extern const struct key_info keys_ulimit[];
extern const struct key_info keys_x_restart[];
extern const struct key_info keys_x_probe[];
extern const struct key_info keys_probe[];
extern const struct key_info keys_probe_http[];
extern const struct key_info keys_probe_tcp[];
extern const struct key_info keys_x_autoscale[];
extern const struct key_info keys_scale_command[];
extern const struct key_info keys_scale_prometheus[];
extern const struct key_info keys_scale_behavior[];
extern const struct key_info keys_scale_schedule[];
extern const struct key_info keys_x_schedule[];
extern const struct key_info keys_healthcheck[];
extern const struct key_info keys_dependency[];
extern const struct key_info keys_env_file[];
extern const struct key_info keys_port[];
extern const struct key_info keys_device[];
extern const struct key_info keys_blkio[];
extern const struct key_info keys_blkio_weight[];
extern const struct key_info keys_blkio_rate[];
extern const struct key_info keys_network[];
extern const struct key_info keys_ipam[];
extern const struct key_info keys_subnet[];
extern const struct key_info keys_attachment[];
extern const struct key_info keys_mount[];
extern const struct key_info keys_mount_bind[];
extern const struct key_info keys_mount_volume[];
extern const struct key_info keys_mount_tmpfs[];
extern const struct key_info keys_volume[];
extern const struct key_info keys_external[];
extern const struct key_info keys_build[];
extern const struct key_info keys_file_object[];
extern const struct key_info keys_file_grant[];

/* All of the above with their names: what the JSON Schema and the manual page are checked against.
 */
struct key_table {
	const char *name; /* NULL ends the list */
	const struct key_info *keys;
};
extern const struct key_table key_tables[];

/*
 * Reports every key of @mapping that is not simply read, one line each.
 *
 * @path	what stands in front of the key in messages: "services.web", "" at the top
 *
 * Returns false when @mapping is no mapping at all; that is reported too.
 */
bool keys_check(struct report *report, const struct node *mapping, const struct key_info *table,
		const char *path);

/* Names anywhere: @count of them, @stride bytes apart. */
struct key_names {
	const char *const *names;
	size_t count;
	size_t stride;
};

/* What to say behind "there is no 'nmae'": ": did you mean 'name'?", in @scratch, or "". Looks at
 * the first few hundred names, and only as long as the report is short. */
const char *keys_suggestion(struct arena *scratch, const struct report *report,
			    struct key_names known, const char *name);

/* The name of @table closest to a misspelt one, or NULL when none is near. */
const char *keys_nearest(const struct key_info *table, const char *name);
