// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit wait: until what is named has ended for good, restarts and all. Its exit code is that of
 * the first which did not end with 0.
 */
#include "launcher/cli/commands.h"
#include "launcher/cli/names.h"
#include "launcher/cli/text.h"
#include "launcher/cli/watch.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/sig.h"

#include <string.h>

#define WAIT_MS 60000 /* at a time */

struct values {
	int64_t timeout_ms;
};

static const struct option_spec options[] = {
	{'t', "timeout", OPTION_DURATION, offsetof(struct values, timeout_ms), "SECONDS",
	 "longest time to wait (exit code 124)"},
};

static bool is_named(const struct watch_instance *instance, const struct args *args)
{
	for (size_t i = 0; i < args->word_count; i++)
		if (strcmp(args->words[i], instance->service) == 0 ||
		    strcmp(args->words[i], instance->name) == 0)
			return true;
	return args->word_count == 0;
}

/* Of whom there is nothing, perhaps not yet, there will be nothing when nobody is on his way. */
static bool has_ended(const struct watch *watch, const struct args *args)
{
	bool any = false;

	for (size_t i = 0; i < watch->count; i++) {
		const char *state = watch->instances[i].state;

		if (!is_named(&watch->instances[i], args))
			continue;
		if (strcmp(state, "completed") != 0 && strcmp(state, "failed") != 0)
			return false;
		any = true;
	}
	return watch->seen && (any || watch->idle);
}

static int await_end(const char *stack, const struct args *args, int64_t timeout_ms)
{
	autowatch struct watch watch = {.stream = CLIENT_NO_STREAM};
	int64_t begun_ms = clock_now_ms();
	struct err err = {0};

	if (watch_open(&watch, stack, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	while (!has_ended(&watch, args)) {
		int64_t left_ms =
			timeout_ms < 0 ? WAIT_MS : timeout_ms - (clock_now_ms() - begun_ms);

		if (left_ms <= 0)
			return cli_complain(EXIT_TIMEOUT, "timed out waiting for an end");
		if (watch_pump(&watch, left_ms < WAIT_MS ? (int)left_ms : WAIT_MS, &err) < 0)
			return cli_fail(&err, EXIT_FAILED);
		if (watch.stream.ended)
			return cli_complain(EXIT_FAILED, "stack '%s' has ended", stack);
	}
	return EXIT_DONE;
}

/* As a shell has it. How it ended is not known of one whose supervisor was dead then, too. */
static int code_of(const struct json_t *instance)
{
	const struct json_t *end = js_get(instance, "exit");
	const char *state = js_text(instance, "state");
	const char *name = js_text(end, "signal");
	int number = name ? sig_number(name) : 0;
	int code = number ? 128 + number : (int)js_int(end, "code", EXIT_FAILED);

	/* (who is stopped on purpose by a signal has completed) */
	return state && strcmp(state, "completed") == 0 ? EXIT_DONE : code ? code : EXIT_FAILED;
}

/* "job-1 completed: exited 0" */
static void put_end(const struct json_t *instance, struct buf *out)
{
	const char *texts[] = {js_text(instance, "instance"), js_text(instance, "state"),
			       js_text(instance, "reason")};
	static const char *const between[] = {"", " ", ": "};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!texts[i])
			continue;
		buf_puts(out, between[i]);
		text_escape(out, texts[i], strlen(texts[i]));
	}
	buf_puts(out, "\n");
}

static int tell(const char *stack, const struct args *args)
{
	const struct client_request request = {.method = "GET", .path = "/v1/instances"};
	autojs struct json_t *answer = NULL;
	autobuf struct buf out = {0};
	int code = cli_call(stack, &request, &answer);
	const struct json_t *list = js_get(answer, "instances");
	int worst = EXIT_DONE;

	for (size_t i = 0; code == EXIT_DONE && i < js_count(list); i++) {
		const struct json_t *instance = js_at(list, i);

		if (!names_wanted(instance, args))
			continue;
		put_end(instance, &out);
		worst = worst ? worst : code_of(instance);
	}
	if (code == EXIT_DONE)
		code = cli_output(&out);
	return code == EXIT_DONE ? worst : code;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {.timeout_ms = -1};
	struct args args = {.argc = argc, .argv = argv};
	autofree char *stack = NULL;
	autostrv struct strv words = {0};
	int code = names_asked(cli, &args, &values, &stack, &words);

	if (code >= 0)
		return code;
	code = EXIT_DONE;
	for (size_t i = 0; code == EXIT_DONE && i < args.word_count; i++)
		code = names_check(stack, args.words[i]);
	if (code == EXIT_DONE)
		code = await_end(stack, &args, values.timeout_ms);
	return code == EXIT_DONE ? tell(stack, &args) : code;
}

const struct command command_wait = {
	.name = "wait",
	.words = "[SERVICE|INSTANCE…]",
	.summary = "Wait until services or instances have ended; exit as they did.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
