// SPDX-License-Identifier: GPL-2.0-or-later
/* davit learn: a system call profile made of what a service really calls. */
#include "launcher/cli/change.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/text.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define POLL_MS 200

struct values {
	int64_t for_ms;
	const char *output;
};

static const struct option_spec options[] = {
	{0, "for", OPTION_DURATION, offsetof(struct values, for_ms), "DURATION",
	 "how long to record (default 1m)"},
	{'o', "output", OPTION_TEXT, offsetof(struct values, output), "FILE",
	 "where the profile is written (default stdout)"},
};

/* Ctrl-C ends the recording; a second one the command. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	interrupted = 1;
}

static void catch_interrupts(void)
{
	const struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

static int begin(const char *stack, const char *service, int64_t for_ms)
{
	return change_post(
		stack, "/v1/learn",
		js_pack("{s:s, s:I}", "service", service, "timeout_ms", (long long)for_ms), NULL);
}

/* Until the profile is there; @ret_profile: owned by the caller. */
static int await_profile(const char *stack, const char *service, char **ret_profile)
{
	autojs struct json_t *question = js_pack("{s:s}", "service", service);
	const struct client_request request = {
		.method = "POST", .path = "/v1/learned", .body = question};
	bool ended = false;

	for (;;) {
		autojs struct json_t *answer = NULL;
		int code = cli_call(stack, &request, &answer);
		const char *state = code == EXIT_DONE ? js_text(answer, "state") : NULL;

		if (code != EXIT_DONE)
			return code;
		if (state && strcmp(state, "done") == 0) {
			const char *profile = js_text(answer, "profile");

			*ret_profile = profile ? strdup(profile) : NULL;
			return *ret_profile
				       ? EXIT_DONE
				       : cli_complain(EXIT_FAILED, "learn: no profile came of it");
		}
		if (interrupted && !ended) {
			ended = true;
			code = begin(stack, service, 0);
			if (code != EXIT_DONE)
				return code;
		}
		(void)poll(NULL, 0, POLL_MS);
	}
}

static int write_profile(const char *profile, const char *path)
{
	autobuf struct buf out = {0};
	struct err err;

	if (path)
		return fs_write_atomic(path, profile, strlen(profile), 0644, &err) < 0
			       ? cli_fail(&err, EXIT_FAILED)
			       : EXIT_DONE;
	buf_puts(&out, profile);
	return cli_output(&out);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {.for_ms = 60000};
	struct args args = {.argc = argc, .argv = argv};
	autofree char *stack = NULL;
	autofree char *profile = NULL;
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 1, 1);
	if (code >= 0)
		return code;
	const char *service = args.words[0];

	code = cli_stack(cli, &stack);
	if (code == EXIT_DONE) {
		catch_interrupts();
		code = begin(stack, service, values.for_ms);
	}
	if (code != EXIT_DONE)
		return code;
	fprintf(stderr, "learning for %lld s what %s calls: let it do all it is there for\n",
		(long long)(values.for_ms + 999) / 1000, service);
	code = await_profile(stack, service, &profile);
	return code == EXIT_DONE ? write_profile(profile, values.output) : code;
}

const struct command command_learn = {
	.name = "learn",
	.words = "SERVICE",
	.summary = "Restart a service, record its system calls, write a seccomp profile of them.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
