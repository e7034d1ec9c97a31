// SPDX-License-Identifier: GPL-2.0-or-later
/* davit events: reads the history itself, so it outlives the supervisor and costs it nothing. */
#include "launcher/cli/commands.h"
#include "launcher/cli/eventline.h"
#include "launcher/cli/eventlog.h"
#include "launcher/cli/names.h"
#include "launcher/cli/span.h"
#include "launcher/cli/text.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

struct values {
	bool follow;
	bool no_follow;
	bool json;
	const char *since;
	const char *until;
};

static const struct option_spec options[] = {
	{'f', "follow", OPTION_FLAG, offsetof(struct values, follow), NULL,
	 "go on with what happens: the default, unless --until has passed"},
	{0, "no-follow", OPTION_FLAG, offsetof(struct values, no_follow), NULL,
	 "only what has happened; all of it without --since"},
	{0, "since", OPTION_TEXT, offsetof(struct values, since), "TIME",
	 "begin at a time (2026-01-31T23:59:59Z) or so long ago (10m); default: now"},
	{0, "until", OPTION_TEXT, offsetof(struct values, until), "TIME",
	 "end at a time or so long ago"},
	{0, "json", OPTION_FLAG, offsetof(struct values, json), NULL,
	 "an object per line, as launcher/API.md describes it"},
};

struct wanted {
	struct span span;
	bool follow;
	bool json;
	bool escape;		  /* stdout is a terminal */
	const char *const *names; /* services or instances; empty: all */
};

static bool is_wanted(const struct wanted *wanted, const struct json_t *event)
{
	const char *time = js_text(event, "time");
	int64_t at_ns = 0;

	if (!time || text_time_ns(time, strlen(time), &at_ns) < 0 ||
	    !span_has(&wanted->span, at_ns))
		return false;
	for (const char *const *name = wanted->names; name && *name; name++)
		if (eventline_is_of(event, *name))
			return true;
	return !wanted->names || !wanted->names[0];
}

static int print(const struct wanted *wanted, const struct json_t *event, struct err *err)
{
	autobuf struct buf line = {0};
	autobuf struct buf safe = {0};
	int r = 0;

	if (!wanted->json)
		eventline_put(&line, event);
	else
		r = js_print(event, 0, &line, err);
	if (r == 0)
		r = buf_check(&line, err);
	if (r < 0)
		return r;
	if (wanted->escape)
		text_escape(&safe, line.data, line.len);
	else
		buf_put(&safe, line.data, line.len);
	buf_puts(&safe, "\n");
	r = buf_check(&safe, err);
	if (r == 0 && fwrite(safe.data, 1, safe.len, stdout) != safe.len)
		r = err_set(err, errno, "write to stdout");
	return r;
}

static int drain(struct eventlog *log, const struct wanted *wanted, struct err *err)
{
	for (;;) {
		autojs struct json_t *event = NULL;
		int r = eventlog_next(log, &event, err);

		if (r > 0 && is_wanted(wanted, event) && print(wanted, event, err) < 0)
			return -EIO;
		if (r <= 0)
			return r == 0 && fflush(stdout) ? err_set(err, errno, "write to stdout")
							: r;
	}
}

static int show(const char *stack, const char *dir, const struct wanted *wanted)
{
	autoeventlog struct eventlog log = {.dir_fd = -1, .inotify_fd = -1, .fd = -1};
	struct err err = {0};
	int r = eventlog_open(&log, dir, &err);

	if (r == -ENOENT)
		return cli_complain(EXIT_FAILED, "stack '%s' is not running: it has no events",
				    stack);
	if (r == 0)
		r = drain(&log, wanted, &err);
	while (r == 0 && wanted->follow && !log.ended && !span_is_over(&wanted->span)) {
		r = span_wait(&wanted->span, log.inotify_fd, &err);
		eventlog_update(&log);
		if (r == 0)
			r = drain(&log, wanted, &err);
	}
	return r < 0 ? cli_fail(&err, EXIT_FAILED) : EXIT_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	struct wanted wanted = {.span = SPAN_ALWAYS};
	autostrv struct strv names = {0};
	autofree char *stack = NULL;
	autofree char *dir = NULL;
	struct err err = {0};
	int code = cli_parse(cli, &args, &values);

	if (code >= 0)
		return code;
	if (!values.no_follow && !values.since)
		wanted.span.since_ns = span_now_ns();
	code = span_parse(values.since, values.until, &wanted.span);
	if (code == EXIT_DONE)
		code = cli_stack_seen(cli, &stack);
	if (code == EXIT_DONE)
		code = names_resolve(stack, &args, args.word_count, &names);
	for (size_t i = 0; code == EXIT_DONE && i < names.count; i++)
		code = names_check(stack, names.items[i]);
	if (code != EXIT_DONE)
		return code;
	if (paths_dir(PATHS_RUN, stack, &dir, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	wanted.follow = !values.no_follow;
	wanted.json = values.json;
	wanted.escape = cli->tty_out;
	wanted.names = (const char *const *)names.items;
	return show(stack, dir, &wanted);
}

const struct command command_events = {
	.name = "events",
	.words = "[SERVICE|INSTANCE…]",
	.summary = "Show what happens, and why.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
