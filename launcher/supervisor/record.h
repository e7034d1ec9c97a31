// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a supervisor writes down of one instance for its successor, and its text (JSON). Times in
 * milliseconds are CLOCK_MONOTONIC's, which goes on as long as the host does. Knows no files.
 */
#pragma once

#include "launcher/js.h"
#include "launcher/policy/instance_fsm.h"
#include "launcher/policy/vitals.h"
#include "launcher/supervisor/instance.h"

/* One of the instance's links. */
struct record_link {
	char *network;
	struct in_addr address;
	char outer[IF_NAMESIZE]; /* of its end in the host's namespace */
};

/* What the probes have found in the present run. */
struct record_vitals {
	bool set;
	bool started;
	bool ready;
	bool said_ready;
	bool awaits_listener; /* as probe_set_awaits_listener() */
	int64_t watchdog_ms;
	size_t count;
	struct health of[PROBES_MAX];
};

struct record {
	char name[INSTANCE_NAME_MAX];
	char revision[REVISION_HEX + 1];
	unsigned index;
	unsigned plan; /* its number */
	unsigned run;
	bool attached; /* a one-off that somebody waits for */

	pid_t pid;
	uint64_t start_ticks;
	uint64_t netns; /* inode of its network namespace; 0: the host's */
	struct record_link *links;
	size_t link_count;
	uint64_t pipes[2]; /* inodes of what its stdout and stderr go into; 0: none */
	bool terminal;
	char notify[64]; /* name of its notify socket; "": none */

	enum instance_state state;
	char reason[REASON_MAX];
	bool replace;
	bool started;
	bool unhealthy;
	bool draining;
	struct restart_history history;
	int64_t deadline_ms; /* of the back-off or the grace; 0: none */
	int64_t grace_ms;
	int64_t begun_us;
	int64_t started_ms;
	int64_t placed_ms;
	struct timespec started_at;

	bool has_end;
	bool ended; /* `end` is that of the run told of here, and nothing has followed from it yet
		     */
	enum run_end_kind end_kind;
	int end_code;
	int end_signal;
	bool end_oom;
	char end_why[REASON_MAX];
	struct record_vitals vitals;
};

/* NULL without memory. */
struct json_t *record_to_text(const struct record *record) must_check;

/*
 * Reads what record_to_text() made. What is not there, or out of its range, is as if it were
 * nothing.
 *
 * @ret	out: record_free() it, also after a failure
 *
 * Returns 0; -EBADMSG when it does not say which instance it is of; -ENOMEM.
 */
int record_from_text(const struct json_t *text, struct record *ret, struct err *err) must_check;

/* Accepts a zeroed one. */
void record_free(struct record *record);
#define autorecord __attribute__((cleanup(record_free)))
