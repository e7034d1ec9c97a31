// SPDX-License-Identifier: GPL-2.0-or-later
/* Taking over what runs; see adopt.h. */
#include "launcher/supervisor/adopt.h"

#include "launcher/lower.h"
#include "launcher/policy/observed.h"
#include "launcher/supervisor/adopt_found.h"
#include "launcher/supervisor/adopt_network.h"
#include "launcher/supervisor/adopt_pipes.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/join.h"
#include "launcher/supervisor/kept.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/notify.h"
#include "launcher/supervisor/oom.h"
#include "launcher/supervisor/probe.h"
#include "launcher/supervisor/retire.h"
#include "launcher/supervisor/run_begin.h"
#include "launcher/supervisor/run_end.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/scaler.h"
#include "launcher/supervisor/scheduler.h"
#include "launcher/supervisor/streams.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/proc.h"
#include "runtime/cgroup/cg_adopt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

/* ---- whose instance it is ---- */

/* "web-2" is of the service that has a plan and is called so. */
static struct plan *plan_of_name(const struct supervisor *sup, const char *name,
				 unsigned *ret_index)
{
	const struct stack *stack = settle_stack(sup);
	const char *dash = strrchr(name, '-');
	autofree char *service = dash ? strndup(name, (size_t)(dash - name)) : NULL;
	long i = service ? observed_service(stack, service) : -1;

	*ret_index = dash ? (unsigned)strtoul(dash + 1, NULL, 10) : 0;
	return i >= 0 && *ret_index ? sup->units[i].plan : NULL;
}

/* It was made before: that is no event. */
static int create_again(struct supervisor *sup, struct plan *plan, unsigned index, struct err *err)
{
	events_silence(sup, true);
	int r = instance_create(sup, plan, index, err);

	events_silence(sup, false);
	return r;
}

/* The plan that it was made from; where that is lost, the present one of its service, and then it
 * is to be replaced unless it is of the same revision. */
static struct instance *create(struct supervisor *sup, const struct restored *restored,
			       struct record *record)
{
	unsigned index = record->index;
	struct plan *plan = restore_plan(restored, record->plan);
	struct err err = {0};

	if (!plan) {
		plan = plan_of_name(sup, record->name, &index);
		record->replace |= plan && strcmp(plan->revision.hex, record->revision) != 0;
	}
	if (!plan)
		restore_doubts(sup);
	if (!plan)
		err_ignore(err_say(&err, ENOENT, "what it was made from is not known"));
	else if (create_again(sup, plan, index, &err) == 0)
		return instance_find(sup, record->name);
	restore_not_adopted(sup, record->name, &err);
	return NULL;
}

/* Before anybody gets an address, everybody keeps that which they have. */
static void keep_addresses(struct supervisor *sup, const struct record *record)
{
	for (size_t i = 0; sup->net && i < record->link_count; i++) {
		const struct record_link *link = &record->links[i];
		struct net_network *network = net_network_find(sup->net, link->network);
		struct err err = {0};

		if (network && net_network_keep(network, record->name, link->address, &err) < 0)
			restore_not_adopted(sup, record->name, &err);
	}
}

/* ---- what it has ---- */

static int take_group(struct instance *instance, const char *group, struct err *err)
{
	struct cg_limits limits = lower_limits(instance->plan->service);
	int r = retire_place(&instance->retired, err);

	if (r == 0)
		r = cg_adopt(instance->sup->cgroups, group, &limits, &instance->cg, err);

	return r < 0 ? r : oom_resume(instance, err);
}

static void take_terminal(struct instance *instance)
{
	struct err err = {0};

	instance->terminal_fd = kept_take(instance, KEPT_TERMINAL);
	if (instance->terminal_fd >= 0 && instance->log && streams_terminal(instance, &err) < 0)
		restore_not_adopted(instance->sup, instance->name, &err);
}

/* @group: NULL when it has ended: then there are at most its last words. */
static void take_log(struct instance *instance, const struct adopt_group *group, size_t leader,
		     const struct record *record)
{
	struct log_pipes pipes;
	bool again = pipes_kept(instance, &pipes) ||
		     (group && pipes_again(group, leader, record->pipes, &pipes));
	struct err err = {0};

	if (!again && !group)
		return;
	if (run_begin_log(instance, again ? &pipes : NULL, &err) == 0 &&
	    (instance->log || !again)) {
		take_terminal(instance);
		return;
	}
	for (size_t i = 0; again && i < LOG_PIPES; i++) {
		fd_drop(&pipes.read_fds[i]);
		fd_drop(&pipes.write_fds[i]);
	}
	if (err.code)
		restore_not_adopted(instance->sup, instance->name, &err);
}

