// SPDX-License-Identifier: GPL-2.0-or-later
/* Writing state down; see save.h. The texts are record.c's and stack_text.c's. */
#include "launcher/supervisor/save.h"

#include "launcher/supervisor/applied.h"
#include "launcher/supervisor/hosts.h"
#include "launcher/supervisor/notify.h"
#include "launcher/supervisor/probe.h"
#include "launcher/supervisor/record.h"
#include "launcher/supervisor/stack_text.h"
#include "launcher/supervisor/state_file.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/base/proc.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* What a turn of the loop may take for it. */
#define TURN_BUDGET_US 2000
/* What cannot be written is tried again so soon, be there a change or not. */
#define AGAIN_MS 1000

static void path_of(const struct supervisor *sup, const char *name, char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", sup->run_dir, name);
}

int save_open(struct supervisor *sup, struct err *err)
{
	static const char *const below[] = {"instances", "manifests", HOSTS_DIR};
	char path[PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(below); i++) {
		path_of(sup, below[i], path);
		r = fs_make_dirs(path, 0700, err);
	}
	if (r == 0)
		r = loop_watch_deferred(sup->loop, save_flush, sup, &sup->save, err);
	if (r == 0)
		r = loop_watch_timer(sup->loop, save_flush, sup, &sup->save_again, err);
	if (r == 0)
		watch_priority(sup->save, LOOP_SETTLE);
	return r;
}

/* Told when it begins and when it is over, not with every change. */
static void tell(struct supervisor *sup, int r, const struct err *err)
{
	if (r < 0)
		watch_arm(sup->save_again, AGAIN_MS);
	if ((r < 0) == sup->unsaved)
		return;
	sup->unsaved = r < 0;
	if (r < 0)
		supervisor_log(sup, "event=state-unsaved error=\"%s\"", err->text);
	else
		supervisor_log(sup, "event=state-saved");
}

static int write_text(struct supervisor *sup, const char *name, const char *kind,
		      struct json_t *text, struct err *err)
{
	autojs struct json_t *owned = text;
	autobuf struct buf bytes = {0};
	char path[PATH_MAX];

	if (!text)
		return err_set(err, ENOMEM, "write state");
	path_of(sup, name, path);
	int r = js_print(text, 0, &bytes, err);

	return r < 0 ? r : state_file_write(path, kind, bytes.data, bytes.len, err);
}

/* ---- an instance ---- */

