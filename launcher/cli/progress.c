// SPDX-License-Identifier: GPL-2.0-or-later
/* See progress.h. Names and reasons come from the supervisor: they are made safe. */
#include "launcher/cli/progress.h"

#include "launcher/cli/format.h"
#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* In the order in which they are told. */
static const char *const states[] = {"ready",	 "completed", "starting", "waiting",
				     "stopping", "unready",   "backoff",  "failed"};

/* Some of the watched instances, sorted by service, and as they came within one. */
struct progress {
	const struct watch_instance **items;
	size_t count;
};

static void drop_progress(struct progress *progress)
{
	free(progress->items);
}
#define autoprogress __attribute__((cleanup(drop_progress)))

/* All instances are of one array: an earlier one is at a lower address. */
static int compare(const void *a, const void *b)
{
	const struct watch_instance *left = *(const struct watch_instance *const *)a;
	const struct watch_instance *right = *(const struct watch_instance *const *)b;
	int order = strcmp(left->service, right->service);

	return order ? order : (left > right) - (left < right);
}

/* False without memory, which @out remembers. */
static bool collect(const struct watch *watch, const char *const *services,
		    struct progress *progress, struct buf *out)
{
	progress->items = calloc(watch->count + 1, sizeof(struct watch_instance *));
	if (!progress->items) {
		out->failed = true;
		return false;
	}
	for (size_t i = 0; i < watch->count; i++)
		if (watch_is_of(&watch->instances[i], services))
			progress->items[progress->count++] = &watch->instances[i];
	qsort(progress->items, progress->count, sizeof(struct watch_instance *), compare);
	return true;
}

/* Those of the first one's service. */
static struct progress first_service(const struct progress *all)
{
	struct progress same = {all->items, 0};

	while (same.count < all->count &&
	       strcmp(all->items[same.count]->service, all->items[0]->service) == 0)
		same.count++;
	return same;
}

/* Appends "3 ready, 1 failed". */
static void put_states(const struct progress *some, struct buf *out)
{
	const char *between = "";

	for (size_t s = 0; s < ARRAY_SIZE(states); s++) {
		size_t count = 0;

		for (size_t i = 0; i < some->count; i++)
			count += strcmp(some->items[i]->state, states[s]) == 0;
		if (count == 0)
			continue;
		buf_printf(out, "%s%zu %s", between, count, states[s]);
		between = ", ";
	}
}

/* Of the first that has something to say and is not where it should be. */
static const char *reason_of(const struct progress *some)
{
	for (size_t i = 0; i < some->count; i++) {
		const struct watch_instance *instance = some->items[i];
		bool good = strcmp(instance->state, "ready") == 0 ||
			    strcmp(instance->state, "completed") == 0;

		if (!good && instance->reason)
			return instance->reason;
	}
	return NULL;
}

static size_t widest(const struct progress *all)
{
	size_t width = 0;

	for (size_t i = 0; i < all->count; i++) {
		size_t len = strlen(all->items[i]->service);

		width = len > width ? len : width;
	}
	return width;
}

static void put_line(const struct progress *same, size_t width, struct buf *out)
{
	const char *service = same->items[0]->service;
	const char *reason = reason_of(same);
	size_t len = strlen(service);

	text_escape(out, service, len);
	buf_printf(out, "%*s  ", (int)(width > len ? width - len : 0), "");
	put_states(same, out);
	if (reason) {
		buf_puts(out, ": ");
		text_escape(out, reason, strlen(reason));
	}
	buf_puts(out, "\n");
}

void progress_lines(const struct watch *watch, const char *const *services, struct buf *out)
{
	autoprogress struct progress all = {0};

	if (!collect(watch, services, &all, out))
		return;
	struct progress rest = all;

	for (size_t width = widest(&all); rest.count > 0;) {
		struct progress same = first_service(&rest);

		put_line(&same, width, out);
		rest.items += same.count;
		rest.count -= same.count;
	}
}

void progress_summary(const struct watch *watch, const char *const *services, int64_t took_ms,
		      struct buf *out)
{
	autoprogress struct progress all = {0};

	if (!collect(watch, services, &all, out))
		return;
	if (all.count > 0)
		put_states(&all, out);
	else
		buf_puts(out, "no instances");
	buf_puts(out, " after ");
	format_cpu(out, (double)took_ms / 1000);
}
