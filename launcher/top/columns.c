// SPDX-License-Identifier: GPL-2.0-or-later
/* See columns.h. What is not known is blank. */
#include "launcher/top/columns.h"

#include "launcher/cli/text.h"
#include "launcher/top/spark.h"
#include "runtime/base/cleanup.h"

#include <inttypes.h>
#include <string.h>

#define WIDE 160

struct cell {
	const struct model_instance *instance;
	unsigned width;
	bool ascii;
};

struct column {
	const char *title;
	unsigned width;	    /* 0: what the others leave */
	unsigned from;	    /* shown on screens of so many columns */
	unsigned below;	    /* and on none of so many; 0: on any */
	enum order_key key; /* ORDER_KEYS: nothing is ordered by it */
	bool right;
	void (*put)(const struct cell *cell, struct buf *out);
};

void columns_percent(struct buf *out, double share)
{
	buf_printf(out, "%.*f%%", share < 0.0995 ? 1 : 0, share * 100);
}

static void put_name(const struct cell *cell, struct buf *out)
{
	buf_puts(out, cell->instance->name);
}

static void put_state(const struct cell *cell, struct buf *out)
{
	buf_puts(out, cell->instance->state);
}

/* Of who does not run there is nothing to tell. */
static bool uses_any(const struct model_instance *instance)
{
	return instance->memory_bytes > 0 || instance->cpu > 0;
}

static void put_cpu(const struct cell *cell, struct buf *out)
{
	if (uses_any(cell->instance))
		columns_percent(out, cell->instance->cpu);
}

static void put_cpu_graph(const struct cell *cell, struct buf *out)
{
	const struct model_history *cpus = &cell->instance->cpus;
	float top = 0.05f; /* a twentieth of a processor: less is not blown up to mountains */

	for (size_t i = 0; i < cpus->count; i++)
		top = cpus->values[i] > top ? cpus->values[i] : top;
	spark_put(out, &(struct spark){cpus->values, cpus->count, cell->width, top, cell->ascii});
}

static void put_memory(const struct cell *cell, struct buf *out)
{
	const struct model_instance *instance = cell->instance;

	if (!uses_any(instance))
		return;
	text_bytes(out, (int64_t)instance->memory_bytes);
	if (instance->detail.limit_bytes > 0) {
		buf_puts(out, "/");
		text_bytes(out, (int64_t)instance->detail.limit_bytes);
	}
}

static void put_memory_graph(const struct cell *cell, struct buf *out)
{
	const struct model_history *memories = &cell->instance->memories;
	double limit_bytes = cell->instance->detail.limit_bytes;

	spark_put(out, &(struct spark){memories->values, memories->count, cell->width,
				       (float)limit_bytes, cell->ascii});
}

static void put_number(struct buf *out, double number)
{
	if (number >= 0)
		buf_printf(out, "%" PRId64, (int64_t)number);
}

static void put_pids(const struct cell *cell, struct buf *out)
{
	put_number(out, cell->instance->detail.pids);
}

static const char *const wait_names[MODEL_WAITS] = {"cpu", "mem", "io"};

static void put_wait(const struct model_detail *detail, size_t i, struct buf *out)
{
	if (detail->waits[i] >= 0.005)
		buf_printf(out, "%s%s %.0f%%", out->len ? " " : "", wait_names[i],
			   detail->waits[i] * 100);
}

static void put_waits(const struct cell *cell, struct buf *out)
{
	for (size_t i = 0; i < MODEL_WAITS; i++)
		put_wait(&cell->instance->detail, i, out);
}

static void put_longest_wait(const struct cell *cell, struct buf *out)
{
	const struct model_detail *detail = &cell->instance->detail;
	size_t longest = 0;

	for (size_t i = 1; i < MODEL_WAITS; i++)
		longest = detail->waits[i] > detail->waits[longest] ? i : longest;
	put_wait(detail, longest, out);
}

static void put_bytes(struct buf *out, double bytes)
{
	if (bytes >= 0)
		text_bytes(out, (int64_t)bytes);
}

static void put_read(const struct cell *cell, struct buf *out)
{
	put_bytes(out, cell->instance->detail.read_per_s);
}

static void put_written(const struct cell *cell, struct buf *out)
{
	put_bytes(out, cell->instance->detail.written_per_s);
}

static void put_io(const struct cell *cell, struct buf *out)
{
	const struct model_detail *detail = &cell->instance->detail;

	if (detail->read_per_s >= 0)
		put_bytes(out, detail->read_per_s + detail->written_per_s);
}

static void put_connections(const struct cell *cell, struct buf *out)
{
	put_number(out, cell->instance->detail.established);
}

static void put_restarts(const struct cell *cell, struct buf *out)
{
	put_number(out, (double)cell->instance->restarts);
}

static void put_reason(const struct cell *cell, struct buf *out)
{
	if (cell->instance->reason)
		buf_puts(out, cell->instance->reason);
}

