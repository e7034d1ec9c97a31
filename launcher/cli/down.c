// SPDX-License-Identifier: GPL-2.0-or-later
/* davit down: stops everything and leaves nothing behind, also of a stack whose supervisor died. */
#include "launcher/cli/down.h"

#include "launcher/cli/change.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/launch.h"
#include "launcher/cli/leftovers.h"
#include "launcher/cli/settle.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/base/proc.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <time.h>

#define EXIT_WAIT_MS 10000

struct values {
	bool volumes;
	int64_t timeout_ms;
};

static const struct option_spec options[] = {
	{'v', "volumes", OPTION_FLAG, offsetof(struct values, volumes), NULL,
	 "remove the stack's named volumes too"},
	{'t', "timeout", OPTION_DURATION, offsetof(struct values, timeout_ms), "SECONDS",
	 "grace before what does not stop is killed"},
};

static struct json_t *down_body(bool volumes, int64_t timeout_ms)
{
	return js_pack("{s:b, s:o}", "volumes", volumes, "timeout_ms", change_timeout(timeout_ms));
}

/* What other stacks go on using. */
static void tell_staying(const struct json_t *lines)
{
	for (size_t i = 0; i < js_count(lines); i++)
		if (js_string(js_at(lines, i)))
			fprintf(stderr, "%s\n", js_string(js_at(lines, i)));
}

int down_request(const char *stack, bool volumes, int64_t timeout_ms)
{
	autojs struct json_t *body = down_body(volumes, timeout_ms);
	const struct client_request request = {.method = "POST", .path = "/v1/down", .body = body};
	autoanswer struct client_answer answer = {0};
	struct err err = {0};

	if (!body)
		return cli_complain(EXIT_FAILED, "out of memory");
	int r = client_call(stack, &request, &answer, &err);

	if (r == -ENOTCONN)
		return EXIT_DONE;
	if (r < 0)
		return cli_fail(&err, EXIT_FAILED);
	if (answer.status != 200)
		return cli_refused(&answer);
	tell_staying(js_get(answer.json, "staying"));
	return EXIT_DONE;
}

static bool is_keeper(pid_t pid)
{
	autofree char *name = NULL;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	return fs_read(path, 64, &name, NULL, NULL) == 0 && strcmp(name, "davit-keeper\n") == 0;
}

int down_supervisor_pidfd(const char *stack)
{
	struct proc_info supervisor;
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	autoclose int fd = -1;

	if (client_connect(stack, &fd, NULL) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid <= 0)
		return -1;
	/* The keeper ends last. */
	if (proc_read(peer.pid, &supervisor, NULL) == 0 && is_keeper(supervisor.parent))
		return pidfd_open(supervisor.parent, 0);
	return pidfd_open(peer.pid, 0);
}

void down_await_exit(int pidfd)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};

	if (pidfd >= 0)
		(void)poll(&ended, 1, EXIT_WAIT_MS); /* at worst it is gone a little later */
}

/* Asks for the end and waits for it: nobody follows any more. A supervisor that follows may not
 * know that it is to end: the one that died may have taken that with it. */
static int end(struct watch *watch, const struct values *values, struct settle_view *view)
{
	autoclose int pidfd = -1;
	unsigned asked = 0;
	struct err err = {0};

	do {
		if (watch->supervisors == asked)
			continue;
		asked = watch->supervisors;
		fd_drop(&pidfd);
		pidfd = down_supervisor_pidfd(watch->stack);
		int code = down_request(watch->stack, values->volumes, values->timeout_ms);

		if (code != EXIT_DONE)
			return code;
	} while (!watch->stream.ended && settle_view_pump(view, watch, -1, &err) >= 0 &&
		 !watch->stream.ended);
	settle_view_end(view, watch);
	down_await_exit(pidfd);
	return EXIT_DONE;
}

