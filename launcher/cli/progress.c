// SPDX-License-Identifier: GPL-2.0-or-later
/* See progress.h. Names and reasons come from the supervisor: they are made safe. */
#include "launcher/cli/progress.h"

#include "launcher/cli/format.h"
#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"

#include <string.h>

/* In the order in which they are told. */
static const char *const states[] = {"ready",	 "completed", "starting", "waiting",
				     "stopping", "unready",   "backoff",  "failed"};

/* Appends "3 ready, 1 failed" of the service, or with NULL of all of @services. */
static void put_states(const struct watch *watch, const char *const *services, const char *service,
		       struct buf *out)
{
	const char *between = "";

	for (size_t s = 0; s < ARRAY_SIZE(states); s++) {
		size_t count = 0;

		for (size_t i = 0; i < watch->count; i++) {
			const struct watch_instance *instance = &watch->instances[i];
			bool counts = service ? strcmp(instance->service, service) == 0
					      : watch_is_of(instance, services);

			count += counts && strcmp(instance->state, states[s]) == 0;
		}
		if (count == 0)
			continue;
		buf_printf(out, "%s%zu %s", between, count, states[s]);
		between = ", ";
	}
}

/* Of the service's instances the first that has something to say and is not where it should be. */
static const char *reason_of(const struct watch *watch, const char *service)
{
	for (size_t i = 0; i < watch->count; i++) {
		const struct watch_instance *instance = &watch->instances[i];
		bool good = strcmp(instance->state, "ready") == 0 ||
			    strcmp(instance->state, "completed") == 0;

		if (!good && instance->reason && strcmp(instance->service, service) == 0)
			return instance->reason;
	}
	return NULL;
}

static bool is_first_of_service(const struct watch *watch, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(watch->instances[i].service, watch->instances[index].service) == 0)
			return false;
	return true;
}

static size_t widest(const struct watch *watch, const char *const *services)
{
	size_t width = 0;

	for (size_t i = 0; i < watch->count; i++) {
		size_t len = strlen(watch->instances[i].service);

		if (watch_is_of(&watch->instances[i], services) && len > width)
			width = len;
	}
	return width;
}

static void put_line(const struct watch *watch, const char *service, size_t width, struct buf *out)
{
	const char *reason = reason_of(watch, service);
	size_t len = strlen(service);

	text_escape(out, service, len);
	buf_printf(out, "%*s  ", (int)(width > len ? width - len : 0), "");
	put_states(watch, NULL, service, out);
	if (reason) {
		buf_puts(out, ": ");
		text_escape(out, reason, strlen(reason));
	}
	buf_puts(out, "\n");
}

void progress_lines(const struct watch *watch, const char *const *services, struct buf *out)
{
	size_t width = widest(watch, services);

	for (size_t i = 0; i < watch->count; i++)
		if (watch_is_of(&watch->instances[i], services) && is_first_of_service(watch, i))
			put_line(watch, watch->instances[i].service, width, out);
}

void progress_summary(const struct watch *watch, const char *const *services, int64_t took_ms,
		      struct buf *out)
{
	size_t start = out->len;

	put_states(watch, services, NULL, out);
	if (out->len == start)
		buf_puts(out, "no instances");
	buf_puts(out, " after ");
	format_cpu(out, (double)took_ms / 1000);
}
