// SPDX-License-Identifier: GPL-2.0-or-later
/* See view.h. */
#include "launcher/top/view.h"

#include "launcher/cli/text.h"
#include "launcher/top/columns.h"
#include "launcher/top/spark.h"
#include "runtime/base/cleanup.h"

#include <string.h>

#define HEAD_ROWS 3
#define FOOT_ROWS 2

const char view_help[] =
	"q            leave; a text: back to the list\n"
	"j k, arrows  choose an instance, or scroll; PgUp PgDn Home End\n"
	"l            the chosen one's log, as it grows\n"
	"i, Enter     everything about the chosen one\n"
	"+ -          one instance more, or fewer, of the chosen one's service\n"
	"/            show only what has this in its name, service or state; Esc: all again\n"
	"\n"
	"sorted by    N name   S state     C cpu           M memory\n"
	"             W waits  I disk io   T connections   R restarts\n"
	"r            the other way round\n"
	"\n"
	"CPU          share of one processor, and its last seconds as a graph; this and memory of\n"
	"             those not on the screen, when not sorted by it, may be four seconds old\n"
	"             (what follows is read at every other look)\n"
	"WAITS        share of the time in which some process waited for cpu, memory or io\n"
	"IO/S         bytes per second from and to disks, of those with limits for disks\n"
	"CONN         TCP connections, of those with a network of their own\n"
	"RST          restarts\n";

unsigned view_rows(const struct frame *frame)
{
	return frame->rows > HEAD_ROWS + FOOT_ROWS ? frame->rows - HEAD_ROWS - FOOT_ROWS : 1;
}

static void put_counts(const struct model *model, struct buf *out)
{
	static const char *const states[] = {"ready",	"starting", "waiting", "unready",
					     "backoff", "stopping", "failed",  "completed"};
	const char *between = ": ";

	buf_printf(out, "%zu instance%s", model->count, model->count == 1 ? "" : "s");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		size_t count = model_count(model, states[i]);

		if (count == 0)
			continue;
		buf_printf(out, "%s%zu %s", between, count, states[i]);
		between = ", ";
	}
}

static void put_graph(const struct model_history *history, unsigned width, bool ascii,
		      struct buf *out)
{
	spark_put(out, &(struct spark){history->values, history->count, width, 0, ascii});
}

static void put_sum(const struct model *model, unsigned graph, bool ascii, struct buf *out)
{
	buf_puts(out, "cpu ");
	columns_percent(out, model->cpu);
	buf_puts(out, " ");
	put_graph(&model->cpus, graph, ascii, out);
	buf_puts(out, "  memory ");
	text_bytes(out, (int64_t)model->memory_bytes);
	buf_puts(out, " ");
	put_graph(&model->memories, graph, ascii, out);
}

static void put_row(struct frame *frame, unsigned row, enum frame_style style, const char *text)
{
	frame_put(frame, (struct frame_place){.row = row, .style = style}, text ? text : "");
}

static void draw_head(const struct view *view, const struct model *model, size_t listed,
		      struct frame *frame)
{
	autobuf struct buf first = {0};
	autobuf struct buf second = {0};
	autobuf struct buf range = {0};
	unsigned rows = view_rows(frame);
	size_t last = view->offset + rows < listed ? view->offset + rows : listed;

	buf_printf(&first, "%s  ", view->stack);
	put_counts(model, &first);
	put_row(frame, 0, model_count(model, NULL) ? FRAME_BOLD : FRAME_GOOD, first.data);
	put_sum(model, frame->cols >= 120 ? 30 : 12, frame->ascii, &second);
	put_row(frame, 1, FRAME_PLAIN, second.data);
	if (view->order.filter && *view->order.filter)
		buf_printf(&range, "%s: ", view->order.filter);
	buf_printf(&range, "%zu-%zu of %zu", last ? view->offset + 1 : 0, last, listed);
	if (frame->cols >= 76)
		frame_put(frame,
			  (struct frame_place){.row = 1,
					       .col = frame->cols - 22,
					       .width = 22,
					       .right = true,
					       .style = FRAME_FAINT},
			  range.data ? range.data : "");
	columns_titles(frame, 2, &view->order);
}

