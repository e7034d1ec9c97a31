// SPDX-License-Identifier: GPL-2.0-or-later
/* The documents of /v1/stats; see loads.h. */
#include "launcher/supervisor/loads.h"

#include "launcher/supervisor/listing.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/view.h"
#include "runtime/cgroup/cg_load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of whom all is told, and what of the others. */
struct asked {
	struct strv names; /* sorted */
	bool everybody;
	bool cpu, memory;
};

/* Made without the detour of a JSON value: there may be a thousand of them each second. The names
 * need no quoting. */
static void put_brief(const struct asked *asked, const struct instance *instance, struct buf *text)
{
	uint64_t cpu_usec = 0;
	uint64_t memory_bytes = 0;

	buf_printf(text, "{\"instance\":\"%s\",\"service\":\"%s\",\"state\":\"%s\",\"restarts\":%u",
		   instance->name, instance->plan->service->name,
		   instance_state_name(instance->state), instance->history.restarts);
	if (asked->cpu && instance->cg && cg_load_cpu(instance->cg, &cpu_usec, NULL) < 0)
		cpu_usec = 0;
	if (asked->cpu)
		buf_printf(text, ",\"cpu_seconds\":%" PRIu64 ".%06" PRIu64, cpu_usec / 1000000,
			   cpu_usec % 1000000);
	if (asked->memory && instance->cg && cg_load_memory(instance->cg, &memory_bytes, NULL) < 0)
		memory_bytes = 0;
	if (asked->memory)
		buf_printf(text, ",\"memory_bytes\":%" PRIu64, memory_bytes);
	buf_puts(text, "}");
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_load(void *context, struct instance *instance, bool first, struct buf *text)
{
	const struct asked *asked = context;
	const struct strv *names = &asked->names;
	const char *name = instance->name;

	if (!first)
		buf_puts(text, ",");
	if (asked->everybody ||
	    (names->count && bsearch(&name, names->items, names->count, sizeof(name), compare)))
		listing_put_view(view_load, instance, text);
	else
		put_brief(asked, instance, text);
}

static void put_end(void *unused, struct buf *text)
{
	buf_puts(text, "]}\n");
}

static void free_asked(void *context)
{
	struct asked *asked = context;

	if (asked)
		strv_free(&asked->names);
	free(asked);
}

static const struct listing_kind loads = {
	.put = put_load,
	.finish = put_end,
	.free = free_asked,
};

/* @asked	taken; NULL: there was no memory for it */
static void answer_of(struct supervisor *sup, struct asked *asked, struct http_answer *answer)
{
	char head[INSTANCE_NAME_MAX + 64];

	snprintf(head, sizeof(head), "{\"schema\":1,\"stack\":\"%s\",\"instances\":[", sup->name);
	listing_answer(asked ? listing_new(sup, &loads, asked, head) : NULL, answer);
}

void loads_answer(struct supervisor *sup, struct http_answer *answer)
{
	struct asked *asked = calloc(1, sizeof(*asked));

	if (asked)
		asked->everybody = true;
	answer_of(sup, asked, answer);
}

/* Without a word of it both are told. */
static bool has_other(const struct json_t *body, const char *name)
{
	const struct json_t *others = js_get(body, "others");

	for (size_t i = 0; i < js_count(others); i++) {
		const char *has = js_string(js_at(others, i));

		if (has && strcmp(has, name) == 0)
			return true;
	}
	return js_kind(others) != JS_ARRAY;
}

void loads_answer_some(struct supervisor *sup, const struct json_t *body,
		       struct http_answer *answer)
{
	struct asked *asked = calloc(1, sizeof(*asked));

	if (asked)
		js_collect(js_get(body, "instances"), &asked->names);
	if (!asked || asked->names.failed) {
		free_asked(asked);
		listing_answer(NULL, answer);
		return;
	}
	asked->cpu = has_other(body, "cpu_seconds");
	asked->memory = has_other(body, "memory_bytes");
	if (asked->names.count > 1)
		qsort(asked->names.items, asked->names.count, sizeof(*asked->names.items), compare);
	answer_of(sup, asked, answer);
}
