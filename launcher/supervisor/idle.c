// SPDX-License-Identifier: GPL-2.0-or-later
/* See idle.h. */
#include "launcher/supervisor/idle.h"

#include "launcher/supervisor/look.h"
#include "launcher/supervisor/measure.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/network/net_hold.h"

#include <string.h>

/* A look costs the more the more often; it is late by so much at most. */
#define LOOKS	      20 /* in the time that it takes */
#define LOOK_MAX_MS   15000
#define LOOK_LEAST_MS 200

bool idle_is_due(const struct scaling *scaling, int64_t now_ms)
{
	return scaling->as.idle_ms > 0 && now_ms >= scaling->idling.due_ms;
}

static void add_hits(void *data, const char *group, uint64_t hits)
{
	struct supervisor *sup = data;

	for (struct scaling *one = sup->scalings; one; one = one->next)
		if (strcmp(one->service, group) == 0)
			one->idling.counted += hits;
}

void idle_count(struct supervisor *sup, int64_t now_ms)
{
	bool due = false;

	for (struct scaling *one = sup->scalings; one; one = one->next) {
		due |= idle_is_due(one, now_ms);
		one->idling.counted = 0;
	}
	if (!due || !sup->net)
		return;
	if (net_hits(sup->net, add_hits, sup, NULL) < 0)
		for (struct scaling *one = sup->scalings; one; one = one->next)
			one->idling.busy_ms = now_ms; /* not knowing is no reason */
}

/* Neither waits for anything nor is on its way. */
static bool is_settled(const struct instance *one)
{
	return one->state != INSTANCE_STARTING && one->state != INSTANCE_WAITING &&
	       one->state != INSTANCE_STOPPING;
}

static bool is_busy(const struct look *look)
{
	for (struct instance *one = look->first; one; one = look_next(one))
		if (!is_settled(one) || measure_is_called(one))
			return true;
	return false;
}

bool idle_is_over(const struct look *look, bool needed)
{
	struct scaling *scaling = look->scaling;
	struct idling *idling = &scaling->idling;
	int64_t now_ms = look->now_us / 1000;
	int64_t pause_ms = scaling->as.idle_ms / LOOKS;

	if (!idle_is_due(scaling, now_ms))
		return false;
	pause_ms = pause_ms > LOOK_MAX_MS ? LOOK_MAX_MS : pause_ms;
	idling->due_ms = now_ms + (pause_ms < LOOK_LEAST_MS ? LOOK_LEAST_MS : pause_ms);
	if (needed || !idling->busy_ms || idling->counted != idling->hits || is_busy(look))
		idling->busy_ms = now_ms;
	idling->hits = idling->counted;
	return now_ms - idling->busy_ms >= scaling->as.idle_ms;
}