/* What the chosen one says, or what has just been done, or what is being typed. */
static void draw_foot(const struct view *view, const struct model_instance *chosen,
		      struct frame *frame)
{
	autobuf struct buf line = {0};
	enum frame_style style = FRAME_PLAIN;

	if (view->typing) {
		buf_printf(&line, "/%s_", view->filter);
		style = FRAME_BOLD;
	} else if (view->message) {
		buf_puts(&line, view->message);
		style = FRAME_BOLD;
	} else if (chosen) {
		buf_printf(&line, "%s %s%s%s", chosen->name, chosen->state,
			   chosen->reason ? ": " : "", chosen->reason ? chosen->reason : "");
	}
	put_row(frame, frame->rows - 2, style, line.data);
	put_row(frame, frame->rows - 1, FRAME_FAINT,
		view->typing ? "Enter: done  Esc: all again"
			     : "q quit  l logs  i inspect  +/- scale  / filter  N S C M W I T R "
			       "sort  ? all keys");
}

size_t view_chosen(const struct view *view, const struct model_instance *const *listed,
		   size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(listed[i]->name, view->chosen) == 0)
			return i;
	return view->offset < count ? view->offset : 0;
}

void view_move(struct view *view, const struct model_instance *const *listed, size_t count, long by)
{
	long at = (long)view_chosen(view, listed, count) + by;

	if (count == 0)
		return;
	if (at < 0)
		at = 0;
	if (at >= (long)count)
		at = (long)count - 1;
	snprintf(view->chosen, sizeof(view->chosen), "%s", listed[at]->name);
}

void view_scroll(struct view *view, long by, unsigned rows)
{
	long at = (long)view->text_offset + by;

	view->text_offset = at > 0 ? (size_t)at : 0;
	view->text_end = by > (long)rows;
}

static void draw_list(struct view *view, const struct model *model,
		      const struct model_instance *const *listed, size_t count, struct frame *frame)
{
	size_t chosen = view_chosen(view, listed, count);
	unsigned rows = view_rows(frame);

	if (chosen < view->offset)
		view->offset = chosen;
	if (chosen >= view->offset + rows)
		view->offset = chosen - rows + 1;
	if (view->offset + rows > count)
		view->offset = count > rows ? count - rows : 0;
	draw_head(view, model, count, frame);
	for (size_t i = view->offset; i < count && i < view->offset + rows; i++)
		columns_row(frame, HEAD_ROWS + (unsigned)(i - view->offset), listed[i],
			    i == chosen);
	draw_foot(view, chosen < count ? listed[chosen] : NULL, frame);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		lines++;
	return lines;
}

static void draw_lines(const struct view *view, const char *text, unsigned rows,
		       struct frame *frame)
{
	for (size_t i = 0; *text && i < view->text_offset + rows; i++) {
		size_t len = strcspn(text, "\n");
		autobuf struct buf line = {0};

		buf_put(&line, text, len);
		frame->failed |= line.failed;
		if (i >= view->text_offset)
			put_row(frame, 1 + (unsigned)(i - view->text_offset), FRAME_PLAIN,
				line.data);
		text += len + (text[len] == '\n');
	}
}

static void draw_text(struct view *view, struct frame *frame)
{
	const char *text = view->text->data ? view->text->data : "";
	unsigned rows = frame->rows > 2 ? frame->rows - 2 : 1;
	size_t lines = count_lines(text);
	size_t last = lines > rows ? lines - rows : 0;

	if (view->text_end || view->text_offset > last)
		view->text_offset = last;
	view->text_end |= view->text_offset == last && lines > rows;
	frame_put(frame, (struct frame_place){.width = frame->cols, .style = FRAME_TITLE},
		  view->text_title);
	draw_lines(view, text, rows, frame);
	put_row(frame, frame->rows - 1, FRAME_FAINT,
		"q back  arrows, PgUp, PgDn, Home, End scroll");
}

void view_draw(struct view *view, const struct model *model,
	       const struct model_instance *const *listed, size_t count, struct frame *frame)
{
	if (frame->rows < 3 || frame->cols < 2)
		return; /* nothing can be said in so little room */
	if (view->text)
		draw_text(view, frame);
	else
		draw_list(view, model, listed, count, frame);
}
