// SPDX-License-Identifier: GPL-2.0-or-later
/* An instance's record as JSON and back; see record.h. */
#include "launcher/supervisor/record.h"

#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void record_free(struct record *record)
{
	for (size_t i = 0; i < record->link_count; i++)
		free(record->links[i].network);
	free(record->links);
	record->links = NULL;
	record->link_count = 0;
}

/* ---- to text ---- */

static struct json_t *print_history(const struct restart_history *history)
{
	autojs struct json_t *granted = js_pack("[]");

	for (size_t i = 0; i < RESTART_RING; i++)
		if (!js_append(granted, js_pack("I", (long long)history->granted_ms[i])))
			return NULL;
	return js_pack("{s:I, s:I, s:I, s:I, s:o}", "restarts", (long long)history->restarts,
		       "streak", (long long)history->streak, "doublings",
		       (long long)history->doublings, "seed", (long long)history->seed, "granted",
		       take_ptr(granted));
}

static struct json_t *print_links(const struct record *record)
{
	autojs struct json_t *links = js_pack("[]");

	for (size_t i = 0; i < record->link_count; i++) {
		const struct record_link *link = &record->links[i];
		char address[INET_ADDRSTRLEN];

		inet_ntop(AF_INET, &link->address, address, sizeof(address));
		if (!js_append(links, js_pack("{s:s, s:s, s:s}", "network", link->network,
					      "address", address, "outer", link->outer)))
			return NULL;
	}
	return take_ptr(links);
}

static struct json_t *print_vitals(const struct record_vitals *vitals)
{
	autojs struct json_t *of = js_pack("[]");

	for (size_t i = 0; i < vitals->count; i++) {
		const struct health *health = &vitals->of[i];

		if (!js_append(of, js_pack("{s:i, s:i, s:I, s:I}", "status", (int)health->status,
					   "streak", (int)health->streak, "started_ms",
					   (long long)health->started_ms, "last_end_ms",
					   (long long)health->last_end_ms)))
			return NULL;
	}
	return js_pack("{s:b, s:b, s:b, s:b, s:I, s:o}", "started", vitals->started, "ready",
		       vitals->ready, "said_ready", vitals->said_ready, "awaits_listener",
		       vitals->awaits_listener, "watchdog_ms", (long long)vitals->watchdog_ms, "of",
		       take_ptr(of));
}

static struct json_t *print_process(const struct record *record)
{
	return js_pack("{s:i, s:I, s:I, s:o, s:[I, I], s:b, s:s}", "pid", (int)record->pid,
		       "start_ticks", (long long)record->start_ticks, "netns",
		       (long long)record->netns, "links", print_links(record), "pipes",
		       (long long)record->pipes[0], (long long)record->pipes[1], "terminal",
		       record->terminal, "notify", record->notify);
}

static struct json_t *print_end(const struct record *record)
{
	return js_pack("{s:b, s:i, s:i, s:i, s:b, s:o}", "of_this_run", record->ended, "kind",
		       (int)record->end_kind, "code", record->end_code, "signal",
		       record->end_signal, "oom", record->end_oom, "why",
		       js_lossy(record->end_why));
}

static struct json_t *print_life(const struct record *record)
{
	return js_pack("{s:s, s:o, s:b, s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "state",
		       instance_state_name(record->state), "reason", js_lossy(record->reason),
		       "replace", record->replace, "started", record->started, "unhealthy",
		       record->unhealthy, "draining", record->draining, "deadline_ms",
		       (long long)record->deadline_ms, "grace_ms", (long long)record->grace_ms,
		       "begun_us", (long long)record->begun_us, "started_ms",
		       (long long)record->started_ms, "placed_ms", (long long)record->placed_ms,
		       "started_sec", (long long)record->started_at.tv_sec, "started_nsec",
		       (long long)record->started_at.tv_nsec);
}

struct json_t *record_to_text(const struct record *record)
{
	/* ("o?" would leave out what memory lacks for) */
	return js_pack("{s:s, s:s, s:I, s:I, s:I, s:b, s:o, s:o, s:o, s:o, s:o}", "instance",
		       record->name, "revision", record->revision, "index",
		       (long long)record->index, "plan", (long long)record->plan, "run",
		       (long long)record->run, "attached", record->attached, "process",
		       print_process(record), "life", print_life(record), "history",
		       print_history(&record->history), "end",
		       record->has_end ? print_end(record) : js_pack("n"), "vitals",
		       record->vitals.set ? print_vitals(&record->vitals) : js_pack("n"));
}

/* ---- from text ---- */

static void copy_text(const struct json_t *object, const char *key, char *to, size_t size)
{
	const char *text = js_text(object, key);

	snprintf(to, size, "%s", text ? text : "");
}

/* (a process number is an int) */
static unsigned read_unsigned(const struct json_t *object, const char *key)
{
	int64_t value = js_int(object, key, 0);

	return value > 0 && value <= INT32_MAX ? (unsigned)value : 0;
}

static void parse_history(const struct json_t *text, struct restart_history *history)
{
	const struct json_t *granted = js_get(text, "granted");

	history->restarts = read_unsigned(text, "restarts");
	history->streak = read_unsigned(text, "streak");
	history->doublings = read_unsigned(text, "doublings");
	history->seed = (uint64_t)js_int(text, "seed", 0);
	for (size_t i = 0; i < RESTART_RING && i < js_count(granted); i++)
		history->granted_ms[i] = js_number(js_at(granted, i), 0);
}