/* The named volumes of the manifest; without a supervisor nobody uses them. */
static int remove_volumes(const struct cli *cli)
{
	autodiagnostics struct diagnostics diags = {0};
	autostack struct stack *stack = NULL;
	autofree char *dir = NULL;
	struct err err = {0};
	int code = cli_load(cli, &stack, &diags);

	diagnostics_judge(&diags, NULL);
	if (code == EXIT_DONE)
		code = cli_diagnose(&diags);
	if (code != EXIT_DONE)
		return code;
	if (paths_dir(PATHS_STATE, NULL, &dir, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	for (size_t i = 0; i < stack->volume_count; i++) {
		const struct volume *volume = &stack->volumes[i];
		autobuf struct buf path = {0};

		buf_printf(&path, "%s/volumes/%s", dir, volume->name);
		if (volume->external || path.failed || access(path.data, F_OK) < 0)
			continue;
		if (fs_remove_tree(path.data, &err) < 0)
			return cli_fail(&err, EXIT_FAILED);
		fprintf(stderr, "volume %s removed\n", volume->name);
	}
	return EXIT_DONE;
}

/* No supervisor answers: another one takes over what is left of the stack, if anything, so that it
 * is stopped as it wants to be. Returns whether anything is left. */
static bool revive(const char *stack)
{
	autoclose int pidfd = -1;
	bool leftovers = leftovers_exist(stack);

	/* It fails also where one that was just beginning has begun meanwhile. */
	if (leftovers && geteuid() == 0)
		err_ignore(launch_supervisor(stack, &pidfd, NULL));
	return leftovers;
}

/* Nor can one be had. */
static int down_dead(const struct cli *cli, const char *stack, bool leftovers, bool volumes)
{
	struct err err = {0};

	if ((leftovers || volumes) && geteuid() != 0)
		return cli_complain(EXIT_FAILED, "needs root to remove what stack '%s' left behind",
				    stack);
	if (leftovers && launch_clean(stack, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	fprintf(stderr, "stack %s %s\n", stack,
		leftovers ? "was not running: leftovers removed" : "is not running");
	return volumes ? remove_volumes(cli) : EXIT_DONE;
}

/* Keeper and supervisor have died together, before the stack was down. */
static bool is_abandoned(const char *stack)
{
	autofree char *dir = NULL;
	autoclose int fd = -1;

	return paths_dir(PATHS_RUN, stack, &dir, NULL) == 0 && access(dir, F_OK) == 0 &&
	       client_connect(stack, &fd, NULL) == -ENOTCONN;
}

static int take_down(const struct cli *cli, const char *stack, const struct values *values)
{
	autowatch struct watch watch = {.stream = CLIENT_NO_STREAM, .report = settle_show_changes};
	struct settle_view view = {0};
	autobuf struct buf took = {0};
	bool leftovers = false;
	struct err err = {0};

	settle_view_begin(&view, &watch);
	/* Watched from before the request, so that the end is seen however fast it comes. */
	int r = watch_open(&watch, stack, &err);

	if (r == -ENOTCONN) {
		leftovers = revive(stack);
		if (leftovers)
			r = watch_reopen(&watch, &err);
	}
	if (r == -ENOTCONN)
		return down_dead(cli, stack, leftovers, values->volumes);
	if (r < 0)
		return cli_fail(&err, EXIT_FAILED);
	int code = end(&watch, values, &view);

	if (code != EXIT_DONE)
		return code;
	if (is_abandoned(stack))
		return take_down(cli, stack, values);
	settle_view_took(&view, &took);
	fprintf(stderr, "stack %s is down after %s\n", stack, took.data ? took.data : "a while");
	return EXIT_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {.timeout_ms = -1};
	struct args args = {.argc = argc, .argv = argv};
	autofree char *stack = NULL;
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 0);
	if (code >= 0)
		return code;
	code = cli_stack(cli, &stack);
	return code == EXIT_DONE ? take_down(cli, stack, &values) : code;
}

const struct command command_down = {
	.name = "down",
	.words = "",
	.summary = "Stop the stack and remove all it made.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
