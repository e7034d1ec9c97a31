// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests of the control socket (launcher/API.md) and the command that each is for. */
#include "launcher/supervisor/api.h"
#include "launcher/js.h"
#include "launcher/supervisor/attach.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/fills.h"
#include "launcher/supervisor/inspect.h"
#include "launcher/supervisor/learn.h"
#include "launcher/supervisor/listing.h"
#include "launcher/supervisor/loads.h"
#include "launcher/supervisor/stamp.h"
#include "launcher/supervisor/succession.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/view.h"
#include "launcher/supervisor/watch.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LARGE_ANSWER_BYTES (64u << 10)

/* Where the manifest is, for whoever stands elsewhere. */
static void list_files(const struct manifest *manifest, struct strv *list)
{
	for (char **file = manifest->stack->files; *file; file++) {
		bool absolute = (*file)[0] == '/';

		strv_addf(list, "%s%s%s", absolute ? "" : manifest->directory, absolute ? "" : "/",
			  *file);
	}
}

/* What is run when both are replaced. */
static struct json_t *programs(const struct supervisor *sup)
{
	const struct keep_origin *origin = keep_origin(sup->keep);

	return keep_is_kept(sup->keep) ? js_pack("[s, s]", origin->keeper, origin->supervisor)
				       : js_pack("[]");
}

static struct reply get_version(struct supervisor *sup, const struct json_t *request)
{
	char at[STAMP_SIZE];
	autostrv struct strv files = {0};

	if (sup->manifest)
		list_files(sup->manifest, &files);
	return (struct reply){
		200, js_pack("{s:i, s:s, s:s, s:i, s:o, s:o, s:s, s:o}", "schema", 1, "version",
			     DAVIT_VERSION, "stack", sup->name, "pid", (int)getpid(), "keeper",
			     keep_is_kept(sup->keep) ? js_pack("i", (int)getppid()) : js_pack("n"),
			     "programs", programs(sup), "started_at",
			     stamp_text(&sup->started_at, 0, at), "files",
			     js_strings((const char *const *)files.items, NULL))};
}

static struct reply post_upgrade(struct supervisor *sup, const struct json_t *request)
{
	struct err err = {0};

	return succession_upgrade(sup, &err) < 0
		       ? reply_error(409, 1, "%s", err.text)
		       : (struct reply){200, js_pack("{s:i}", "schema", 1)};
}

static struct reply get_services(struct supervisor *sup, const struct json_t *request)
{
	return (struct reply){200, js_pack("{s:i, s:s, s:o}", "schema", 1, "stack", sup->name,
					   "services", view_services(sup))};
}

static const struct route {
	const char *method;
	const char *path;
	struct reply (*handle)(struct supervisor *sup, const struct json_t *request);
} routes[] = {
	{"GET", "/v1/version", get_version},
	{"GET", "/v1/services", get_services},
	{"POST", "/v1/up", apply_up},
	{"POST", "/v1/down", apply_down},
	{"POST", "/v1/scale", apply_scale},
	{"POST", "/v1/stop", apply_stop},
	{"POST", "/v1/start", apply_start},
	{"POST", "/v1/restart", apply_restart},
	{"POST", "/v1/kill", apply_kill},
	{"POST", "/v1/learn", learn_begin},
	{"POST", "/v1/learned", learn_result},
	{"POST", "/v1/upgrade", post_upgrade},
	{"POST", "/v1/inspect", inspect_answer},
};

void api_answer(struct http_answer *answer, const struct reply *reply)
{
	autojs struct json_t *document = reply->document;
	autobuf struct buf text = {0};

	answer->kind = HTTP_BODY;
	answer->status = reply->status;
	if (document && js_print(document, 0, &text, NULL) == 0) {
		buf_puts(&text, "\n");
		answer->body = buf_take(&text);
	} else {
		answer->status = 500;
		answer->body = strdup("{\"schema\":1,\"error\":\"out of memory for an answer\","
				      "\"exit_code\":1}\n");
	}
}

/* What is read piece by piece. */
static const struct {
	const char *path;
	void (*answer)(struct supervisor *sup, struct http_answer *answer);
} lists[] = {
	{"/v1/instances", listing_answer_instances},
	{"/v1/stats", loads_answer},
	{"/v1/metrics", metrics_answer},
};

/* What is not answered by a JSON document that is made at once. */
static bool answer_otherwise(struct supervisor *sup, const struct http_request *request,
			     const struct json_t *body, struct http_answer *answer)
{
	bool of_events = strcmp(request->path, "/v1/events") == 0;

	if ((of_events || strcmp(request->path, "/v1/watch") == 0) &&
	    strcmp(request->method, "GET") == 0) {
		answer->stream = of_events ? watch_open_events(sup) : watch_open(sup);
		answer->kind = HTTP_STREAM;
		answer->status = 200;
		return answer->stream;
	}
	if (strcmp(request->path, "/v1/exec") == 0 && strcmp(request->method, "POST") == 0) {
		attach_request(sup, body, answer);
		return true;
	}
	if (strcmp(request->path, "/v1/run") == 0 && strcmp(request->method, "POST") == 0) {
		attach_run(sup, body, answer);
		return true;
	}
	if (strcmp(request->path, "/v1/stats") == 0 && strcmp(request->method, "POST") == 0) {
		loads_answer_some(sup, body, answer);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (strcmp(request->path, lists[i].path) != 0 ||
		    strcmp(request->method, "GET") != 0)
			continue;
		lists[i].answer(sup, answer);
		return true;
	}
	return false;
}

