// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A command somewhere in the stack with our stdin, stdout and stderr; see session.h. Signals travel
 * as messages.
 */
#include "launcher/cli/session.h"

#include "launcher/cli/cli.h"
#include "launcher/cli/relay.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/sig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#define EXIT_SIGNAL 128
#define DRAIN_MS    200

static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

struct session {
	struct client_stream stream;
	struct relay relay;
	bool tty;	  /* relay.master comes with a message */
	const char *what; /* "exec": in front of complaints */
	int signal_fd;
	unsigned interrupts;
	int code; /* -1: not known yet */
};

static void session_drop(struct session *session)
{
	relay_close(&session->relay);
	client_stream_drop(&session->stream);
	fd_drop(&session->signal_fd);
}

/* Opens the upgraded connection. */
static int open_session(struct session *session, const char *stack,
			const struct session_request *request)
{
	autoanswer struct client_answer answer = {0};
	const struct client_request call = {.method = "POST",
					    .path = request->path,
					    .body = request->body,
					    .upgrade = "davit-exec"};
	struct err err = {0};

	if (client_stream_open(stack, &call, &session->stream, &answer, &err) < 0)
		return cli_fail(&err, SESSION_FAILED);
	if (session->stream.fd < 0) {
		(void)cli_refused(&answer); /* it is printed, but the code is ours */
		return SESSION_FAILED;
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
	autoclose int null_fd = session->tty ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;

	if (session->tty && null_fd < 0)
		return err_set(err, errno, "/dev/null");
	/* The user's own terminal stays here, also where it would not be used. */
	for (size_t i = 0; session->tty && i < ARRAY_SIZE(fds); i++)
		fds[i] = null_fd;
	return client_stream_send(&session->stream, "\n", 1, fds, err);
}

static int start(struct session *session, struct err *err)
{
	int r = hold_signals(session, err);

	return r < 0 ? r : hand_over_fds(session, err);
}

static int forward_signal(struct session *session, struct err *err)
{
	struct signalfd_siginfo info;
	char name[SIG_NAME_MAX];
	char line[64];

	if (read(session->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	if (info.ssi_signo == SIGWINCH) {
		relay_resize(&session->relay);
		return 0;
	}
	/* A first process without a handler never ends of the first one. */
	bool ends = info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM;

	if (ends && ++session->interrupts == 2) {
		session->code = EXIT_SIGNAL + (int)info.ssi_signo;
		return 0;
	}
	sig_name((int)info.ssi_signo, name);
	int len = snprintf(line, sizeof(line), "{\"signal\":\"%s\"}\n", name);

	return client_stream_send(&session->stream, line, (size_t)len, NULL, err);
}

static int take_terminal(struct session *session, struct err *err)
{
	if (!session->tty || session->stream.given_fd < 0)
		return err_say(err, EBADMSG, "the supervisor sends no terminal");
	relay_take(&session->relay, take_fd(&session->stream.given_fd));
	return relay_start(&session->relay, err);
}

/* The end of a session: what the command's exit means for ours. */
static void take_message(struct session *session, const struct json_t *message)
{
	const struct json_t *ended = js_get(message, "exit");
	const char *error = js_text(message, "error");

	if (error) {
		relay_close(&session->relay);
		cli_complain(0, "%s: %s", session->what, error);
		session->code = (int)js_int(message, "code", SESSION_FAILED) & 0xff;
	} else if (ended && js_text(ended, "signal")) {
		session->code = EXIT_SIGNAL + sig_number(js_text(ended, "signal"));
	} else if (ended) {
		session->code = (int)js_int(ended, "code", SESSION_FAILED) & 0xff;
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
		if (js_bool(message, "terminal"))
			r = take_terminal(session, err);
		else
			take_message(session, message);
	}
	if (r >= 0 && session->code < 0 && session->stream.ended)
		r = err_say(err, ECONNRESET, "%s: the supervisor hung up", session->what);
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
			{.fd = relay->master >= 0 && !relay->input_ended ? STDIN_FILENO : -1,
			 .events = POLLIN},
		};

		if (poll(news, ARRAY_SIZE(news), -1) < 0 && errno != EINTR)
			return err_set(err, errno, "%s: wait", session->what);
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

bool session_wants_tty(bool no_tty)
{
	return !no_tty && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

int session_run(const char *stack, const struct session_request *request)
{
	__attribute__((cleanup(session_drop))) struct session session = {
		.stream = CLIENT_NO_STREAM,
		.relay = {.master = -1},
		.signal_fd = -1,
		.tty = request->tty,
		.what = request->what,
		.code = -1,
	};
	struct err err = {0};
	int code = open_session(&session, stack, request);

	if (code != EXIT_DONE)
		return code;
	int r = start(&session, &err);

	if (r == 0)
		r = converse(&session, &err);
	relay_close(&session.relay);
	return r < 0 ? cli_fail(&err, SESSION_FAILED) : session.code;
}