static void take_notify(struct instance *instance, const struct record *record)
{
	int fd = instance->endpoint ? net_endpoint_netns(instance->endpoint) : -1;
	struct err err = {0};

	if (record->notify[0] && notify_open(instance, fd, record->notify, &err) < 0)
		restore_not_adopted(instance->sup, instance->name, &err);
}

/* @pidfd: as it is stored, then it is taken; or -1. */
static int take_process(struct instance *instance, const struct adopt_process *process, int *pidfd,
			struct err *err)
{
	instance->orphaned = *pidfd >= 0;
	instance->pidfd =
		*pidfd >= 0 ? take_fd(pidfd) : proc_open(process->pid, process->start, err);
	if (instance->pidfd < 0)
		return instance->pidfd;
	instance->pid = process->pid;
	instance->start_ticks = process->start;
	return run_begin_watch(instance, err);
}

/* ---- what becomes of it ---- */

/* Only a table entry that has a process can be in these. */
static bool has_process(enum instance_state state)
{
	return state == INSTANCE_READY || state == INSTANCE_UNREADY || state == INSTANCE_STOPPING;
}

/* The start that the record tells of, or one after it, has come to its end without being seen. */
static void started_unseen(struct instance *instance)
{
	instance->state = INSTANCE_STARTING;
	instance_say(&instance->reason, "");
	run_begin_done(instance);
}

static void go_on(struct instance *instance, const struct record *record, bool same_run)
{
	bool begun = same_run && (has_process(record->state) || record->vitals.set);

	if (!begun) {
		started_unseen(instance);
		return;
	}
	if (record->vitals.set && record->state != INSTANCE_STOPPING)
		probe_resume(instance, &record->vitals);
	publish_ports(instance->sup);
}

static void end_as(struct instance *instance, const struct record *record, enum adopt_fate fate,
		   int status)
{
	siginfo_t info = {0};

	/* So that it is written down as the end of this very process. */
	instance->pid = record->pid;
	instance->start_ticks = record->start_ticks;
	if (fate == ADOPT_ENDED_NOTED) {
		keep_exit_seen(instance->sup->keep, record->pid);
		run_end_now(instance);
		return;
	}
	if (fate == ADOPT_ENDED_KNOWN)
		run_end_from_status(status, &info);
	run_end_from_wait(instance, &info);
}

/* Without a process. What was on its way to one is begun again. */
static void rest(struct instance *instance, enum adopt_fate fate)
{
	if (instance->state == INSTANCE_STOPPING) {
		instance_event(instance, INSTANCE_EV_EXITED_COMPLETED);
		return;
	}
	if (fate != ADOPT_AGAIN && instance->state != INSTANCE_STARTING &&
	    !has_process(instance->state))
		return;
	instance->state = instance->started ? INSTANCE_BACKOFF : INSTANCE_WAITING;
	if (instance->state == INSTANCE_BACKOFF)
		instance_hasten(instance, 0);
}

/* Since we looked. The keeper tells of an end before it lets the process go. */
static void ended_meanwhile(struct instance *instance, const struct adopt_process *process)
{
	siginfo_t info = {0};
	int status = 0;

	instance->pid = process->pid;
	instance->start_ticks = process->start;
	autoclose int pidfd = proc_hold(process->pid, process->start, NULL);
	bool known = pidfd >= 0 && proc_exit_status(pidfd, process->pid, &status) == 0;

	keep_hear(instance->sup->keep);
	if (known || keep_exit_of(instance->sup->keep, process->pid, &status) == 0)
		run_end_from_status(status, &info);
	run_end_from_wait(instance, &info);
}

