// SPDX-License-Identifier: GPL-2.0-or-later
/* See scheduler.h. */
#include "launcher/supervisor/scheduler.h"

#include "launcher/js.h"
#include "launcher/policy/timetable.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/stamp.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/wall.h"
#include "launcher/supervisor/watch.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static size_t unit_count(const struct supervisor *sup)
{
	return sup->manifest && !sup->ending ? sup->manifest->stack->service_count : 0;
}

static const struct service *service_at(const struct supervisor *sup, size_t i)
{
	return &sup->manifest->stack->services[i];
}

static bool is_scheduled(const struct supervisor *sup, size_t i)
{
	return service_at(sup, i)->schedule.present && sup->units[i].selected && sup->units[i].plan;
}

/* ---- a run ---- */

static bool is_of(const struct instance *instance, const struct service *service)
{
	return strcmp(instance->plan->service->name, service->name) == 0 &&
	       !instance_is_one_off(instance);
}

static bool has_ended(const struct instance *instance)
{
	return instance->state == INSTANCE_COMPLETED || instance->state == INSTANCE_FAILED;
}

static unsigned count_running(const struct supervisor *sup, const struct service *service)
{
	unsigned running = 0;

	for (const struct instance *one = sup->instances; one; one = one->next)
		running += is_of(one, service) && !has_ended(one);
	return running;
}

bool scheduler_runs(const struct supervisor *sup, size_t i)
{
	return count_running(sup, service_at(sup, i)) > 0;
}

void scheduler_run(struct supervisor *sup, size_t i, const char *why)
{
	const struct service *service = service_at(sup, i);
	const struct timetable_verdict verdict = timetable_judge(
		service->schedule.concurrency, service->replicas, count_running(sup, service));

	if (verdict.left_out) {
		events_service(sup, service->name, "run-left-out", verdict.left_out, NULL);
		supervisor_log(sup, "service=%s event=run-left-out reason=\"%s\"", service->name,
			       verdict.left_out);
		return;
	}
	events_service(sup, service->name, "run", why, NULL);
	for (struct instance *one = sup->instances; one; one = one->next)
		if (is_of(one, service) && (verdict.replace || has_ended(one)))
			instance_replace(one);
	sup->units[i].replicas = verdict.wanted;
}

/* ---- the clock ---- */

/* When clocks there will show @shown, counted as timegm() does. */
static time_t moment_of(const struct run_schedule *schedule, int64_t shown)
{
	struct tm tm = {0};

	(void)gmtime_r(&(time_t){shown}, &tm);
	return wall_moment(schedule->tz, &tm);
}

/* Begins what is due. Returns when to look again; 0: never. */
static int64_t look(struct supervisor *sup, size_t i, time_t now)
{
	const struct run_schedule *schedule = &service_at(sup, i)->schedule;
	struct unit_times *times = &sup->units[i].times;
	struct tm clock = wall_clock(schedule->tz, now);
	int64_t shown = timegm(&clock);
	char why[96];

	if (!times->seen_s)
		times->seen_s = shown;
	if (!times->random)
		(void)!getrandom(&times->random, sizeof(times->random), GRND_NONBLOCK);
	struct timetable_run run = timetable_next(schedule, times->random, shown, times->seen_s);

	if (run.time >= 0 && run.begin <= shown) {
		times->seen_s = run.time;
		times->random = 0;
		strftime(why, sizeof(why), "due at %H:%M", gmtime_r(&(time_t){run.time}, &clock));
		if (!sup->units[i].stopped)
			scheduler_run(sup, i, why);
		run = timetable_next(schedule, times->random, shown, times->seen_s);
	}
	times->next_s = run.time < 0 ? 0 : moment_of(schedule, run.begin);
	if (run.time < 0)
		return 0;
	/* Where clocks change meanwhile, the earlier of both looks is too early at most. */
	int64_t steady_s = now + run.begin - shown;

	return times->next_s > now && times->next_s < steady_s ? times->next_s : steady_s;
}

static void on_clock(void *data)
{
	struct supervisor *sup = data;

	scheduler_update(sup);
	save_stack_now(sup);
	watch_idle(sup, false);
	supervisor_touch(sup);
}

void scheduler_update(struct supervisor *sup)
{
	time_t now = time(NULL);
	int64_t first = 0;

	for (size_t i = 0; i < unit_count(sup); i++) {
		int64_t again = is_scheduled(sup, i) ? look(sup, i, now) : 0;

		if (again && (!first || again < first))
			first = again;
	}
	if (first)
		watch_arm_at(sup->schedule_clock, first);
}

int scheduler_open(struct supervisor *sup, struct err *err)
{
	return loop_watch_clock(sup->loop, on_clock, sup, &sup->schedule_clock, err);
}

/* ---- what is told ---- */

struct json_t *scheduler_names(const struct supervisor *sup)
{
	struct json_t *names = js_pack("[]");

	for (size_t i = 0; names && i < unit_count(sup); i++)
		if (is_scheduled(sup, i) && !sup->units[i].stopped && sup->units[i].times.next_s &&
		    !js_append(names, js_pack("s", service_at(sup, i)->name)))
			break;
	return names;
}

void scheduler_close(struct supervisor *sup)
{
	watch_free(sup->schedule_clock);
}

struct json_t *scheduler_view(const struct supervisor *sup, size_t i)
{
	const struct run_schedule *schedule = &service_at(sup, i)->schedule;
	const struct unit *unit = &sup->units[i];
	const struct timespec next = {.tv_sec = unit->times.next_s};
	char at[STAMP_SIZE];

	if (!schedule->present)
		return NULL;
	return js_pack("{s:s, s:s, s:s?}", "cron", schedule->cron.text, "tz", schedule->tz, "next",
		       unit->stopped || !next.tv_sec ? NULL : stamp_text(&next, 0, at));
}
