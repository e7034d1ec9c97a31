// SPDX-License-Identifier: GPL-2.0-or-later
/* Looking at what there is; see adopt_found.h. */
#include "launcher/supervisor/adopt_found.h"

#include "launcher/supervisor/kept.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/proc.h"
#include "runtime/cgroup/cg_adopt.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_WAIT_MS 200 /* for all of them together */

static void forget_record(struct found *found, size_t i)
{
	struct record *record = &found->records[i];

	if (found->keep && found->processes[i].pidfd >= 0)
		kept_drop_process(found->keep, record->name, record->run);
	if (found->processes)
		fd_drop(&found->processes[i].pidfd);
	record_free(record);
}

void found_free(struct found *found)
{
	for (size_t i = 0; i < found->record_count; i++)
		forget_record(found, i);
	for (size_t i = 0; i < found->situation.group_count; i++) {
		free(found->groups[i].group);
		free(found->groups[i].name);
		free(found->groups[i].processes);
	}
	free(found->records);
	free(found->processes);
	free(found->groups);
	free(found->views);
	free(found->lists);
}

/* ---- records ---- */

static bool has_record(const struct found *found, const char *name)
{
	for (size_t i = 0; i < found->record_count; i++)
		if (strcmp(found->records[i].name, name) == 0)
			return true;
	return false;
}

static void read_record(struct supervisor *sup, struct found *found, const char *name)
{
	autojs struct json_t *text = NULL;
	struct record *record = &found->records[found->record_count];
	char file[INSTANCE_NAME_MAX + 16];
	struct err err = {0};

	snprintf(file, sizeof(file), "instances/%.*s", INSTANCE_NAME_MAX, name);
	int r = save_read(sup, file, "instance", &text, &err);

	if (r == 0)
		r = record_from_text(text, record, &err);
	if (r == 0 && strcmp(record->name, name) == 0) {
		found->record_count++;
		return;
	}
	record_free(record);
	(void)restore_starves(sup, &err);
	supervisor_log(sup, "event=not-restored what=\"%s\" error=\"%s\"", name,
		       r < 0 ? err.text : "it is of another instance");
}

/* What has completed stays so without its record. */
static void add_completed(struct found *found, const struct json_t *text)
{
	const char *name = js_text(text, "instance");

	if (!name || has_record(found, name))
		return;
	struct record *record = &found->records[found->record_count++];

	*record = (struct record){.index = (unsigned)js_int(text, "index", 1),
				  .plan = (unsigned)js_int(text, "plan", 0),
				  .state = INSTANCE_COMPLETED,
				  .started = true,
				  .grace_ms = -1};
	snprintf(record->name, sizeof(record->name), "%s", name);
}

static int read_records(struct supervisor *sup, const struct restored *restored,
			struct found *found, struct err *err)
{
	const struct json_t *completed = js_get(restored->text, "completed");
	autostrv struct strv names = {0};
	int r = save_names(sup, &names, err);

	if (r < 0)
		return r;
	found->records = calloc(names.count + js_count(completed) + 1, sizeof(*found->records));
	found->views = calloc(names.count + js_count(completed) + 1, sizeof(*found->views));
	found->processes = calloc(names.count + js_count(completed) + 1, sizeof(*found->processes));
	if (!found->records || !found->views || !found->processes)
		return err_set(err, ENOMEM, "adopt");
	for (size_t i = 0; i < names.count + js_count(completed); i++)
		found->processes[i].pidfd = -1;
	for (size_t i = 0; i < names.count; i++)
		read_record(sup, found, names.items[i]);
	for (size_t i = 0; i < js_count(completed); i++)
		add_completed(found, js_at(completed, i));
	return 0;
}

static bool is_listed(const struct found *found, pid_t pid)
{
	for (size_t i = 0; i < found->situation.group_count; i++)
		for (size_t j = 0; j < found->lists[i].count; j++)
			if (found->lists[i].processes[j].pid == pid)
				return true;
	return false;
}

/* A process on its way out leaves its groups a moment before its status can be asked for. */
static int exit_status(struct found *found, int pidfd, pid_t pid, int *ret_status)
{
	struct pollfd end = {.fd = pidfd, .events = POLLIN};
	int r = proc_exit_status(pidfd, pid, ret_status);

	if (r != -EAGAIN || is_listed(found, pid))
		return r;
	if (!found->patient_until)
		found->patient_until = loop_clock_us() + EXIT_WAIT_MS * 1000;
	int64_t left_us = found->patient_until - loop_clock_us();

	if (left_us > 0)
		(void)poll(&end, 1, (int)(left_us / 1000)); /* whatever comes of it, we ask again */
	return proc_exit_status(pidfd, pid, ret_status);
}

