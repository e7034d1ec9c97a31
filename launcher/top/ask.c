// SPDX-License-Identifier: GPL-2.0-or-later
/* See ask.h. */
#include "launcher/top/ask.h"

#include "launcher/cli/client.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A supervisor that takes longer is to be waited for, but not without a sign of life here. */
#define TIMEOUT_MS 5000
#define OUTPUT_MAX (4u << 20)

static int call(const struct ask *ask, const struct client_request *request,
		struct client_answer *answer, struct err *err)
{
	int r = client_call(ask->stack, request, answer, err);
	const char *why = js_text(answer->json, "error");

	if (r < 0 || (answer->status >= 200 && answer->status < 300))
		return r;
	return err_say(err, EPROTO, "%s", why ? why : "the supervisor refuses");
}

static struct json_t *body_of(const struct ask_look *look)
{
	const char *const reads[] = {look->both ? "cpu_seconds" : look->reads,
				     look->both ? "memory_bytes" : NULL, NULL};

	return js_pack("{s:o,s:o}", "instances",
		       js_strings((const char *const *)look->names->items, NULL), "others",
		       js_strings(reads, NULL));
}

int ask_stats(const struct ask *ask, const struct ask_look *look, struct model *model,
	      struct err *err)
{
	autoanswer struct client_answer answer = {0};
	autojs struct json_t *body = NULL;
	struct client_request request = {
		.method = "GET", .path = "/v1/stats", .timeout_ms = TIMEOUT_MS};

	if (look->names) {
		body = body_of(look);
		if (!body)
			return err_set(err, ENOMEM, "look at the stack");
		request.method = "POST";
		request.body = body;
	}
	int r = call(ask, &request, &answer, err);

	return r < 0 ? r : model_apply(model, answer.json, (double)clock_now_us() / 1e6, err);
}

/* How many there are to be of the service; -1: there is none such. */
static int64_t desired_of(const struct json_t *answer, const char *service)
{
	return js_int(js_find(js_get(answer, "services"), "service", service), "desired", -1);
}

int ask_scale(const struct ask *ask, const char *service, int by, struct buf *ret_told,
	      struct err *err)
{
	const struct client_request look = {
		.method = "GET", .path = "/v1/services", .timeout_ms = TIMEOUT_MS};
	autoanswer struct client_answer services = {0};
	autoanswer struct client_answer done = {0};
	int r = call(ask, &look, &services, err);

	if (r < 0)
		return r;
	int64_t before = desired_of(services.json, service);
	int64_t after = before + by;

	if (before < 0 || after < 0)
		return err_say(err, EINVAL, "%s cannot be scaled any further", service);
	autojs struct json_t *body = js_pack("{s:{s:I}}", "scale", service, after);
	const struct client_request scale = {
		.method = "POST", .path = "/v1/scale", .body = body, .timeout_ms = TIMEOUT_MS};

	if (!body)
		return err_set(err, ENOMEM, "scale %s", service);
	r = call(ask, &scale, &done, err);
	if (r == 0)
		buf_printf(ret_told, "%s: %" PRId64 " instances instead of %" PRId64, service,
			   after, before);
	return r;
}

static int read_all(int fd, struct buf *out, struct err *err)
{
	char bytes[16384];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, errno, "read what davit prints");
		if (out->len < OUTPUT_MAX)
			buf_put(out, bytes, (size_t)n);
	}
	return buf_check(out, err);
}

/* Its stdout and stderr are @fd, its stdin is nobody's. */
static int start(const char *program, char *const *argv, int fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int failed = posix_spawn_file_actions_init(&actions);

	if (failed)
		return failed;
	failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(&actions, fd, STDERR_FILENO);
	if (!failed)
		failed = posix_spawn(ret_pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

int ask_command(const struct ask *ask, const char *const *words, struct buf *out, struct err *err)
{
	autostrv struct strv argv = {0};
	int ends[2];
	pid_t pid = -1;

	strv_add(&argv, "davit");
	strv_add(&argv, "-p");
	strv_add(&argv, ask->stack);
	for (; *words; words++)
		strv_add(&argv, *words);
	int r = strv_check(&argv, err);

	if (r < 0)
		return r;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, errno, "pipe");
	autoclose int from = ends[0];
	autoclose int to = ends[1];
	int failed = start(ask->program, argv.items, to, &pid);

	if (failed)
		return err_set(err, failed, "start %s", ask->program);
	fd_drop(&to);
	r = read_all(from, out, err);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}
