// SPDX-License-Identifier: GPL-2.0-or-later
/* Progress and arrival; see settle.h. */
#include "launcher/cli/settle.h"

#include "launcher/cli/cli.h"
#include "launcher/cli/format.h"
#include "launcher/cli/progress.h"
#include "launcher/cli/repaint.h"
#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_MS 100

static bool is_one_of(const char *word, const char *const *list)
{
	for (; list && *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

static const char *const noteworthy[] = {"ready",   "unready", "completed", "failed",
					 "backoff", "removed", NULL};

/* "web-1 ready", "web-1 backoff: exited 1, …", made safe. */
static void print_instance(const char *prefix, const struct watch_instance *instance)
{
	autobuf struct buf line = {0};

	text_escape(&line, instance->name, strlen(instance->name));
	buf_puts(&line, " ");
	text_escape(&line, instance->state, strlen(instance->state));
	/* What has been removed has no reason any more, only a past. */
	if (instance->reason && strcmp(instance->state, "removed") != 0) {
		buf_puts(&line, ": ");
		text_escape(&line, instance->reason, strlen(instance->reason));
	}
	fprintf(stderr, "%s%s\n", prefix, line.data ? line.data : "");
}

void settle_show(void *context, const struct watch_instance *instance, const char *old_state)
{
	const struct settle_options *options = context;
	bool only_reason = old_state && strcmp(old_state, instance->state) == 0;

	if (options && !watch_is_of(instance, options->services))
		return;
	if (!only_reason && is_one_of(instance->state, noteworthy))
		print_instance("", instance);
}

void settle_show_changes(void *context, const struct watch_instance *instance,
			 const char *old_state)
{
	if (old_state)
		settle_show(context, instance, old_state);
}

static bool complain_of_return(const char *service, const char *const *services)
{
	if (services && services[0] && !is_one_of(service, services))
		return false;
	fprintf(stderr,
		"davit: %s: the new revision has failed, and the one before runs again: "
		"'davit events %s' tells why\n",
		service, service);
	return true;
}

/* Complains of what did not arrive; how many. */
static size_t count_missing(const struct watch *watch, const struct settle_options *options)
{
	static const char *const good[] = {"ready", "completed", NULL};
	size_t missing = 0;

	for (size_t i = 0; i < watch->count; i++) {
		const struct watch_instance *instance = &watch->instances[i];

		if (!watch_is_of(instance, options->services) || is_one_of(instance->state, good) ||
		    watch_is_scheduled(watch, instance))
			continue;
		print_instance("davit: not ready: ", instance);
		missing++;
	}
	for (size_t i = 0; options->anew && i < watch->turned_back.count; i++)
		missing += complain_of_return(watch->turned_back.items[i], options->services);
	return missing;
}

/* ---- what a terminal shows meanwhile ---- */

static void note(void *context, const struct watch_instance *instance, const char *old_state)
{
	struct settle_view *view = context;

	view->changed = true;
}

void settle_view_begin(struct settle_view *view, struct watch *watch)
{
	const char *term = getenv("TERM");

	view->begun_ms = clock_now_ms();
	view->live = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	if (!view->live)
		return;
	watch->report = note;
	watch->context = view;
}

static void draw(struct settle_view *view, const struct watch *watch)
{
	struct winsize size = {0};
	autobuf struct buf text = {0};
	autobuf struct buf out = {0};

	view->drawn_ms = clock_now_ms();
	view->changed = false;
	(void)ioctl(STDERR_FILENO, TIOCGWINSZ, &size); /* else no size is known */
	buf_puts(&text, "");
	progress_lines(watch, view->services, &text);
	repaint_block(&out, text.data ? text.data : "",
		      (struct repaint_size){size.ws_row, size.ws_col}, &view->lines);
	if (!out.failed)
		fputs(out.data, stderr);
}

int settle_view_pump(struct settle_view *view, struct watch *watch, int wait_ms, struct err *err)
{
	int64_t due_ms = view->drawn_ms + REDRAW_MS - clock_now_ms();
	bool soon = view->live && view->changed && due_ms < (wait_ms < 0 ? REDRAW_MS : wait_ms);
	int r = watch_pump(watch, soon ? (int)(due_ms > 0 ? due_ms : 0) : wait_ms, err);

	if (view->live && view->changed && clock_now_ms() - view->drawn_ms >= REDRAW_MS)
		draw(view, watch);
	return r;
}

void settle_view_end(struct settle_view *view, const struct watch *watch)
{
	if (view->live)
		draw(view, watch);
	view->live = false;
}

void settle_view_took(const struct settle_view *view, struct buf *out)
{
	format_cpu(out, (double)(clock_now_ms() - view->begun_ms) / 1000);
}

/* ---- until the stack is where it is wanted ---- */

/* How long to wait next; 0 when the time is over. */
static int next_wait_ms(int64_t deadline_ms)
{
	const int64_t most_ms = 60000;
	int64_t left_ms = deadline_ms < 0 ? most_ms : deadline_ms - clock_now_ms();

	if (left_ms <= 0)
		return 0;
	return (int)(left_ms < most_ms ? left_ms : most_ms);
}

static void summarise(const struct watch *watch, const struct settle_options *options,
		      const struct settle_view *view)
{
	autobuf struct buf line = {0};

	if (options->only_changes)
		return;
	progress_summary(watch, options->services, clock_now_ms() - view->begun_ms, &line);
	fprintf(stderr, "%s\n", line.failed ? "" : line.data);
}

/* Others may be on their way for long: what goes is not kept waiting for them. */
static bool has_gone(const struct watch *watch, const struct settle_options *options)
{
	if (!options->until_gone || !options->services || !options->services[0])
		return false;
	for (size_t i = 0; i < watch->count; i++)
		if (watch_is_of(&watch->instances[i], options->services))
			return false;
	return true;
}

static int await(struct watch *watch, const struct settle_options *options,
		 struct settle_view *view)
{
	int64_t deadline_ms = options->timeout_ms < 0 ? -1 : clock_now_ms() + options->timeout_ms;
	struct err err = {0};

	while (!(watch->seen && (watch->idle || has_gone(watch, options)))) {
		int wait_ms = next_wait_ms(deadline_ms);

		if (wait_ms == 0) {
			settle_view_end(view, watch);
			(void)count_missing(watch, options);
			return cli_complain(EXIT_TIMEOUT, "timed out waiting for stack '%s'",
					    watch->stack);
		}
		if (settle_view_pump(view, watch, wait_ms, &err) < 0)
			return cli_fail(&err, EXIT_FAILED);
		if (watch->stream.ended)
			return cli_complain(EXIT_FAILED, "the supervisor of stack '%s' has ended",
					    watch->stack);
	}
	settle_view_end(view, watch);
	return EXIT_DONE;
}

int settle_wait(const char *stack, const struct settle_options *options)
{
	struct settle_options shown = *options;
	struct settle_view view = {.services = options->services};
	autowatch struct watch watch = {
		.stream = CLIENT_NO_STREAM, .report = settle_show, .context = &shown};
	struct err err = {0};

	if (!options->judge || options->only_changes)
		watch.report = settle_show_changes;
	settle_view_begin(&view, &watch);
	if (watch_open(&watch, stack, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	int code = await(&watch, options, &view);
	bool failed = false;

	if (code != EXIT_DONE)
		return code;
	summarise(&watch, options, &view);
	if (options->ret_all_ended)
		*options->ret_all_ended = watch.count > 0 && watch_ended(&watch, NULL, &failed);
	if (options->judge && count_missing(&watch, options) > 0)
		return EXIT_FAILED;
	return EXIT_DONE;
}