static const struct column columns[] = {
	{"INSTANCE", 0, 0, WIDE, ORDER_NAME, false, put_name},
	{"INSTANCE", 30, WIDE, 0, ORDER_NAME, false, put_name},
	{"STATE", 9, 40, 0, ORDER_STATE, false, put_state},
	{"CPU", 6, 0, 0, ORDER_CPU, true, put_cpu},
	{"", 8, 76, WIDE, ORDER_KEYS, false, put_cpu_graph},
	{"", 16, WIDE, 0, ORDER_KEYS, false, put_cpu_graph},
	{"MEMORY", 11, 30, 0, ORDER_MEMORY, true, put_memory},
	{"", 12, WIDE, 0, ORDER_KEYS, false, put_memory_graph},
	{"PIDS", 5, WIDE, 0, ORDER_KEYS, true, put_pids},
	{"WAITS", 8, 66, WIDE, ORDER_WAITS, false, put_longest_wait},
	{"WAITS", 20, WIDE, 0, ORDER_WAITS, false, put_waits},
	{"IO/S", 5, 70, WIDE, ORDER_IO, true, put_io},
	{"READ/S", 7, WIDE, 0, ORDER_IO, true, put_read},
	{"WRITTEN/S", 10, WIDE, 0, ORDER_IO, true, put_written},
	{"CONN", 5, 52, 0, ORDER_CONNECTIONS, true, put_connections},
	{"RST", 4, 46, WIDE, ORDER_RESTARTS, true, put_restarts},
	{"RESTARTS", 9, WIDE, 0, ORDER_RESTARTS, true, put_restarts},
	{"WHY", 0, WIDE, 0, ORDER_KEYS, false, put_reason},
};

static bool is_shown(const struct column *column, unsigned cols)
{
	return cols >= column->from && (!column->below || cols < column->below);
}

size_t columns_place(unsigned cols, struct column_place *ret)
{
	unsigned taken = 0;
	unsigned col = 0;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (is_shown(&columns[i], cols))
			taken += columns[i].width + 1;
	for (size_t i = 0; i < ARRAY_SIZE(columns) && count < COLUMNS_MAX; i++) {
		if (!is_shown(&columns[i], cols))
			continue;
		unsigned rest = cols > taken ? cols - taken + 1 : 1;
		unsigned width = columns[i].width ? columns[i].width : rest;

		ret[count++] = (struct column_place){&columns[i], col, width};
		col += width + 1;
	}
	return count;
}

static const char *arrow(const struct order *order, bool ascii)
{
	bool rises = (order->key == ORDER_NAME) != order->reverse;

	if (ascii)
		return rises ? "^" : "v";
	return rises ? "▲" : "▼";
}

void columns_titles(struct frame *frame, unsigned row, const struct order *order)
{
	struct column_place places[COLUMNS_MAX];
	size_t count = columns_place(frame->cols, places);
	bool marked = false;

	frame_put(frame,
		  (struct frame_place){.row = row, .width = frame->cols, .style = FRAME_TITLE}, "");
	for (size_t i = 0; i < count; i++) {
		const struct column *column = places[i].column;
		bool first = !marked && column->key == order->key;
		autobuf struct buf title = {0};

		buf_printf(&title, "%s%s", column->title, first ? arrow(order, frame->ascii) : "");
		marked |= first;
		frame_put(frame,
			  (struct frame_place){.row = row,
					       .col = places[i].col,
					       .width = places[i].width,
					       .right = column->right,
					       .style = FRAME_TITLE},
			  title.data ? title.data : "");
	}
}

enum frame_style columns_state_style(const char *state)
{
	static const struct {
		const char *state;
		enum frame_style style;
	} styles[] = {
		{"ready", FRAME_GOOD},	 {"completed", FRAME_PLAIN}, {"starting", FRAME_BUSY},
		{"waiting", FRAME_BUSY}, {"stopping", FRAME_BUSY},   {"unready", FRAME_BAD},
		{"backoff", FRAME_BAD},	 {"failed", FRAME_BAD},
	};

	for (size_t i = 0; i < ARRAY_SIZE(styles); i++)
		if (strcmp(styles[i].state, state) == 0)
			return styles[i].style;
	return FRAME_PLAIN;
}

static enum frame_style style_of(const struct column *column, const struct model_instance *instance,
				 bool chosen)
{
	if (chosen)
		return FRAME_CHOSEN;
	return column->key == ORDER_STATE ? columns_state_style(instance->state) : FRAME_PLAIN;
}

void columns_row(struct frame *frame, unsigned row, const struct model_instance *instance,
		 bool chosen)
{
	struct column_place places[COLUMNS_MAX];
	size_t count = columns_place(frame->cols, places);

	if (chosen)
		frame_put(frame,
			  (struct frame_place){
				  .row = row, .width = frame->cols, .style = FRAME_CHOSEN},
			  "");
	for (size_t i = 0; i < count; i++) {
		const struct column *column = places[i].column;
		const struct cell cell = {instance, places[i].width, frame->ascii};
		autobuf struct buf text = {0};

		column->put(&cell, &text);
		frame->failed |= text.failed;
		frame_put(frame,
			  (struct frame_place){.row = row,
					       .col = places[i].col,
					       .width = places[i].width,
					       .right = column->right,
					       .style = style_of(column, instance, chosen)},
			  text.data ? text.data : "");
	}
}
