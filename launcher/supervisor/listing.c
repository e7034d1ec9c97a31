// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of instances, piece by piece; see listing.h. */
#include "launcher/supervisor/listing.h"

#include "launcher/js.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/view.h"
#include "runtime/base/cleanup.h"

#include <string.h>

/* What one piece may take. */
#define PIECE_US 2000

struct listing {
	struct supervisor *sup;
	const struct listing_kind *kind;
	void *context;
	struct buf text; /* made, and not read yet */
	size_t read;
	bool any;			 /* an instance was listed: */
	bool over;			 /* the end is in the text */
	char service[INSTANCE_NAME_MAX]; /* of the one listed last */
	unsigned index;
	size_t place; /* where it was in the list, from 1 on */
	unsigned pieces;
};

void listing_free(void *data)
{
	struct listing *listing = data;

	buf_free(&listing->text);
	if (listing->kind->free)
		listing->kind->free(listing->context);
	free(listing);
}

static bool is_behind(const struct instance *instance, const struct listing *listing)
{
	int order = strcmp(instance->plan->service->name, listing->service);

	return order > 0 || (order == 0 && instance->index > listing->index);
}

/* The one that was listed last, if it is still where it was: counting is cheaper than comparing. */
static struct instance *last_of(const struct listing *listing)
{
	struct instance *instance = listing->sup->instances;

	for (size_t place = 1; instance && place < listing->place; place++)
		instance = instance->next;
	return instance && listing->any && instance->index == listing->index &&
			       strcmp(instance->plan->service->name, listing->service) == 0
		       ? instance
		       : NULL;
}

/* They are sorted by service and index. NULL: that was the last. */
static struct instance *next_of(struct listing *listing)
{
	struct instance *instance = last_of(listing);

	if (instance)
		return instance->next;
	instance = listing->sup->instances;
	listing->place = 0;
	while (instance && listing->any && !is_behind(instance, listing)) {
		instance = instance->next;
		listing->place++;
	}
	return instance;
}

/* A short one has needed little; the program's pages would only have to be fetched again. */
static void give_back(const struct listing *listing)
{
	if (listing->pieces < 2)
		return;
	listing->sup->thrift_due = true;
	supervisor_touch(listing->sup);
}

static void put_end_of_all(struct listing *listing)
{
	listing->kind->finish(listing->context, &listing->text);
	listing->over = true;
	give_back(listing);
}

static void remember(struct listing *listing, const struct instance *last)
{
	if (!last)
		return;
	listing->any = true;
	listing->index = last->index;
	snprintf(listing->service, sizeof(listing->service), "%s", last->plan->service->name);
}

/* As many as there is room and time for: the next ones are another turn's. */
static void put_some(struct listing *listing, size_t max)
{
	int64_t end_us = loop_clock_us() + PIECE_US;
	struct instance *next = next_of(listing);
	const struct instance *last = NULL;

	listing->text.len = listing->read = 0;
	listing->pieces++;
	do {
		if (!next)
			break;
		listing->kind->put(listing->context, next, !listing->any && !last, &listing->text);
		last = next;
		next = next->next;
		listing->place++;
	} while (listing->text.len < max && loop_clock_us() < end_us);
	remember(listing, last);
	if (!next)
		put_end_of_all(listing);
	if (listing->text.len == 0 && listing->kind->filler)
		buf_puts(&listing->text, listing->kind->filler);
}

long listing_read(void *data, char *room, size_t max)
{
	struct listing *listing = data;
	struct buf *text = &listing->text;

	if (listing->read == text->len && listing->over)
		return HTTP_SOURCE_END;
	if (listing->read == text->len)
		put_some(listing, max);
	if (text->failed)
		return HTTP_SOURCE_BROKEN;
	size_t n = text->len - listing->read < max ? text->len - listing->read : max;

	memcpy(room, text->data + listing->read, n);
	listing->read += n;
	return (long)n;
}

bool listing_has(const struct listing *listing, const struct instance *instance)
{
	return listing->over || (listing->any && !is_behind(instance, listing));
}

struct listing *listing_new(struct supervisor *sup, const struct listing_kind *kind, void *context,
			    const char *head)
{
	struct listing *listing = calloc(1, sizeof(*listing));

	if (!listing) {
		if (kind->free)
			kind->free(context);
		return NULL;
	}
	*listing = (struct listing){.sup = sup, .kind = kind, .context = context};
	buf_puts(&listing->text, head);
	return listing;
}

void listing_answer(struct listing *listing, struct http_answer *answer)
{
	answer->kind = HTTP_BODY;
	answer->status = 500;
	if (!listing)
		return;
	answer->kind = HTTP_SOURCE;
	answer->status = 200;
	answer->source = (struct http_source){listing_read, listing_free, listing};
}

/* ---- lists in JSON ---- */

void listing_put_view(listing_view *view, struct instance *instance, struct buf *text)
{
	unsigned before = js_failures();
	autojs struct json_t *value = view(instance);

	if (!value || js_print(value, 0, text, NULL) < 0 || js_failures() != before)
		text->failed = true;
}

static void put_instance(void *unused, struct instance *instance, bool first, struct buf *text)
{
	if (!first)
		buf_puts(text, ",");
	view_put_instance(instance, instance_state_name(instance->state), text);
}

static void put_end(void *unused, struct buf *text)
{
	buf_puts(text, "]}\n");
}

static void put_line(void *unused, struct instance *instance, bool first, struct buf *text)
{
	buf_puts(text, first ? "\n" : ",\n");
	put_instance(unused, instance, true, text);
}

static void put_end_line(void *unused, struct buf *text)
{
	buf_puts(text, "\n]}\n");
}

static const struct listing_kind instances = {.put = put_instance, .finish = put_end};
static const struct listing_kind instance_lines = {.put = put_line, .finish = put_end_line};

struct listing *listing_new_instances(struct supervisor *sup, const char *head)
{
	autobuf struct buf text = {0};

	buf_printf(&text, "%s,\"instances\":[", head);
	return text.failed ? NULL : listing_new(sup, &instances, NULL, text.data);
}

void listing_answer_instances(struct supervisor *sup, struct http_answer *answer)
{
	char head[INSTANCE_NAME_MAX + 64];

	snprintf(head, sizeof(head), "{\"schema\":1,\"stack\":\"%s\",\"instances\":[", sup->name);
	listing_answer(listing_new(sup, &instance_lines, NULL, head), answer);
}
