// SPDX-License-Identifier: GPL-2.0-or-later
/* From instances to services, and from these to "has it come to rest?" */
#include "launcher/policy/settled.h"

#include "launcher/policy/reconcile.h"
#include "runtime/base/cleanup.h"

#include <errno.h>

/* How much a state matters for the service as a whole: the highest of its instances is shown. */
static const unsigned weights[INSTANCE_STATES] = {
	[INSTANCE_COMPLETED] = 1, [INSTANCE_READY] = 2,	  [INSTANCE_STARTING] = 3,
	[INSTANCE_STOPPING] = 4,  [INSTANCE_WAITING] = 5, [INSTANCE_UNREADY] = 6,
	[INSTANCE_BACKOFF] = 7,	  [INSTANCE_FAILED] = 8,
};

static void take_in(const struct observed *instance, struct service_status *status)
{
	if (instance->surplus) {
		status->leftover++;
		return;
	}
	status->present++;
	status->ready += instance->state == INSTANCE_READY;
	status->completed += instance->state == INSTANCE_COMPLETED;
	if (!status->worst || weights[instance->state] > weights[status->worst->state])
		status->worst = instance;
}

static const char *choose_word(const struct service_status *status, const struct desired *desired)
{
	enum instance_state worst = INSTANCE_STARTING;

	if (status->desired == 0)
		return status->leftover	    ? "stopping"
		       : desired->asleep    ? "asleep"
		       : desired->scheduled ? "scheduled"
					    : "stopped";
	if (status->completed == status->desired)
		return "completed";
	if (status->ready + status->completed == status->desired)
		return "ready";
	/* An instance still to be created weighs as much as one that starts. */
	if (status->worst && weights[status->worst->state] > weights[worst])
		worst = status->worst->state;
	if (desired->waking && worst == INSTANCE_STARTING)
		return "waking";
	return instance_state_name(worst);
}

void settled_services(const struct stack *stack, const struct desired *desired,
		      const struct observed *observed, size_t observed_count,
		      struct service_status *ret_status)
{
	for (size_t s = 0; s < stack->service_count; s++)
		ret_status[s] = (struct service_status){.desired = desired[s].replicas};
	for (size_t i = 0; i < observed_count; i++) {
		long s = observed_service(stack, observed[i].service);

		if (s >= 0)
			take_in(&observed[i], &ret_status[s]);
	}
	for (size_t s = 0; s < stack->service_count; s++) {
		ret_status[s].state = choose_word(&ret_status[s], &desired[s]);
		ret_status[s].reason = ret_status[s].worst ? ret_status[s].worst->reason : NULL;
	}
}

static bool on_its_way(const struct observed *instance)
{
	switch (instance->state) {
	case INSTANCE_STARTING:
	case INSTANCE_STOPPING:
		return true;
	case INSTANCE_WAITING:
		return !instance->blocked;
	case INSTANCE_BACKOFF:
		return !instance->crash_looping;
	case INSTANCE_READY:
	case INSTANCE_UNREADY:
	case INSTANCE_COMPLETED:
	case INSTANCE_FAILED:
	case INSTANCE_STATES:
		break;
	}
	return instance->watched;
}

/* A task that others wait for is on its way as long as it runs, though it looks like a service. */
static bool awaits_running_task(const struct stack *stack, const struct observed *instance,
				const bool *runs)
{
	const long s = observed_service(stack, instance->service);
	const struct service *service = s < 0 ? NULL : &stack->services[s];

	if (!service || instance->state != INSTANCE_WAITING)
		return false;
	for (size_t d = 0; d < service->depends_on_count; d++) {
		const long on = observed_service(stack, service->depends_on[d].service);

		if (service->depends_on[d].condition == DEPENDS_COMPLETED && on >= 0 && runs[on])
			return true;
	}
	return false;
}

/* Returns 1, 0, or -ENOMEM. */
static int awaits_any_task(const struct stack *stack, const struct observed *observed,
			   size_t observed_count, struct err *err)
{
	autofree bool *runs = calloc(stack->service_count + 1, sizeof(*runs));

	if (!runs)
		return err_set(err, ENOMEM, "settle");
	for (size_t i = 0; i < observed_count; i++) {
		const long s = observed_service(stack, observed[i].service);

		if (s >= 0 && observed_running(&observed[i]))
			runs[s] = true;
	}
	for (size_t i = 0; i < observed_count; i++)
		if (awaits_running_task(stack, &observed[i], runs))
			return 1;
	return 0;
}

/* A blocked instance waits for something else: for one on its way, which is seen as such, or for
 * one that has come to rest, and then so has this. */
int settled_idle(const struct stack *stack, const struct desired *desired,
		 const struct observed *observed, size_t observed_count, struct err *err)
{
	autoreconcile struct reconcile_plan plan = {0};

	for (size_t i = 0; i < observed_count; i++)
		if (on_its_way(&observed[i]))
			return 0;
	int awaits = awaits_any_task(stack, observed, observed_count, err);

	if (awaits != 0)
		return awaits < 0 ? awaits : 0;
	int r = reconcile(stack, desired, observed, observed_count, RECONCILE_NOW, &plan, err);

	return r < 0 ? r : plan.count == 0;
}
