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

/* Made without the detour of a JSON value: there may be a thousand of them each second. The names
 * need no quoting. */
static void put_brief(const struct instance *instance, struct buf *text)
{
	struct cg_usage usage = {0};

	if (instance->cg && cg_load_use(instance->cg, &usage, NULL) < 0)
		usage = (struct cg_usage){0};
	buf_printf(text,
		   "{\"instance\":\"%s\",\"service\":\"%s\",\"state\":\"%s\",\"restarts\":%u,"
		   "\"cpu_seconds\":%" PRIu64 ".%06" PRIu64 ",\"memory_bytes\":%" PRIu64 "}",
		   instance->name, instance->plan->service->name,
		   instance_state_name(instance->state), instance->history.restarts,
		   usage.cpu_usec / 1000000, usage.cpu_usec % 1000000, usage.memory_bytes);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* @context	sorted names; NULL: all */
static void put_load(void *context, struct instance *instance, bool first, struct buf *text)
{
	const struct strv *names = context;
	const char *name = instance->name;

	if (!first)
		buf_puts(text, ",");
	if (!names ||
	    (names->count && bsearch(&name, names->items, names->count, sizeof(name), compare)))
		listing_put_view(view_load, instance, text);
	else
		put_brief(instance, text);
}

static void put_end(void *unused, struct buf *text)
{
	buf_puts(text, "]}\n");
}

static void free_names(void *context)
{
	struct strv *names = context;

	if (names)
		strv_free(names);
	free(names);
}

static const struct listing_kind loads = {
	.put = put_load,
	.finish = put_end,
	.free = free_names,
};

/* @names	taken */
static void answer_of(struct supervisor *sup, struct strv *names, struct http_answer *answer)
{
	char head[INSTANCE_NAME_MAX + 64];

	snprintf(head, sizeof(head), "{\"schema\":1,\"stack\":\"%s\",\"instances\":[", sup->name);
	listing_answer(listing_new(sup, &loads, names, head), answer);
}

void loads_answer(struct supervisor *sup, struct http_answer *answer)
{
	answer_of(sup, NULL, answer);
}

void loads_answer_some(struct supervisor *sup, const struct json_t *body,
		       struct http_answer *answer)
{
	struct strv *names = calloc(1, sizeof(*names));

	if (names)
		js_collect(js_get(body, "instances"), names);
	if (!names || names->failed) {
		free_names(names);
		listing_answer(NULL, answer);
		return;
	}
	if (names->count > 1)
		qsort(names->items, names->count, sizeof(*names->items), compare);
	answer_of(sup, names, answer);
}
