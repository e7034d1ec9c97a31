// SPDX-License-Identifier: GPL-2.0-or-later
/* Progress and arrival; see settle.h. */
#include "launcher/cli/settle.h"

#include "launcher/cli/cli.h"
#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"

#include <string.h>
#include <time.h>

static bool is_one_of(const char *word, const char *const *list)
{
	for (; list && *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

static bool is_judged(const struct watch_instance *instance, const struct settle_options *options)
{
	bool all = !options->services || !options->services[0];

	return all || is_one_of(instance->service, options->services);
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

	if (options && !is_judged(instance, options))
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

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Complains of what did not arrive; how many. */
static size_t count_missing(const struct watch *watch, const struct settle_options *options)
{
	static const char *const good[] = {"ready", "completed", NULL};
	size_t missing = 0;

	for (size_t i = 0; i < watch->count; i++) {
		const struct watch_instance *instance = &watch->instances[i];

		if (!is_judged(instance, options) || is_one_of(instance->state, good))
			continue;
		print_instance("davit: not ready: ", instance);
		missing++;
	}
	return missing;
}

/* How long to wait next; 0 when the time is over. */
static int next_wait_ms(int64_t deadline_ms)
{
	const int64_t most_ms = 60000;
	int64_t left_ms = deadline_ms < 0 ? most_ms : deadline_ms - now_ms();

	if (left_ms <= 0)
		return 0;
	return (int)(left_ms < most_ms ? left_ms : most_ms);
}

int settle_wait(const char *stack, const struct settle_options *options)
{
	struct settle_options shown = *options;
	autowatch struct watch watch = {
		.stream = CLIENT_NO_STREAM, .report = settle_show, .context = &shown};
	int64_t deadline_ms = options->timeout_ms < 0 ? -1 : now_ms() + options->timeout_ms;
	struct err err = {0};

	if (!options->judge || options->only_changes)
		watch.report = settle_show_changes;
	if (watch_open(&watch, stack, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	while (!(watch.seen && watch.idle)) {
		int wait_ms = next_wait_ms(deadline_ms);

		if (wait_ms == 0) {
			(void)count_missing(&watch, options);
			return cli_complain(EXIT_TIMEOUT, "timed out waiting for stack '%s'",
					    stack);
		}
		if (watch_pump(&watch, wait_ms, &err) < 0)
			return cli_fail(&err, EXIT_FAILED);
		if (watch.stream.ended)
			return cli_complain(EXIT_FAILED, "the supervisor of stack '%s' has ended",
					    stack);
	}
	bool failed = false;

	if (options->ret_all_ended)
		*options->ret_all_ended = watch.count > 0 && watch_ended(&watch, NULL, &failed);
	if (options->judge && count_missing(&watch, options) > 0)
		return EXIT_FAILED;
	return EXIT_DONE;
}
