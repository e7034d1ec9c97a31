// SPDX-License-Identifier: GPL-2.0-or-later
/* davit logs: reads the files itself, so it works without a supervisor and costs it nothing. */
#include "launcher/cli/commands.h"
#include "launcher/cli/logprint.h"
#include "launcher/cli/names.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

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

static int make_filter(const struct values *values, struct log_filter *filter)
{
	int code = span_parse(values->since, values->until, &filter->span);
	struct err err = {0};

	if (code == EXIT_DONE && values->pattern &&
	    log_filter_pattern(filter, values->pattern, &err) < 0)
		code = cli_complain(EXIT_USAGE, "--grep: %s", err.text);
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

/* Whether it is, or is an instance of, a service of the logging driver none. */
static bool is_unkept(const struct json_t *services, const char *word)
{
	for (size_t i = 0; i < js_count(services); i++) {
		const struct json_t *service = js_at(services, i);
		const char *name = js_text(service, "service");

		if (name && js_kind(js_get(service, "keeps_logs")) == JS_BOOL &&
		    !js_bool(service, "keeps_logs") && is_of(word, name))
			return true;
	}
	return false;
}

/* What was asked for is nowhere: why? */
static int explain(const char *stack, const char *word)
{
	const struct client_request request = {.method = "GET", .path = "/v1/services"};
	autoanswer struct client_answer answer = {0};

	if (client_call(stack, &request, &answer, NULL) == 0 &&
	    is_unkept(js_get(answer.json, "services"), word))
		return cli_complain(EXIT_FAILED,
				    "%s keeps no logs: its logging driver is none; json-file, "
				    "local and journald keep them",
				    word);
	return names_check(stack, word);
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
			code = explain(stack, *word);
	}
	return code;
}

static int show(const char *stack, const char *dir, const struct logset_options *wanted,
		const struct logprint *style)
{
	autologset struct logset set = {.dir_fd = -1, .inotify_fd = -1};
	const struct span *span = &wanted->filter->span;
	struct err err = {0};
	int r = logset_open(&set, dir, wanted, &err);

	if (r == -ENOENT)
		return cli_complain(EXIT_FAILED, "no logs: '%s' does not exist", dir);
	if (r == 0 && check_words(stack, &set) != EXIT_DONE)
		return EXIT_FAILED;
	if (r == 0)
		r = logprint_drain(style, &set, &err);
	while (r == 0 && wanted->follow && !span_is_over(span)) {
		r = span_wait(span, set.inotify_fd, &err);
		if (r == 0)
			r = logset_update(&set, &err);
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
