// SPDX-License-Identifier: GPL-2.0-or-later
/* See eventline.h. */
#include "launcher/cli/eventline.h"

#include <string.h>

static void put_attributes(struct buf *out, struct json_t *attributes)
{
	const char *before = " (";

	for (void *it = js_first(attributes); it; it = js_next(attributes, it)) {
		struct json_t *value = js_get(attributes, js_key(it));

		buf_printf(out, "%s%s=", before, js_key(it));
		if (js_string(value))
			buf_puts(out, js_string(value));
		else if (js_print(value, 0, out, NULL) < 0)
			out->failed = true;
		before = ", ";
	}
	if (before[0] == ',')
		buf_puts(out, ")");
}

void eventline_put(struct buf *out, const struct json_t *event)
{
	const char *who = js_text(event, "instance");
	const char *time = js_text(event, "time");
	const char *action = js_text(event, "action");
	const char *reason = js_text(event, "reason");

	if (!who)
		who = js_text(event, "service");
	if (!who)
		who = js_text(event, "type");
	buf_printf(out, "%.23sZ %s %s", time ? time : "", who ? who : "", action ? action : "");
	if (reason)
		buf_printf(out, ": %s", reason);
	put_attributes(out, js_get(event, "attributes"));
}

bool eventline_is_of(const struct json_t *event, const char *name)
{
	const char *service = js_text(event, "service");
	const char *instance = js_text(event, "instance");

	return (service && strcmp(name, service) == 0) || (instance && strcmp(name, instance) == 0);
}
