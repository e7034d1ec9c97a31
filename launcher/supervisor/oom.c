// SPDX-License-Identifier: GPL-2.0-or-later
/* Noticing out-of-memory kills; see oom.h. */
#include "launcher/supervisor/oom.h"
#include "launcher/js.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

/* A kill noticed this long before the end of the first process is what ended it. */
#define OOM_BLAME_MS   500
#define OOM_RECHECK_MS 20

/* What the group tells of is more than kills: that it is full, for one, time and again. */
static void oom_note(struct instance *instance)
{
	uint64_t kills = 0;

	if (!instance->cg || cg_oom_kills(instance->cg, &kills, NULL) < 0 ||
	    kills <= instance->oom_kills)
		return;
	instance->oom_ms = loop_now_ms(instance->sup->loop);
	instance->oom_kills = kills;
	events_instance(instance, "oom", NULL,
			js_pack("{s:I}", "kills", (long long)instance->oom_kills));
	supervisor_log(instance->sup, "service=%s instance=%u event=oom kills=%llu",
		       instance->plan->service->name, instance->index,
		       (unsigned long long)instance->oom_kills);
}

static void on_oom_recheck(void *data)
{
	struct instance *instance = data;

	oom_note(instance);
	if (--instance->oom_rechecks > 0)
		watch_arm(instance->oom_recheck, OOM_RECHECK_MS);
}

/* The kernel of v1 tells of a kill before it counts it. What is counted late must still be noticed
 * now: noticed at the end of the run only, a kill of long ago would be blamed for that end. */
static void on_oom(void *data, int fd, uint32_t events)
{
	struct instance *instance = data;
	struct loop *loop = instance->sup->loop;

	cg_oom_ack(instance->cg);
	oom_note(instance);
	instance->oom_rechecks = OOM_BLAME_MS / OOM_RECHECK_MS;
	if (instance->oom_recheck ||
	    loop_watch_timer(loop, on_oom_recheck, instance, &instance->oom_recheck, NULL) == 0)
		watch_arm(instance->oom_recheck, OOM_RECHECK_MS);
}

int oom_listen(struct instance *instance, struct err *err)
{
	uint32_t events = 0;
	int fd = cg_oom_fd(instance->cg, &events);

	instance->oom_kills = 0;
	instance->oom_ms = -1;
	if (fd < 0)
		return 0;
	return loop_watch_fd(instance->sup->loop, &(struct loop_io){fd, events, on_oom, instance},
			     &instance->oom_watch, err);
}

int oom_resume(struct instance *instance, struct err *err)
{
	uint64_t kills = 0;
	int r = oom_listen(instance, err);

	if (r == 0 && cg_oom_kills(instance->cg, &kills, NULL) == 0)
		instance->oom_kills = kills;
	return r;
}

void oom_forget(struct instance *instance)
{
	watch_free(take_ptr(instance->oom_watch));
	watch_free(take_ptr(instance->oom_recheck));
}

bool oom_blamed(struct instance *instance)
{
	oom_note(instance);
	return instance->oom_ms >= 0 &&
	       loop_now_ms(instance->sup->loop) - instance->oom_ms <= OOM_BLAME_MS;
}
