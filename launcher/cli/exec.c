// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit exec: a command inside a running instance. Our stdin, stdout and stderr are handed over as
 * they are (launcher/API.md), or a pty where we have a terminal; signals travel as messages.
 */
#include "launcher/cli/change.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/relay.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

/* As env(1): whatever fails that is not the command. */
#define EXIT_OURS   125
#define EXIT_SIGNAL 128
#define DRAIN_MS    200

struct values {
	bool interactive;
	bool tty;
	bool no_tty;
	struct strv environment;
	const char *user;
	const char *working_dir;
};

static const struct option_spec options[] = {
	{'i', "interactive", OPTION_FLAG, offsetof(struct values, interactive), NULL,
	 "accepted for compatibility: stdin is always passed"},
	{'t', "tty", OPTION_FLAG, offsetof(struct values, tty), NULL,
	 "accepted for compatibility: a terminal gets one"},
	{'T', "no-tty", OPTION_FLAG, offsetof(struct values, no_tty), NULL,
	 "no terminal inside even when there is one here"},
	{'e', "env", OPTION_LIST, offsetof(struct values, environment), "NAME=VALUE",
	 "set a variable; may be repeated"},
	{'u', "user", OPTION_TEXT, offsetof(struct values, user), "USER[:GROUP]",
	 "run as this user"},
	{'w', "workdir", OPTION_TEXT, offsetof(struct values, working_dir), "DIR",
	 "run in this directory"},
};

static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

struct session {
	struct client_stream stream;
	struct relay relay;
	bool tty;
	int signal_fd;
	int code; /* -1: not known yet */
};

static void session_drop(struct session *session)
{
	relay_close(&session->relay);
	client_stream_drop(&session->stream);
	fd_drop(&session->signal_fd);
}

/* @target itself when it names an instance, else its service's first ready one; NULL after a
 * complaint. Borrowed from @answer. */
static const char *choose_instance(const struct json_t *answer, const char *target)
{
	const struct json_t *list = js_get(answer, "instances");
	const char *unready = NULL;

	for (size_t i = 0; i < js_count(list); i++) {
		const char *name = js_text(js_at(list, i), "instance");
		const char *service = js_text(js_at(list, i), "service");
		const char *state = js_text(js_at(list, i), "state");

		if (!name || !service || !state)
			continue;
		bool of_service = strcmp(service, target) == 0;

		if (strcmp(name, target) == 0 || (of_service && strcmp(state, "ready") == 0))
			return name;
		if (of_service && !unready && js_int(js_at(list, i), "pid", 0) > 0)
			unready = name;
	}
	if (!unready)
		cli_complain(EXIT_OURS, "exec: '%s' is neither a running service nor an instance",
			     target);
	return unready;
}

static struct json_t *text_or_null(const char *text)
{
	return text ? js_pack("s", text) : js_pack("n");
}

/* Opens the upgraded connection. */
static int open_session(struct session *session, const char *stack, const char *instance,
			const struct values *values, const struct args *args)
{
	autoanswer struct client_answer answer = {0};
	struct json_t *command = change_words(args->words + 1, args->word_count - 1);
	struct json_t *environment =
		change_words(values->environment.items, values->environment.count);
	autojs struct json_t *body =
		js_pack("{s:s, s:o, s:o, s:o, s:o, s:b}", "instance", instance, "command", command,
			"environment", environment, "user", text_or_null(values->user),
			"working_dir", text_or_null(values->working_dir), "tty", session->tty);
	const struct client_request request = {
		.method = "POST", .path = "/v1/exec", .body = body, .upgrade = "davit-exec"};
	struct err err = {0};

	if (!body)
		return cli_complain(EXIT_OURS, "exec: the command cannot be sent");
	if (client_stream_open(stack, &request, &session->stream, &answer, &err) < 0)
		return cli_fail(&err, EXIT_OURS);
	if (session->stream.fd < 0) {
		(void)cli_refused(&answer); /* it is printed, but the code is ours */
		return EXIT_OURS;
	}
	return EXIT_DONE;
}

/* Blocks what is forwarded; SIGWINCH only matters to a terminal. */
static int hold_signals(struct session *session, struct err *err)
{
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(&signals, forwarded[i]);
	if (session->tty)
		sigaddset(&signals, SIGWINCH);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	session->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return session->signal_fd < 0 ? err_set(err, errno, "signalfd") : 0;
}

static int hand_over_fds(struct session *session, struct err *err)
{
	int fds[CLIENT_FDS] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};

	for (size_t i = 0; session->tty && i < ARRAY_SIZE(fds); i++)
		fds[i] = session->relay.slave;
	return client_stream_send(&session->stream, "\n", 1, fds, err);
}

static int start(struct session *session, struct err *err)
{
	int r = hold_signals(session, err);

	if (r == 0 && session->tty)
		r = relay_open(&session->relay, err);
	if (r == 0)
		r = hand_over_fds(session, err);
	if (r == 0 && session->tty)
		r = relay_start(&session->relay, err);
	relay_drop_slave(&session->relay);
	return r;
}

