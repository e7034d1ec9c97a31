// SPDX-License-Identifier: GPL-2.0-or-later
/* See gauge.h. */
#include "launcher/supervisor/gauge.h"

#include "launcher/supervisor/probe_run.h"
#include "launcher/supervisor/supervisor.h"
#include "manifests/metric.h"
#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ASK_MS	   INT64_C(2000)
#define LIMIT_MS   INT64_C(5000)
#define STALE_MS   INT64_C(15000)
#define STATUS_MIN 200
#define STATUS_MAX 299

struct gauge {
	struct probe probe; /* first: an answer is for a probe, and finds the gauge by it */
	struct probe_use use;
	struct probe_spec spec;
	enum scale_signal signal;
	int64_t asked_ms; /* 0: never */
	int64_t known_ms; /* when the number was true; 0: there is none */
	int64_t milli;
	char trouble[REASON_MAX]; /* "": none */
};

struct gauges {
	struct gauge command, prometheus;
};

static int64_t now_of(const struct instance *instance)
{
	return loop_now_ms(instance->sup->loop);
}

/* Those of the manifest that is in force, of which the instance's plan may not be: another target
 * is no other revision. */
static const struct autoscale *rules_of(const struct instance *instance)
{
	const struct stack *stack = instance->sup->manifest->stack;

	return &stack_service(stack, instance->plan->service->name)->autoscale;
}

/* Said once, until there is a number again or another reason. Of what an instance says only
 * what prints. */
static void note_trouble(struct gauge *gauge, const char *why)
{
	const struct instance *instance = gauge->probe.instance;
	char text[REASON_MAX];

	snprintf(text, sizeof(text), "%s", why);
	for (char *at = text; *at; at++)
		if (!isprint((unsigned char)*at))
			*at = '?';
	if (strcmp(gauge->trouble, text) == 0)
		return;
	memcpy(gauge->trouble, text, sizeof(text));
	supervisor_log(instance->sup, "instance=%s event=signal-unknown signal=%s error=\"%s\"",
		       instance->name, gauge->signal == SCALE_COMMAND ? "command" : "prometheus",
		       gauge->trouble);
}

static int read_answer(const struct gauge *gauge, const struct probe_answer *answer,
		       int64_t *ret_milli, struct err *err)
{
	const struct autoscale *as = rules_of(gauge->probe.instance);

	return gauge->signal == SCALE_COMMAND
		       ? metric_number(answer->bytes, answer->len, ret_milli, err)
		       : metric_read(as->gauge.metric, answer->bytes, answer->len, ret_milli, err);
}

static void on_answer(struct probe *probe, const struct probe_answer *answer)
{
	struct gauge *gauge = (struct gauge *)probe;
	struct err err = {0};

	probe->running = false;
	watch_disarm(probe->timer);
	if (answer->outcome != PROBE_OK) {
		note_trouble(gauge, answer->what);
	} else if (read_answer(gauge, answer, &gauge->milli, &err) < 0) {
		note_trouble(gauge, err.text);
	} else {
		gauge->known_ms = gauge->asked_ms;
		gauge->trouble[0] = '\0';
	}
}

/* It has taken too long. */
static void on_limit(void *data)
{
	struct probe *probe = data;
	struct probe_answer answer = {.outcome = PROBE_TIMEOUT, .what = "no answer within 5s"};

	if (probe->ops->expire(probe))
		return; /* its end will say the same */
	probe->ops->cancel(probe);
	on_answer(probe, &answer);
}

static void gauge_set_up(struct gauge *gauge, struct instance *instance, enum scale_signal signal)
{
	const struct autoscale *as = rules_of(instance);
	bool command = signal == SCALE_COMMAND;

	gauge->signal = signal;
	gauge->spec = (struct probe_spec){
		.method = command ? PROBE_EXEC : PROBE_HTTP,
		.port = as->gauge.port,
		.http = {.path = as->gauge.path,
			 .status_min = STATUS_MIN,
			 .status_max = STATUS_MAX},
	};
	gauge->use = (struct probe_use){
		.method = gauge->spec.method,
		.spec = &gauge->spec,
		.test = &as->command,
		.timing = {.timeout_ms = LIMIT_MS},
	};
	gauge->probe = (struct probe){
		.instance = instance,
		.use = &gauge->use,
		.ops = command ? &probe_exec_ops : &probe_http_ops,
		.answered = on_answer,
	};
}

/* NULL without memory. */
static struct gauge *gauge_of(struct instance *instance, enum scale_signal signal)
{
	if (!instance->gauges)
		instance->gauges = calloc(1, sizeof(*instance->gauges));
	if (!instance->gauges)
		return NULL;
	struct gauge *gauge = signal == SCALE_COMMAND ? &instance->gauges->command
						      : &instance->gauges->prometheus;

	if (gauge->probe.instance)
		return gauge;
	gauge_set_up(gauge, instance, signal);
	if (loop_watch_timer(instance->sup->loop, on_limit, &gauge->probe, &gauge->probe.timer,
			     NULL) == 0)
		return gauge;
	gauge->probe.instance = NULL; /* tried anew the next time */
	return NULL;
}

static void ask(struct gauge *gauge, int64_t now_ms)
{
	struct probe *probe = &gauge->probe;
	struct err err = {0};

	gauge->asked_ms = now_ms;
	probe->running = true;
	watch_arm(probe->timer, LIMIT_MS);
	if (probe->ops->begin(probe, &err) == 0)
		return;
	probe->running = false;
	watch_disarm(probe->timer);
	note_trouble(gauge, err.text);
}

bool gauge_read(struct instance *instance, enum scale_signal signal, int64_t *ret_milli)
{
	int64_t now_ms = now_of(instance);
	struct gauge *gauge = gauge_of(instance, signal);

	if (!gauge)
		return false;
	if (!gauge->probe.running && (!gauge->asked_ms || now_ms - gauge->asked_ms >= ASK_MS))
		ask(gauge, now_ms);
	if (!gauge->known_ms || now_ms - gauge->known_ms >= STALE_MS)
		return false;
	*ret_milli = gauge->milli;
	return true;
}

static void gauge_end(struct gauge *gauge)
{
	struct probe *probe = &gauge->probe;

	if (!probe->instance)
		return;
	probe->ops->cancel(probe);
	probe->ops->free(probe);
	watch_free(probe->timer);
}

void gauge_stop(struct instance *instance)
{
	struct gauges *gauges = take_ptr(instance->gauges);

	if (!gauges)
		return;
	gauge_end(&gauges->command);
	gauge_end(&gauges->prometheus);
	free(gauges);
}