/* @pidfd: of the process that the record tells of; taken. */
static void adopt_running(struct instance *instance, struct record *record,
			  const struct found *found, const struct adopt_verdict *verdict,
			  int *pidfd)
{
	const struct adopt_group *group = &found->situation.groups[verdict->group];
	const struct adopt_process *process = &group->processes[verdict->process];
	bool same_run = group->run == record->run && record->pid != 0;
	int none = -1;
	struct err err = {0};

	instance_restore(instance, record);
	instance->run = group->run;
	int r = take_group(instance, found->groups[verdict->group].group, &err);

	if (r == 0)
		r = take_process(instance, process, same_run ? pidfd : &none, &err);
	events_adopted(instance);
	if (r < 0) {
		restore_not_adopted(instance->sup, instance->name, &err);
		if (!instance->sup->starved)
			ended_meanwhile(instance, process);
		return;
	}
	network_take(instance, record, found);
	take_log(instance, group, verdict->process, record);
	if (same_run)
		take_notify(instance, record);
	supervisor_log(instance->sup, "instance=%s event=adopted pid=%d restarts=%u",
		       instance->name, (int)instance->pid, instance->history.restarts);
	go_on(instance, record, same_run);
	/* Whoever waited for it has lost the connection. */
	if (record->attached)
		instance_event(instance, INSTANCE_EV_STOP);
}

static void adopt_one(struct supervisor *sup, const struct restored *restored, struct found *found,
		      size_t i, const struct adopt_verdict *verdict)
{
	struct record *record = &found->records[i];
	struct instance *instance = create(sup, restored, record);

	if (!instance)
		return;
	if (verdict->fate == ADOPT_RUNS) {
		adopt_running(instance, record, found, verdict, &found->processes[i].pidfd);
		return;
	}
	instance_restore(instance, record);
	events_adopted(instance);
	network_take(instance, record, found);
	take_log(instance, NULL, 0, record);
	if (verdict->fate == ADOPT_RESTS || verdict->fate == ADOPT_AGAIN)
		rest(instance, verdict->fate);
	else
		end_as(instance, record, verdict->fate, found->processes[i].status);
}

/* ---- what no record tells of ---- */

static int fill_links(struct record *record, const struct net_link_found *found, size_t count)
{
	record->links = calloc(count + 1, sizeof(*record->links));
	for (size_t i = 0; record->links && i < count; i++) {
		struct record_link *link = &record->links[i];

		link->network = strdup(found[i].network);
		if (!link->network)
			break;
		link->address = found[i].address;
		memcpy(link->outer, found[i].outer, sizeof(link->outer));
		record->link_count++;
	}
	return record->link_count == count ? 0 : -ENOMEM;
}

/* As far as the kernel knows it: what it is, and where it is. */
static void make_record(struct supervisor *sup, const struct found *found, size_t i, size_t leader,
			struct record *ret)
{
	unsigned index = 0;
	const struct plan *plan = plan_of_name(sup, found->groups[i].name, &index);
	pid_t pid = found->situation.groups[i].processes[leader].pid;
	autofree struct net_link_found *links = NULL;
	size_t count = 0;
	struct err err = {0};

	*ret = (struct record){.index = index,
			       .plan = plan ? plan->number : 0,
			       .grace_ms = -1,
			       .state = INSTANCE_WAITING};
	snprintf(ret->name, sizeof(ret->name), "%s", found->groups[i].name);
	if (!sup->net || !plan || plan->service->network.mode != NETWORK_BRIDGE)
		return;
	autoclose int netns_fd = proc_namespace(pid, "net", &err);

	if (netns_fd < 0 || net_look(sup->net, netns_fd, &links, &count, &err) < 0)
		restore_not_adopted(sup, ret->name, &err);
	else if (fill_links(ret, links, count) < 0)
		restore_not_adopted(sup, ret->name,
				    &(struct err){.code = ENOMEM, .text = "out of memory"});
}

/* One record for each of them, parallel to the groups; of the others nothing is in it. */
static struct record *make_records(struct supervisor *sup, const struct found *found,
				   const struct adopt_plan *plan)
{
	size_t count = found->situation.group_count;
	struct record *records = calloc(count + 1, sizeof(*records));

	for (size_t i = 0; records && i < count; i++)
		if (plan->groups[i].kept && plan->groups[i].unrecorded)
			make_record(sup, found, i, plan->groups[i].process, &records[i]);
	return records;
}