static int parse_links(const struct json_t *text, struct record *record, struct err *err)
{
	size_t count = js_count(text);

	record->links = calloc(count + 1, sizeof(*record->links));
	if (!record->links)
		return err_set(err, ENOMEM, "record");
	for (size_t i = 0; i < count; i++) {
		const struct json_t *one = js_at(text, i);
		struct record_link *link = &record->links[record->link_count];
		const char *network = js_text(one, "network");
		const char *address = js_text(one, "address");

		if (!network || !address || inet_pton(AF_INET, address, &link->address) != 1)
			continue;
		copy_text(one, "outer", link->outer, sizeof(link->outer));
		link->network = strdup(network);
		if (!link->network)
			return err_set(err, ENOMEM, "record");
		record->link_count++;
	}
	return 0;
}

static void parse_vitals(const struct json_t *text, struct record_vitals *vitals)
{
	const struct json_t *of = js_get(text, "of");

	vitals->set = js_kind(text) == JS_OBJECT;
	vitals->started = js_bool(text, "started");
	vitals->ready = js_bool(text, "ready");
	vitals->said_ready = js_bool(text, "said_ready");
	vitals->awaits_listener = js_bool(text, "awaits_listener");
	vitals->watchdog_ms = js_int(text, "watchdog_ms", 0);
	vitals->count = js_count(of) < PROBES_MAX ? js_count(of) : PROBES_MAX;
	for (size_t i = 0; i < vitals->count; i++) {
		const struct json_t *one = js_at(of, i);
		unsigned status = read_unsigned(one, "status");

		vitals->of[i] = (struct health){
			.status = status < HEALTH_STATUSES ? (enum health_status)status
							   : HEALTH_STARTING,
			.streak = read_unsigned(one, "streak"),
			.started_ms = js_int(one, "started_ms", 0),
			.last_end_ms = js_int(one, "last_end_ms", 0),
		};
	}
}

static void parse_end(const struct json_t *text, struct record *record)
{
	unsigned kind = read_unsigned(text, "kind");

	record->has_end = js_kind(text) == JS_OBJECT;
	record->ended = js_bool(text, "of_this_run");
	record->end_kind = kind <= RUN_END_START_FAILED ? (enum run_end_kind)kind : RUN_END_UNKNOWN;
	record->end_code = (int)js_int(text, "code", 0) & 0xff;
	record->end_signal = (int)js_int(text, "signal", 0) & 0x7f;
	record->end_oom = js_bool(text, "oom");
	copy_text(text, "why", record->end_why, sizeof(record->end_why));
}

static int parse_process(const struct json_t *text, struct record *record, struct err *err)
{
	const struct json_t *pipes = js_get(text, "pipes");

	record->pid = (pid_t)read_unsigned(text, "pid");
	record->start_ticks = (uint64_t)js_int(text, "start_ticks", 0);
	record->netns = (uint64_t)js_int(text, "netns", 0);
	for (size_t i = 0; i < ARRAY_SIZE(record->pipes); i++)
		record->pipes[i] = (uint64_t)js_number(js_at(pipes, i), 0);
	record->terminal = js_bool(text, "terminal");
	copy_text(text, "notify", record->notify, sizeof(record->notify));
	return parse_links(js_get(text, "links"), record, err);
}

static enum instance_state state_of(const char *name)
{
	for (int state = 0; name && state < INSTANCE_STATES; state++)
		if (strcmp(instance_state_name((enum instance_state)state), name) == 0)
			return (enum instance_state)state;
	return INSTANCE_WAITING;
}

static void parse_life(const struct json_t *text, struct record *record)
{
	record->state = state_of(js_text(text, "state"));
	copy_text(text, "reason", record->reason, sizeof(record->reason));
	record->replace = js_bool(text, "replace");
	record->started = js_bool(text, "started");
	record->unhealthy = js_bool(text, "unhealthy");
	record->draining = js_bool(text, "draining");
	record->deadline_ms = js_int(text, "deadline_ms", 0);
	record->grace_ms = js_int(text, "grace_ms", -1);
	record->begun_us = js_int(text, "begun_us", 0);
	record->started_ms = js_int(text, "started_ms", 0);
	record->placed_ms = js_int(text, "placed_ms", 0);
	record->started_at.tv_sec = js_int(text, "started_sec", 0);
	record->started_at.tv_nsec = js_int(text, "started_nsec", 0) % 1000000000;
}

int record_from_text(const struct json_t *text, struct record *ret, struct err *err)
{
	*ret = (struct record){.index = read_unsigned(text, "index"),
			       .plan = read_unsigned(text, "plan"),
			       .run = read_unsigned(text, "run"),
			       .attached = js_bool(text, "attached")};
	copy_text(text, "instance", ret->name, sizeof(ret->name));
	copy_text(text, "revision", ret->revision, sizeof(ret->revision));
	if (!ret->name[0] || !ret->index)
		return err_say(err, EBADMSG, "a record of no instance");
	parse_life(js_get(text, "life"), ret);
	parse_history(js_get(text, "history"), &ret->history);
	parse_end(js_get(text, "end"), ret);
	parse_vitals(js_get(text, "vitals"), &ret->vitals);
	return parse_process(js_get(text, "process"), ret, err);
}