/* The kernel knows it until the process is reaped, or as long as there is a pidfd; and the keeper
 * tells of an end before it reaps. */
static bool has_known_end(struct supervisor *sup, struct found *found, const struct record *record,
			  struct found_process *process)
{
	autoclose int own = -1;
	int pidfd = process->pidfd;

	if (record->pid <= 0)
		return false;
	if (pidfd < 0)
		pidfd = own = proc_hold(record->pid, record->start_ticks, NULL);
	if (pidfd >= 0 && exit_status(found, pidfd, record->pid, &process->status) == 0)
		return true;
	keep_hear(sup->keep);
	return keep_exit_of(sup->keep, record->pid, &process->status) == 0;
}

static void view_records(struct supervisor *sup, struct found *found)
{
	for (size_t i = 0; i < found->record_count; i++) {
		const struct record *record = &found->records[i];

		found->processes[i].pidfd = kept_take_process(sup->keep, record->name, record->run);
		found->views[i] = (struct adopt_record){
			.name = record->name,
			.run = record->run,
			.pid = record->pid,
			.start = record->start_ticks,
			.ended = record->ended,
			.status_known = has_known_end(sup, found, record, &found->processes[i]),
		};
		if (record->run > sup->runs_made)
			sup->runs_made = record->run;
	}
	found->situation.records = found->views;
	found->situation.record_count = found->record_count;
}

/* ---- groups ---- */

static int by_pid(const void *a, const void *b)
{
	const struct adopt_process *left = a, *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* Returns 0; -ESRCH when it has ended. Any other failure says nothing of the process: whom we take
 * for dead though he is not would get a second copy. */
static int look_at(pid_t pid, struct adopt_process *ret, struct err *err)
{
	struct proc_info info;
	int first = 0;
	int r = proc_read(pid, &info, err);

	if (r == 0 && info.zombie)
		return -ESRCH;
	if (r == 0)
		first = r = proc_is_first(pid, err);
	if (r < 0)
		return r;
	*ret = (struct adopt_process){
		.pid = info.pid,
		.parent = info.parent,
		.start = info.start_ticks,
		.first = first,
		.unstarted = proc_is_self(info.pid),
	};
	return 0;
}

static int read_processes(const struct supervisor *sup, struct found_group *group,
			  struct adopt_group *list, struct err *err)
{
	autofree pid_t *pids = NULL;
	size_t count = 0;
	int r = cg_tree_pids(sup->cgroups, group->group, &pids, &count, err);

	if (r < 0)
		return r;
	group->processes = calloc(count + 1, sizeof(*group->processes));
	if (!group->processes)
		return err_set(err, ENOMEM, "adopt");
	list->processes = group->processes;
	for (size_t i = 0; i < count; i++) {
		r = look_at(pids[i], &group->processes[list->count], err);
		if (r < 0 && r != -ESRCH)
			return r;
		list->count += r == 0;
	}
	qsort(group->processes, list->count, sizeof(*group->processes), by_pid);
	return 0;
}

/* "web-1.3" */
static int read_group(struct supervisor *sup, const char *group, struct found *found,
		      struct err *err)
{
	size_t i = found->situation.group_count++;
	const char *dot = strrchr(group, '.');
	struct adopt_group *list = &found->lists[i];

	found->groups[i].group = strdup(group);
	found->groups[i].name = dot ? strndup(group, (size_t)(dot - group)) : strdup(group);
	if (!found->groups[i].group || !found->groups[i].name)
		return err_set(err, ENOMEM, "adopt");
	list->name = found->groups[i].name;
	list->run = dot ? (unsigned)strtoul(dot + 1, NULL, 10) : 0;
	if (list->run > sup->runs_made)
		sup->runs_made = list->run;
	return read_processes(sup, &found->groups[i], list, err);
}

static int read_groups(struct supervisor *sup, struct found *found, struct err *err)
{
	autostrv struct strv names = {0};
	int r = cg_tree_list(sup->cgroups, &names, err);

	if (r < 0)
		return r;
	found->groups = calloc(names.count + 1, sizeof(*found->groups));
	found->lists = calloc(names.count + 1, sizeof(*found->lists));
	if (!found->groups || !found->lists)
		return err_set(err, ENOMEM, "adopt");
	found->situation.groups = found->lists;
	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = read_group(sup, names.items[i], found, err);
	return r;
}

int found_collect(struct supervisor *sup, const struct restored *restored, struct found *ret,
		  struct err *err)
{
	int r = read_records(sup, restored, ret, err);

	if (r == 0)
		r = read_groups(sup, ret, err);
	/* After the groups: what ends in between is known to have ended, or is still there. */
	if (r == 0)
		view_records(sup, ret);
	return r;
}