static int forward_signal(struct session *session, struct err *err)
{
	struct signalfd_siginfo info;
	char line[64];

	if (read(session->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	if (info.ssi_signo == SIGWINCH) {
		relay_resize(&session->relay);
		return 0;
	}
	int len = snprintf(line, sizeof(line), "{\"signal\":\"SIG%s\"}\n",
			   sigabbrev_np((int)info.ssi_signo));

	return client_stream_send(&session->stream, line, (size_t)len, NULL, err);
}

/* The number of "SIGKILL"; 0 when there is none. */
static int signal_number(const char *name)
{
	for (int number = 1; name && strncmp(name, "SIG", 3) == 0 && number < NSIG; number++) {
		const char *known = sigabbrev_np(number);

		if (known && strcmp(known, name + 3) == 0)
			return number;
	}
	return 0;
}

/* The end of a session: what the command's exit means for ours. */
static void take_message(struct session *session, const struct json_t *message)
{
	const struct json_t *ended = js_get(message, "exit");
	const char *error = js_text(message, "error");

	if (error) {
		relay_close(&session->relay);
		cli_complain(0, "exec: %s", error);
		session->code = (int)js_int(message, "code", EXIT_OURS) & 0xff;
	} else if (ended && js_text(ended, "signal")) {
		session->code = EXIT_SIGNAL + signal_number(js_text(ended, "signal"));
	} else if (ended) {
		session->code = (int)js_int(ended, "code", EXIT_OURS) & 0xff;
	}
}

static int take_messages(struct session *session, struct err *err)
{
	int r = client_stream_read(&session->stream, err);

	while (r >= 0) {
		autojs struct json_t *message = NULL;

		r = client_stream_next(&session->stream, &message, err);
		if (r <= 0)
			break;
		take_message(session, message);
	}
	if (r >= 0 && session->code < 0 && session->stream.ended)
		r = err_say(err, ECONNRESET, "exec: the supervisor hung up");
	return r;
}

/* What the command wrote last may still be on its way through the pty. */
static void drain(struct session *session)
{
	struct pollfd rest = {.fd = session->relay.master, .events = POLLIN};

	while (session->tty && rest.fd >= 0 && poll(&rest, 1, DRAIN_MS) > 0)
		if (relay_output(&session->relay) == 0)
			break;
}

static int converse(struct session *session, struct err *err)
{
	struct relay *relay = &session->relay;
	int r = 0;

	while (r >= 0 && session->code < 0) {
		struct pollfd news[] = {
			{.fd = session->stream.fd, .events = POLLIN},
			{.fd = session->signal_fd, .events = POLLIN},
			{.fd = session->tty ? relay->master : -1, .events = POLLIN},
			{.fd = session->tty && !relay->input_ended ? STDIN_FILENO : -1,
			 .events = POLLIN},
		};

		if (poll(news, ARRAY_SIZE(news), -1) < 0 && errno != EINTR)
			return err_set(err, errno, "exec: wait");
		if (news[2].revents && relay_output(relay) == 0)
			fd_drop(&relay->master);
		if (news[3].revents)
			relay_input(relay);
		if (news[1].revents)
			r = forward_signal(session, err);
		if (r >= 0 && news[0].revents)
			r = take_messages(session, err);
	}
	drain(session);
	return r;
}

static int exec_in(const char *stack, const char *instance, const struct values *values,
		   const struct args *args)
{
	__attribute__((cleanup(session_drop))) struct session session = {
		.stream.fd = -1,
		.relay = {.master = -1, .slave = -1},
		.signal_fd = -1,
		.tty = !values->no_tty && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
		.code = -1,
	};
	struct err err = {0};
	int code = open_session(&session, stack, instance, values, args);

	if (code != EXIT_DONE)
		return code;
	int r = start(&session, &err);

	if (r == 0)
		r = converse(&session, &err);
	relay_close(&session.relay);
	return r < 0 ? cli_fail(&err, EXIT_OURS) : session.code;
}

static void drop_values(struct values *values)
{
	strv_free(&values->environment);
}

static int run(struct cli *cli, int argc, char **argv)
{
	const struct client_request list = {.method = "GET", .path = "/v1/instances"};
	__attribute__((cleanup(drop_values))) struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	autojs struct json_t *instances = NULL;
	autofree char *stack = NULL;
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 2, -1);
	if (code >= 0)
		return code;
	for (size_t i = 0; i < values.environment.count; i++)
		if (!strchr(values.environment.items[i], '='))
			return cli_complain(EXIT_USAGE, "exec: -e: '%s' is not NAME=VALUE",
					    values.environment.items[i]);
	code = cli_stack_seen(cli, &stack);
	if (code != EXIT_DONE)
		return code;
	if (cli_call(stack, &list, &instances) != EXIT_DONE)
		return EXIT_OURS;
	const char *instance = choose_instance(instances, args.words[0]);

	return instance ? exec_in(stack, instance, &values, &args) : EXIT_OURS;
}

const struct command command_exec = {
	.name = "exec",
	.words = "SERVICE|INSTANCE COMMAND [ARG…]",
	.summary = "Run a command inside an instance.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.words_end_options = true,
	.run = run,
};
