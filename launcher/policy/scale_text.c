// SPDX-License-Identifier: GPL-2.0-or-later
/* See scale_text.h. */
#include "launcher/policy/scale_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *scale_signal_name(enum scale_signal signal)
{
	static const char *const names[SCALE_SIGNALS] = {
		[SCALE_CPU] = "cpu",	       [SCALE_MEMORY] = "memory",
		[SCALE_PRESSURE] = "pressure", [SCALE_CONNECTIONS] = "connections",
		[SCALE_BACKLOG] = "backlog",   [SCALE_RATE] = "rate",
		[SCALE_COMMAND] = "command",   [SCALE_PROMETHEUS] = "prometheus",
	};

	return names[signal];
}

const char *scale_limit_name(enum scale_limit limit)
{
	static const char *const names[] = {
		[SCALE_FREE] = "free",		[SCALE_BY_WINDOW] = "window",
		[SCALE_BY_RATE] = "rate",	[SCALE_BY_MIN] = "min",
		[SCALE_BY_MAX] = "max",		[SCALE_BY_ROOM] = "room",
		[SCALE_BY_MISSING] = "missing", [SCALE_BY_FORECAST] = "forecast",
	};

	return names[limit];
}

static const char *limit_text(enum scale_limit limit)
{
	switch (limit) {
	case SCALE_BY_WINDOW:
		return ", as far as was wanted all the while";
	case SCALE_BY_RATE:
		return ", no faster than it may";
	case SCALE_BY_MIN:
		return ", no fewer than min";
	case SCALE_BY_FORECAST:
		return ", as many as at this time of the days before";
	case SCALE_BY_MAX:
		return ", no more than max";
	case SCALE_BY_ROOM:
		return ", no more than the host has room for";
	case SCALE_BY_MISSING:
		return ", not everything is known";
	case SCALE_FREE:
		break;
	}
	return "";
}

/* The mean of what was measured, in whole units. */
static int64_t mean_of(const struct scale_reading *reading)
{
	int64_t sum = 0;
	int64_t count = 0;

	for (size_t i = 0; i < reading->count; i++) {
		if (reading->samples[i].state != SAMPLE_READY)
			continue;
		sum += reading->samples[i].milli;
		count++;
	}
	return count ? sum / count / SCALE_MILLI : 0;
}

static void queue_text(const struct scale_input *input, const struct scale_decision *decision,
		       char *ret_text, size_t size)
{
	int len = snprintf(ret_text, size, "%" PRId64 " connection%s wait%s, %" PRId64 "/s arrive",
			   input->waiting, input->waiting == 1 ? "" : "s",
			   input->waiting == 1 ? "s" : "", decision->rate_milli / SCALE_MILLI);

	if (decision->capacity_milli && (size_t)len < size)
		snprintf(ret_text + len, size - (size_t)len, ", one serves %" PRId64 "/s",
			 decision->capacity_milli / SCALE_MILLI);
}

void scale_text(const struct autoscale *autoscale, const struct scale_input *input,
		const struct scale_decision *decision, int64_t cpu_milli,
		char ret_text[static SCALE_TEXT_MAX])
{
	size_t size = SCALE_TEXT_MAX;
	enum scale_signal signal = decision->decisive;
	int64_t target = autoscale->targets[signal].milli / SCALE_MILLI;

	if (decision->limit == SCALE_BY_MISSING && decision->proposal == input->current)
		snprintf(ret_text, size, "nothing is measured");
	else if (signal == SCALE_BACKLOG)
		queue_text(input, decision, ret_text, size);
	else if (signal == SCALE_CPU)
		snprintf(ret_text, size, "cpu %" PRId64 "%%, target %" PRId64 "%%",
			 cpu_milli / SCALE_MILLI, target);
	else
		snprintf(ret_text, size, "%s %" PRId64 ", target %" PRId64,
			 scale_signal_name(signal), mean_of(&input->readings[signal]), target);
	size_t len = strlen(ret_text);

	snprintf(ret_text + len, size - len, "%s", limit_text(decision->limit));
}
