// SPDX-License-Identifier: GPL-2.0-or-later
/* davit logs: reads the files itself, so it works without a supervisor and costs it nothing. */
#include "launcher/cli/commands.h"
#include "launcher/cli/logprint.h"
#include "launcher/cli/names.h"
#include "launcher/cli/text.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>

struct values {
	bool follow;
	bool no_prefix;
	bool timestamps;
	bool json;
	int64_t tail;
	const char *since;
	const char *until;
	const char *pattern;
};

static const struct option_spec options[] = {
	{'f', "follow", OPTION_FLAG, offsetof(struct values, follow), NULL,
	 "go on with what is being written"},
	{'n', "tail", OPTION_NUMBER, offsetof(struct values, tail), "N|all",
	 "only the last N lines of each instance"},
	{0, "since", OPTION_TEXT, offsetof(struct values, since), "TIME",
	 "only since a time (2026-01-31T23:59:59Z) or for a duration (10m)"},
	{0, "until", OPTION_TEXT, offsetof(struct values, until), "TIME",
	 "only what is older than a time or a duration"},
	{0, "grep", OPTION_TEXT, offsetof(struct values, pattern), "REGEX",
	 "only lines that match an extended regular expression"},
	{'t', "timestamps", OPTION_FLAG, offsetof(struct values, timestamps), NULL,
	 "show when each line was written"},
	{0, "no-prefix", OPTION_FLAG, offsetof(struct values, no_prefix), NULL,
	 "do not show which instance a line is of"},
	{0, "no-log-prefix", OPTION_FLAG, offsetof(struct values, no_prefix), NULL,
	 "the same, as Compose calls it"},
	{0, "json", OPTION_FLAG, offsetof(struct values, json), NULL,
	 "print an object per line: time, service, instance, stream, text"},
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Leaves @moment_ns alone when there is no such option. */
static int parse_moment(const char *option, const char *text, int64_t *moment_ns)
{
	if (!text || text_moment_ns(text, now_ns(), moment_ns) == 0)
		return EXIT_DONE;
	return cli_complain(EXIT_USAGE, "logs: --%s: '%s' is neither a time nor a duration", option,
			    text);
}

static int make_filter(const struct values *values, struct log_filter *filter)
{
	int code = parse_moment("since", values->since, &filter->since_ns);
	struct err err = {0};

	if (code == EXIT_DONE)
		code = parse_moment("until", values->until, &filter->until_ns);
	if (code == EXIT_DONE && values->pattern &&
	    log_filter_pattern(filter, values->pattern, &err) < 0)
		code = cli_complain(EXIT_USAGE, "logs: --grep: %s", err.text);
	return code;
}

/* "web-1" is of "web-1" and of "web". */
static bool is_of(const char *instance, const char *word)
{
	const char *dash = strrchr(instance, '-');
	size_t len = strlen(word);

	return strcmp(instance, word) == 0 ||
	       (dash && (size_t)(dash - instance) == len && memcmp(instance, word, len) == 0);
}

/* A word without a log may be a service that has not run yet, but not one that is unknown. */
static int check_words(const char *stack, const struct logset *set)
{
	const char *const *word = set->options.services;
	int code = EXIT_DONE;

	for (; word && *word && code == EXIT_DONE; word++) {
		size_t i = 0;

		while (i < set->count && !is_of(set->files[i].instance, *word))
			i++;
		if (i == set->count)
			code = names_check(stack, *word);
	}
	return code;
}

/* Waits for news, or until nothing that comes could be wanted. */
static int await_news(struct logset *set, int64_t until_ns, struct err *err)
{
	struct pollfd news = {.fd = set->inotify_fd, .events = POLLIN};
	int64_t left_ms = -1;

	if (until_ns < INT64_MAX) {
		left_ms = (until_ns - now_ns()) / 1000000 + 1;
		left_ms = left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : left_ms;
	}
	if (poll(&news, 1, (int)left_ms) < 0 && errno != EINTR)
		return err_set(err, errno, "wait for news");
	return logset_update(set, err);
}

static int show(const char *stack, const char *dir, const struct logset_options *wanted,
		const struct logprint *style)
{
	autologset struct logset set = {.dir_fd = -1, .inotify_fd = -1};
	int64_t until_ns = wanted->filter->until_ns;
	struct err err = {0};
	int r = logset_open(&set, dir, wanted, &err);

	if (r == -ENOENT)
		return cli_complain(EXIT_FAILED, "no logs: '%s' does not exist", dir);
	if (r == 0 && check_words(stack, &set) != EXIT_DONE)
		return EXIT_FAILED;
	if (r == 0)
		r = logprint_drain(style, &set, &err);
	while (r == 0 && wanted->follow && now_ns() < until_ns) {
		r = await_news(&set, until_ns, &err);
		if (r == 0)
			r = logprint_drain(style, &set, &err);
	}
	return r < 0 ? cli_fail(&err, EXIT_FAILED) : EXIT_DONE;
}

static int show_stack(struct cli *cli, struct args *args, const struct values *values,
		      const struct log_filter *filter)
{
	const struct logprint style = {
		.colour = cli->colour,
		.escape = cli->tty_out,
		.no_prefix = values->no_prefix,
		.timestamps = values->timestamps,
		.json = values->json,
	};
	struct logset_options wanted = {
		.filter = filter, .tail = values->tail, .follow = values->follow};
	autostrv struct strv services = {0};
	autofree char *stack = NULL;
	autofree char *dir = NULL;
	struct err err = {0};
	int code = cli_stack_seen(cli, &stack);

	if (code == EXIT_DONE)
		code = names_resolve(stack, args, args->word_count, &services);
	if (code != EXIT_DONE)
		return code;
	if (paths_dir(PATHS_LOG, stack, &dir, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	wanted.services = (const char *const *)services.items;
	return show(stack, dir, &wanted, &style);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {.tail = -1};
	struct args args = {.argc = argc, .argv = argv};
	autofilter struct log_filter filter = LOG_FILTER_ALL;
	int code = cli_parse(cli, &args, &values);

	if (code >= 0)
		return code;
	code = make_filter(&values, &filter);
	return code == EXIT_DONE ? show_stack(cli, &args, &values, &filter) : code;
}

const struct command command_logs = {
	.name = "logs",
	.words = "[SERVICE|INSTANCE…]",
	.summary = "Show what instances have written.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
