// SPDX-License-Identifier: GPL-2.0-or-later
/* From counters to rates; see model.h. What an answer lacks is not known, never 0. */
#include "launcher/top/model.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Looks are a second apart, more or less. */
#define DETAIL_DUE_S  1.5
#define DETAIL_KEPT_S 3.5

static const struct model_detail nothing = {
	.waits = {-1, -1, -1},
	.throttled = -1,
	.read_per_s = -1,
	.written_per_s = -1,
	.limit_bytes = -1,
	.pids = -1,
	.established = -1,
};

static void forget(struct model_instance *instance)
{
	free(instance->name);
	free(instance->service);
	free(instance->state);
	free(instance->reason);
	js_free(instance->last_detail);
	*instance = (struct model_instance){0};
}

void model_close(struct model *model)
{
	for (size_t i = 0; i < model->count; i++)
		forget(&model->instances[i]);
	free(model->instances);
	*model = (struct model){0};
}

static void remember(struct model_history *history, double value)
{
	if (history->count == MODEL_HISTORY)
		memmove(history->values, history->values + 1,
			--history->count * sizeof(history->values[0]));
	history->values[history->count++] = (float)value;
}

/* How fast a counter grows; below 0 where there is nothing to compare with. */
static double rate(const struct json_t *now, const struct json_t *before, const char *key,
		   double seconds)
{
	double value = js_real(now, key, -1);
	double earlier = js_real(before, key, -1);

	if (value < 0 || earlier < 0 || !(seconds > 0))
		return -1;
	return value > earlier ? (value - earlier) / seconds : 0;
}

static void apply_detail(struct model_instance *instance, const struct json_t *json, double now_s)
{
	static const char *const resources[MODEL_WAITS] = {"cpu", "memory", "io"};
	const struct json_t *before = instance->last_detail;
	double seconds = now_s - instance->detail_s;
	struct model_detail *detail = &instance->detail;

	for (size_t i = 0; i < MODEL_WAITS; i++)
		detail->waits[i] = rate(js_get(js_get(json, "pressure"), resources[i]),
					js_get(js_get(before, "pressure"), resources[i]),
					"some_seconds", seconds);
	detail->throttled = rate(json, before, "throttled_seconds", seconds);
	detail->read_per_s = rate(js_get(json, "io"), js_get(before, "io"), "read_bytes", seconds);
	detail->written_per_s =
		rate(js_get(json, "io"), js_get(before, "io"), "write_bytes", seconds);
	detail->limit_bytes = js_real(json, "memory_limit_bytes", -1);
	detail->pids = js_real(json, "pids", -1);
	detail->established = js_real(js_get(json, "connections"), "established", -1);
	js_free(instance->last_detail);
	instance->last_detail = js_copy(json);
	instance->detail_s = now_s;
	instance->details++;
}

bool model_wants_detail(const struct model_instance *instance, double now_s)
{
	return instance->details < 2 || now_s - instance->detail_s > DETAIL_DUE_S;
}

static bool set_text(char **place, const char *text)
{
	if (*place && text && strcmp(*place, text) == 0)
		return true;
	free(*place);
	*place = text ? strdup(text) : NULL;
	return *place || !text;
}

static void apply_cpu(struct model_instance *instance, double cpu_seconds, double now_s)
{
	double seconds = now_s - instance->cpu_s;
	bool known = instance->cpu_s >= 0 && seconds > 0 && cpu_seconds >= instance->cpu_seconds;

	instance->cpu = known ? (cpu_seconds - instance->cpu_seconds) / seconds : 0;
	instance->cpu_seconds = cpu_seconds;
	instance->cpu_s = now_s;
}

/* What was not read is as it was: a graph has a value of each look. */
static int apply_one(struct model_instance *instance, const struct json_t *json, double now_s)
{
	const char *service = js_text(json, "service");
	const char *state = js_text(json, "state");
	double cpu_seconds = js_real(json, "cpu_seconds", -1);
	bool is_new = instance->cpu_s < 0;

	bool detailed = js_kind(js_get(json, "pids")) != JS_NULL;
	bool kept = !detailed && now_s - instance->detail_s < DETAIL_KEPT_S && instance->state &&
		    state && strcmp(instance->state, state) == 0;

	if (!set_text(&instance->service, service ? service : "") ||
	    !set_text(&instance->state, state ? state : "") ||
	    (!kept && !set_text(&instance->reason, js_text(json, "reason"))))
		return -ENOMEM;
	instance->restarts = js_int(json, "restarts", 0);
	instance->memory_bytes = js_real(json, "memory_bytes", instance->memory_bytes);
	if (cpu_seconds >= 0)
		apply_cpu(instance, cpu_seconds, now_s);
	if (!is_new)
		remember(&instance->cpus, instance->cpu);
	remember(&instance->memories, instance->memory_bytes);
	if (detailed)
		apply_detail(instance, json, now_s);
	else if (!kept)
		instance->detail = nothing;
	return 0;
}

/* Usually the one that was at this place before. */
static size_t place_of(const struct model *model, const char *name, size_t guess)
{
	if (guess < model->count && strcmp(model->instances[guess].name, name) == 0)
		return guess;
	for (size_t i = guess; i < model->count; i++)
		if (strcmp(model->instances[i].name, name) == 0)
			return i;
	return model->count;
}

static int append(struct model *model, const char *name)
{
	struct model_instance *grown =
		reallocarray(model->instances, model->count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	model->instances = grown;
	grown[model->count] =
		(struct model_instance){.name = strdup(name), .cpu_s = -1, .detail = nothing};
	if (!grown[model->count].name)
		return -ENOMEM;
	model->count++;
	return 0;
}

/* Moves it to where the answer has it; what was there moves on. */
static void move(struct model *model, size_t from, size_t to)
{
	struct model_instance moved = model->instances[from];

	memmove(&model->instances[to + 1], &model->instances[to], (from - to) * sizeof(moved));
	model->instances[to] = moved;
}

static void sum_up(struct model *model)
{
	model->cpu = model->memory_bytes = 0;
	for (size_t i = 0; i < model->count; i++) {
		model->cpu += model->instances[i].cpu;
		model->memory_bytes += model->instances[i].memory_bytes;
	}
	if (model->looks > 1)
		remember(&model->cpus, model->cpu);
	remember(&model->memories, model->memory_bytes);
}

int model_apply(struct model *model, const struct json_t *answer, double now_s, struct err *err)
{
	const struct json_t *list = js_get(answer, "instances");
	size_t wanted = js_count(list);

	if (js_kind(list) != JS_ARRAY)
		return err_say(err, EBADMSG, "the supervisor's answer has no instances");
	for (size_t i = 0; i < wanted; i++) {
		const struct json_t *json = js_at(list, i);
		const char *name = js_text(json, "instance");

		if (!name)
			return err_say(err, EBADMSG, "the supervisor tells of one without a name");
		size_t at = place_of(model, name, i);

		if (at == model->count && append(model, name) < 0)
			return err_set(err, ENOMEM, "look at the stack");
		move(model, at, i);
		if (apply_one(&model->instances[i], json, now_s) < 0)
			return err_set(err, ENOMEM, "look at the stack");
	}
	while (model->count > wanted)
		forget(&model->instances[--model->count]);
	model->looks++;
	sum_up(model);
	return 0;
}

size_t model_count(const struct model *model, const char *state)
{
	size_t count = 0;

	for (size_t i = 0; i < model->count; i++) {
		const char *has = model->instances[i].state;
		bool good = strcmp(has, "ready") == 0 || strcmp(has, "completed") == 0;

		count += state ? strcmp(has, state) == 0 : !good;
	}
	return count;
}