/* The members of all requests: one name means the same everywhere. */
static const struct member {
	const char *name;
	enum js_kind kind;
	const char *what;
} members[] = {
	{"command", JS_ARRAY, "an array of texts"},
	{"detach", JS_BOOL, "true or false"},
	{"directory", JS_TEXT, "a text"},
	{"entrypoint", JS_ARRAY, "an array of texts"},
	{"env_files", JS_ARRAY, "an array of texts"},
	{"environment", JS_ARRAY, "an array of texts"},
	{"files", JS_ARRAY, "an array of texts"},
	{"instance", JS_TEXT, "a text"},
	{"instances", JS_ARRAY, "an array of texts"},
	{"no_deps", JS_BOOL, "true or false"},
	{"only_deps", JS_BOOL, "true or false"},
	{"profiles", JS_ARRAY, "an array of texts"},
	{"scale", JS_OBJECT, "an object"},
	{"service", JS_TEXT, "a text"},
	{"services", JS_ARRAY, "an array of texts"},
	{"signal", JS_TEXT, "a text"},
	{"timeout_ms", JS_INTEGER, "a whole number"},
	{"tty", JS_BOOL, "true or false"},
	{"user", JS_TEXT, "a text"},
	{"volumes", JS_BOOL, "true or false"},
	{"working_dir", JS_TEXT, "a text"},
};

static bool is_well_formed(const struct json_t *value, enum js_kind kind)
{
	if (js_kind(value) == JS_NULL)
		return true;
	for (size_t i = 0; kind == JS_ARRAY && i < js_count(value); i++)
		if (js_kind(js_at(value, i)) != JS_TEXT)
			return false;
	return js_kind(value) == kind;
}

/* A member of the wrong type must not be taken for an absent one, which often means "all". */
static bool check_body(const struct json_t *body, struct reply *refusal)
{
	if (js_kind(body) != JS_OBJECT) {
		*refusal = reply_error(400, 2, "bad request: the body is not a JSON object");
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (is_well_formed(js_get(body, members[i].name), members[i].kind))
			continue;
		*refusal = reply_error(400, 2, "bad request: '%s' must be %s", members[i].name,
				       members[i].what);
		return false;
	}
	return true;
}

/* Whatever is posted, but for questions that need a body. */
static bool is_command(const struct http_request *request)
{
	bool known =
		strcmp(request->path, "/v1/exec") == 0 || strcmp(request->path, "/v1/run") == 0;

	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		known |= strcmp(request->path, routes[i].path) == 0 &&
			 routes[i].handle != learn_result && routes[i].handle != inspect_answer;
	return known && strcmp(request->method, "POST") == 0;
}

bool api_trusts(void *data, int pid)
{
	const struct supervisor *sup = data;

	/* Without the groups all is over: who comes now comes too late. */
	return sup->cgroups && cg_tree_has(sup->cgroups, pid) == 0;
}

void api_handle(void *data, const struct http_request *request, struct http_answer *answer)
{
	struct supervisor *sup = data;
	unsigned before = js_failures();
	autojs struct json_t *body = NULL;
	struct err err = {0};
	struct reply reply = {0};

	if (request->body_len > 0 && js_parse(request->body, request->body_len, &body, &err) < 0) {
		bool ours = err.code == ENOMEM;

		reply = reply_error(ours ? 500 : 400, ours ? 1 : 2, "%s", err.text);
		api_answer(answer, &reply);
		return;
	}
	if (body && !check_body(body, &reply)) {
		api_answer(answer, &reply);
		return;
	}
	if (is_command(request) && !request->again)
		events_command(sup, request->path, body);
	if (answer_otherwise(sup, request, body, answer)) {
		if (answer->status == REPLY_LATER)
			fills_answer_later(sup, request, answer);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		if (strcmp(request->path, routes[i].path) == 0 &&
		    strcmp(request->method, routes[i].method) == 0)
			reply = routes[i].handle(sup, body);
	if (reply.status == REPLY_LATER) {
		fills_answer_later(sup, request, answer);
		return;
	}
	if (reply.status == 0)
		reply = reply_error(404, 1, "no such request: %s %s", request->method,
				    request->path);
	if (!is_command(request) && js_failures() != before) { /* it may lack something */
		js_free(reply.document);
		reply.document = NULL;
	}
	if (reply.status >= 400 && is_command(request))
		events_refused(sup, request->path, js_text(reply.document, "error"));
	api_answer(answer, &reply);
	if (answer->body && strlen(answer->body) > LARGE_ANSWER_BYTES) {
		sup->thrift_due = true; /* what it was made of was larger still */
		supervisor_touch(sup);
	}
}