static void adopt_unrecorded(struct supervisor *sup, const struct restored *restored,
			     const struct found *found, const struct adopt_verdict *verdict,
			     struct record *record)
{
	struct instance *instance = create(sup, restored, record);
	int none = -1;

	if (instance)
		adopt_running(instance, record, found, verdict, &none);
}

/* ---- what is left ---- */

static void kill_group(struct supervisor *sup, const char *group)
{
	autofree struct retired *place = NULL;
	struct cg *cg = NULL;
	struct err err = {0};
	int r = retire_place(&place, &err);

	if (r == 0)
		r = cg_inherit(sup->cgroups, group, &cg, &err);
	if (r == 0)
		retire_cgroup(sup, take_ptr(place), cg, false);
	else if (!restore_starves(sup, &err))
		supervisor_log(sup, "group=%s event=not-removed error=\"%s\"", group, err.text);
}

/* A new supervisor cannot give the result to whoever asked for it. */
static void kill_strays(const struct adopt_group *group, size_t leader)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct adopt_process *process = &group->processes[i];
		autoclose int pidfd = adopt_is_stray(group, leader, i)
					      ? proc_open(process->pid, process->start, NULL)
					      : -1;

		if (pidfd >= 0)
			(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* dead: as wanted */
	}
}

static bool is_held(const struct supervisor *sup, const char *name, unsigned run)
{
	for (const struct instance *one = sup->instances; one; one = one->next)
		if (one->cg && one->run == run && strcmp(one->name, name) == 0)
			return true;
	return false;
}

static void clear_groups(struct supervisor *sup, const struct found *found,
			 const struct adopt_plan *plan)
{
	for (size_t i = 0; i < found->situation.group_count; i++) {
		const struct adopt_group *group = &found->situation.groups[i];

		if (plan->groups[i].kept && is_held(sup, group->name, group->run))
			kill_strays(group, plan->groups[i].process);
		else
			kill_group(sup, found->groups[i].group);
	}
}

/* Who shares a network does so again. */
static void join_again(struct supervisor *sup)
{
	for (struct instance *one = sup->instances; one; one = one->next) {
		enum network_mode mode = one->plan->service->network.mode;
		struct err err = {0};
		int fd = -1;

		if (one->pid && (mode == NETWORK_SERVICE || mode == NETWORK_CONTAINER) &&
		    join_network(one, &fd, &err) < 0)
			restore_not_adopted(sup, one->name, &err);
	}
}

static void adopt_all(struct supervisor *sup, const struct restored *restored, struct found *found,
		      const struct adopt_plan *plan, struct record *unrecorded)
{
	size_t groups = found->situation.group_count;

	for (size_t i = 0; i < found->record_count; i++)
		keep_addresses(sup, &found->records[i]);
	for (size_t i = 0; i < groups; i++)
		keep_addresses(sup, &unrecorded[i]);
	for (size_t i = 0; i < found->record_count; i++)
		adopt_one(sup, restored, found, i, &plan->records[i]);
	for (size_t i = 0; i < groups; i++) {
		const struct adopt_verdict verdict = {ADOPT_RUNS, i, plan->groups[i].process};

		if (unrecorded[i].name[0])
			adopt_unrecorded(sup, restored, found, &verdict, &unrecorded[i]);
		record_free(&unrecorded[i]);
	}
}

int adopt_instances(struct supervisor *sup, const struct restored *restored, struct err *err)
{
	autofound struct found found = {0};
	autoadopt struct adopt_plan plan = {0};
	int r = found_collect(sup, restored, &found, err);

	if (r == 0)
		r = adopt_decide(&found.situation, &plan, err);
	autofree struct record *unrecorded = r == 0 ? make_records(sup, &found, &plan) : NULL;

	if (r == 0 && !unrecorded)
		r = err_set(err, ENOMEM, "adopt");
	if (r < 0)
		return r;
	adopt_all(sup, restored, &found, &plan, unrecorded);
	join_again(sup);
	if (sup->starved)
		return err_set(err, ENOMEM, "adopt");
	found.keep = sup->keep;
	clear_groups(sup, &found, &plan);
	if (sup->starved)
		return err_set(err, ENOMEM, "adopt");
	networks_restored(sup);
	scheduler_update(sup);
	save_stack(sup);
	scaler_update(sup);
	supervisor_touch(sup);
	return 0;
}
