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
	struct buf text; /* made, and not read yet */
	size_t read;
	bool any;			 /* an instance was listed: */
	bool over;			 /* the end is in the text */
	char service[INSTANCE_NAME_MAX]; /* of the one listed last */
	unsigned index;
	unsigned pieces;
};

void listing_free(void *data)
{
	struct listing *listing = data;

	buf_free(&listing->text);
	free(listing);
}

static bool is_behind(const struct instance *instance, const struct listing *listing)
{
	int order = strcmp(instance->plan->service->name, listing->service);

	return order > 0 || (order == 0 && instance->index > listing->index);
}

/* They are sorted by service and index. NULL: that was the last. */
static struct instance *next_of(const struct listing *listing)
{
	struct instance *instance = listing->sup->instances;

	while (instance && listing->any && !is_behind(instance, listing))
		instance = instance->next;
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

static void put_next(struct listing *listing)
{
	struct instance *instance = next_of(listing);

	if (!instance) {
		buf_puts(&listing->text, "]}\n");
		listing->over = true;
		give_back(listing);
		return;
	}
	autojs struct json_t *view = view_instance(instance);

	if (listing->any)
		buf_puts(&listing->text, ",");
	if (!view || js_print(view, 0, &listing->text, NULL) < 0)
		listing->text.failed = true;
	listing->any = true;
	listing->index = instance->index;
	snprintf(listing->service, sizeof(listing->service), "%s", instance->plan->service->name);
}

/* As many as there is room and time for: the next ones are another turn's. */
static void put_some(struct listing *listing, size_t max)
{
	int64_t end_us = loop_clock_us() + PIECE_US;

	listing->text.len = listing->read = 0;
	listing->pieces++;
	do
		put_next(listing);
	while (!listing->over && listing->text.len < max && loop_clock_us() < end_us);
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

struct listing *listing_new(struct supervisor *sup, const char *head)
{
	struct listing *listing = calloc(1, sizeof(*listing));

	if (!listing)
		return NULL;
	listing->sup = sup;
	buf_printf(&listing->text, "%s,\"instances\":[", head);
	return listing;
}

void listing_answer(struct supervisor *sup, struct http_answer *answer)
{
	char head[INSTANCE_NAME_MAX + 64];

	snprintf(head, sizeof(head), "{\"schema\":1,\"stack\":\"%s\"", sup->name);
	struct listing *listing = listing_new(sup, head);

	answer->kind = HTTP_BODY;
	answer->status = 500;
	if (!listing)
		return;
	answer->kind = HTTP_SOURCE;
	answer->status = 200;
	answer->source = (struct http_source){listing_read, listing_free, listing};
}
