// SPDX-License-Identifier: GPL-2.0-or-later
/* Values as people read them; see format.h. */
#include "launcher/cli/format.h"

#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

const char *format_state_colour(const char *state)
{
	static const struct {
		const char *state, *colour;
	} colours[] = {
		{"ready", "green"},	{"starting", "yellow"}, {"waiting", "yellow"},
		{"stopping", "yellow"}, {"unready", "red"},	{"backoff", "red"},
		{"failed", "red"},
	};

	for (size_t i = 0; state && i < ARRAY_SIZE(colours); i++)
		if (strcmp(colours[i].state, state) == 0)
			return colours[i].colour;
	return NULL;
}

void format_port_address(struct buf *out, const struct json_t *port)
{
	const char *ip = js_text(port, "host_ip");
	bool wide = ip && strchr(ip, ':');

	buf_printf(out, "%s%s%s:%" PRId64, wide ? "[" : "", ip ? ip : "?", wide ? "]" : "",
		   js_int(port, "published", 0));
}

void format_ports(struct buf *out, const struct json_t *ports)
{
	for (size_t i = 0; i < js_count(ports); i++) {
		const struct json_t *port = js_at(ports, i);
		const char *protocol = js_text(port, "protocol");

		buf_puts(out, out->len ? ", " : "");
		format_port_address(out, port);
		buf_printf(out, "->%" PRId64 "/%s", js_int(port, "target", 0),
			   protocol ? protocol : "?");
	}
}

void format_memory(struct buf *out, const struct json_t *instance)
{
	int64_t used = js_int(instance, "memory_bytes", -1);
	int64_t limit = js_int(instance, "memory_limit_bytes", -1);

	if (used < 0)
		return;
	text_bytes(out, used);
	if (limit >= 0) {
		buf_puts(out, " / ");
		text_bytes(out, limit);
	}
}

void format_cpu(struct buf *out, double seconds)
{
	if (seconds < 10)
		buf_printf(out, "%.2fs", seconds);
	else if (seconds < 60)
		buf_printf(out, "%.1fs", seconds);
	else if (seconds < 1e12)
		text_age(out, (int64_t)(seconds * 1000));
}

void format_since(struct buf *out, const char *time, int64_t now_ns)
{
	int64_t then_ns = 0;

	if (time && text_time_ns(time, strlen(time), &then_ns) == 0)
		text_age(out, (now_ns - then_ns) / 1000000);
}

void format_next_run(struct buf *out, const struct json_t *schedule)
{
	const char *next = js_text(schedule, "next");
	int64_t then_ns = 0;
	struct timespec now;

	if (!next || text_time_ns(next, strlen(next), &then_ns) < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t left_ms = then_ns / 1000000 - (now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000);

	buf_puts(out, "next run in ");
	text_age(out, left_ms > 0 ? left_ms : 0);
}