static uint64_t inode_of(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static int fill_links(const struct instance *instance, struct record *record, struct err *err)
{
	struct net_link_place place;
	size_t count = 0;

	while (instance->endpoint && net_endpoint_link(instance->endpoint, count, &place))
		count++;
	record->links = calloc(count + 1, sizeof(*record->links));
	if (!record->links)
		return err_set(err, ENOMEM, "write state");
	for (size_t i = 0; i < count && net_endpoint_link(instance->endpoint, i, &place); i++) {
		struct record_link *link = &record->links[i];

		link->address = place.address;
		snprintf(link->outer, sizeof(link->outer), "%s", place.outer);
		link->network = strdup(place.network);
		if (!link->network)
			return err_set(err, ENOMEM, "write state");
		record->link_count++;
	}
	return 0;
}

/* Asked for once per run, when it is written for the first time. */
static uint64_t start_of(struct instance *instance)
{
	struct proc_info info;

	if (instance->pid > 0 && instance->start_ticks == 0 &&
	    proc_read(instance->pid, &info, NULL) == 0)
		instance->start_ticks = info.start_ticks;
	return instance->pid > 0 ? instance->start_ticks : 0;
}

static void fill_life(struct instance *instance, struct record *record)
{
	record->state = instance->state;
	record->replace = instance->replace;
	record->started = instance->started;
	record->unhealthy = instance->unhealthy;
	record->draining = instance->draining;
	record->history = instance->history;
	record->deadline_ms = instance->deadline_ms;
	record->grace_ms = instance->grace_ms;
	record->begun_us = instance->begun_us;
	record->started_ms = instance->started_ms;
	record->placed_ms = instance->placed_ms;
	record->started_at = instance->started_at;
	record->has_end = instance->has_end;
	record->ended = instance->end_noted;
	record->end_kind = instance->end.kind;
	record->end_code = instance->end.code;
	record->end_signal = instance->end.signal;
	record->end_oom = instance->end.oom;
	snprintf(record->reason, sizeof(record->reason), "%s", instance->reason);
	snprintf(record->end_why, sizeof(record->end_why), "%s", instance->end_why);
	probe_save(instance, &record->vitals);
}

static void fill_process(struct instance *instance, struct record *record)
{
	const char *notify = notify_name(instance->notify);

	record->pid = instance->pid;
	record->start_ticks = start_of(instance);
	if (instance->endpoint)
		record->netns = inode_of(net_endpoint_netns(instance->endpoint));
	if (instance->log) {
		const struct log_pipes pipes = log_pipes(instance->log);

		for (size_t i = 0; i < LOG_PIPES; i++)
			record->pipes[i] = inode_of(pipes.read_fds[i]);
	}
	snprintf(record->notify, sizeof(record->notify), "%s", notify ? notify : "");
}

static int write_instance(struct instance *instance, struct err *err)
{
	autorecord struct record record = {
		.index = instance->index,
		.plan = instance->plan->number,
		.run = instance->run,
		.attached = instance->client,
	};
	char name[INSTANCE_NAME_MAX + 16];

	snprintf(record.name, sizeof(record.name), "%s", instance->name);
	snprintf(record.revision, sizeof(record.revision), "%s", instance->plan->revision.hex);
	snprintf(name, sizeof(name), "instances/%s", instance->name);
	fill_life(instance, &record);
	fill_process(instance, &record);
	int r = fill_links(instance, &record, err);

	return r < 0 ? r
		     : write_text(instance->sup, name, "instance", record_to_text(&record), err);
}

/* To the end of the list. */
static void note_change(struct instance *instance)
{
	struct supervisor *sup = instance->sup;

	if (!sup->changed_instances)
		sup->changed_end = &sup->changed_instances;
	instance->changed_link = sup->changed_end;
	instance->next_changed = NULL;
	*sup->changed_end = instance;
	sup->changed_end = &instance->next_changed;
	sup->changed_count++;
}

void save_skip(struct instance *instance)
{
	struct supervisor *sup = instance->sup;

	if (!instance->changed_link)
		return;
	*instance->changed_link = instance->next_changed;
	if (instance->next_changed)
		instance->next_changed->changed_link = instance->changed_link;
	else
		sup->changed_end = instance->changed_link;
	instance->changed_link = NULL;
	sup->changed_count--;
}

void save_instance_now(struct instance *instance)
{
	struct err err = {0};
	int r = write_instance(instance, &err);

	save_skip(instance);
	if (r < 0)
		note_change(instance);
	tell(instance->sup, r, &err);
}

void save_instance(struct instance *instance)
{
	if (!instance->changed_link)
		note_change(instance);
	watch_trigger(instance->sup->save);
}

void save_forget(const struct instance *instance)
{
	char name[INSTANCE_NAME_MAX + 16];
	char path[PATH_MAX];

	snprintf(name, sizeof(name), "instances/%s", instance->name);
	path_of(instance->sup, name, path);
	(void)unlink(path); /* what is not there any more is not adopted either */
}

/* ---- the stack ---- */

void save_stack_now(struct supervisor *sup)
{
	autofree unsigned *numbers = NULL;
	size_t count = 0;
	struct err err = {0};
	int r = write_text(sup, "stack", "stack", stack_text_print(sup), &err);

	/* All the others are of no use without it. */
	if (r == 0)
		r = write_text(sup, "stack.copy", "stack", stack_text_print(sup), &err);

	sup->changed = r < 0;
	tell(sup, r, &err);
	/* Only now is nothing of the old ones asked for any more. */
	if (r == 0 && stack_text_manifests(sup, &numbers, &count) == 0)
		applied_sweep(sup, numbers, count);
}

void save_stack(struct supervisor *sup)
{
	sup->changed = true;
	watch_trigger(sup->save);
}

/* The stack first: it has the plans that the instances name. Whatever cannot be written is at the
 * end of the list again, for the next change. */
static void save_until(struct supervisor *sup, int64_t end_us)
{
	if (sup->changed)
		save_stack_now(sup);
	for (size_t left = sup->changed_count; left > 0; left--) {
		save_instance_now(sup->changed_instances);
		if (left > 1 && loop_clock_us() >= end_us) {
			watch_trigger(sup->save);
			return;
		}
	}
}

void save_flush(void *data)
{
	save_until(data, loop_clock_us() + TURN_BUDGET_US);
}

void save_all(struct supervisor *sup)
{
	save_until(sup, INT64_MAX);
}

/* ---- reading ---- */

int save_names(const struct supervisor *sup, struct strv *ret_names, struct err *err)
{
	char path[PATH_MAX];

	path_of(sup, "instances", path);
	autodir DIR *dir = opendir(path);

	if (!dir && errno != ENOENT)
		return err_set(err, errno, "read '%s'", path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		size_t len = strlen(entry->d_name);
		bool temporary = len > 4 && strcmp(entry->d_name + len - 4, ".new") == 0;

		if (entry->d_name[0] != '.' && !temporary)
			strv_add(ret_names, entry->d_name);
	}
	return strv_check(ret_names, err);
}

int save_read(const struct supervisor *sup, const char *name, const char *kind,
	      struct json_t **ret_text, struct err *err)
{
	autofree char *bytes = NULL;
	char path[PATH_MAX];
	size_t len = 0;

	path_of(sup, name, path);
	int r = state_file_read(path, kind, &bytes, &len, err);

	return r < 0 ? r : js_parse(bytes, len, ret_text, err);
}
