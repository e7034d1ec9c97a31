// SPDX-License-Identifier: GPL-2.0-or-later
/* depends_on: counting what there is, and the conditions on it. */
#include "launcher/policy/deps.h"

#include <stdio.h>
#include <string.h>

static void count_instance(const struct observed *instance, struct dependency_counts *counts)
{
	counts->started += instance->started;
	switch (instance->state) {
	case INSTANCE_READY:
		counts->ready++;
		break;
	case INSTANCE_COMPLETED:
		counts->completed++;
		break;
	case INSTANCE_FAILED:
		counts->unstarted += !instance->started;
		if (counts->failed++ == 0)
			counts->failure = instance->reason;
		break;
	case INSTANCE_UNREADY:
	case INSTANCE_BACKOFF:
		if (!counts->trouble)
			counts->trouble = instance->reason;
		break;
	case INSTANCE_WAITING:
	case INSTANCE_STARTING:
	case INSTANCE_STOPPING:
	case INSTANCE_STATES:
		break;
	}
}

void dependency_count(const struct stack *stack, const struct desired *desired,
		      const struct observed *observed, size_t observed_count,
		      struct dependency_counts *ret_counts)
{
	for (size_t s = 0; s < stack->service_count; s++)
		ret_counts[s] = (struct dependency_counts){.wanted = desired[s].replicas};

	for (size_t i = 0; i < observed_count; i++) {
		const struct observed *instance = &observed[i];
		long s = observed_service(stack, instance->service);

		if (s < 0 || instance->surplus)
			continue;
		if (!observed_outdated(instance, &desired[s]))
			count_instance(instance, &ret_counts[s]);
	}
}

static enum dependency_answer condition_met(const struct dependency *dependency,
					    const struct dependency_counts *counts)
{
	unsigned have = 0;
	unsigned lost = counts->failed;

	switch (dependency->condition) {
	case DEPENDS_STARTED:
		have = counts->started;
		lost = counts->unstarted;
		break;
	case DEPENDS_HEALTHY:
		have = counts->ready;
		lost += counts->completed;
		break;
	case DEPENDS_COMPLETED:
		have = counts->completed;
		break;
	}
	if (have >= counts->wanted)
		return DEPENDENCY_MET;
	return lost > 0 ? DEPENDENCY_BROKEN : DEPENDENCY_PENDING;
}

/* "exited 1", or "failed: no such program", to be put after the dependency's name. */
static void describe_loss(const struct dependency_counts *counts, char *text, size_t size)
{
	const char *why = counts->failure;

	if (counts->failed == 0)
		snprintf(text, size, "completed, so it cannot become healthy");
	else if (!why)
		snprintf(text, size, "failed");
	else if (strncmp(why, "exited ", 7) == 0 || strncmp(why, "killed ", 7) == 0)
		snprintf(text, size, "%s", why);
	else
		snprintf(text, size, "failed: %s", why);
}

static void describe_pending(const struct dependency *dependency,
			     const struct dependency_counts *counts, char *text, size_t size)
{
	static const char *const awaited[] = {
		[DEPENDS_STARTED] = "to start",
		[DEPENDS_HEALTHY] = "to be healthy",
		[DEPENDS_COMPLETED] = "to complete",
	};
	const char *trouble = counts->trouble;

	snprintf(text, size, "waiting for %s %s%s%s%s", dependency->service,
		 awaited[dependency->condition], trouble ? " (" : "", trouble ? trouble : "",
		 trouble ? ")" : "");
}

static void describe_broken(const struct dependency *dependency,
			    const struct dependency_counts *counts, char *text, size_t size)
{
	int used = snprintf(text, size, "%s%s%s ", dependency->required ? "" : "not waiting for ",
			    dependency->service, dependency->required ? "" : ", which");

	if (used >= 0 && (size_t)used < size)
		describe_loss(counts, text + used, size - (size_t)used);
}

/* One dependency; what is not required cannot break, it is passed over with a warning. */
static void check_one(const struct stack *stack, const struct dependency *dependency,
		      const struct dependency_counts *counts,
		      struct dependency_verdict *ret_verdict)
{
	char *reason = ret_verdict->reason;
	long s = observed_service(stack, dependency->service);

	*ret_verdict = (struct dependency_verdict){.answer = DEPENDENCY_MET};
	if (s < 0 || counts[s].wanted == 0)
		return;
	ret_verdict->answer = condition_met(dependency, &counts[s]);
	if (ret_verdict->answer == DEPENDENCY_PENDING)
		describe_pending(dependency, &counts[s], reason, DEPENDENCY_REASON_MAX);
	if (ret_verdict->answer == DEPENDENCY_BROKEN)
		describe_broken(dependency, &counts[s], reason, DEPENDENCY_REASON_MAX);
	if (ret_verdict->answer == DEPENDENCY_BROKEN && !dependency->required)
		ret_verdict->answer = DEPENDENCY_MET;
}

void dependency_check(const struct stack *stack, const struct service *service,
		      const struct dependency_counts *counts,
		      struct dependency_verdict *ret_verdict)
{
	struct dependency_verdict one;

	*ret_verdict = (struct dependency_verdict){.answer = DEPENDENCY_MET};
	for (size_t i = 0; i < service->depends_on_count; i++) {
		check_one(stack, &service->depends_on[i], counts, &one);
		/* The answers are ordered by weight; of equal ones the first has the word. */
		if (one.answer > ret_verdict->answer ||
		    (one.answer == ret_verdict->answer && ret_verdict->reason[0] == '\0'))
			*ret_verdict = one;
	}
}
