// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests of the control socket (launcher/API.md) and the command that each is for. */
#include "launcher/supervisor/api.h"
#include "launcher/js.h"
#include "launcher/supervisor/attach.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/fills.h"
#include "launcher/supervisor/inspect.h"
#include "launcher/supervisor/learn.h"
#include "launcher/supervisor/listener.h"
#include "launcher/supervisor/listing.h"
#include "launcher/supervisor/loads.h"
#include "launcher/supervisor/recent.h"
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
		200,
		js_pack("{s:i, s:s, s:s, s:i, s:o, s:o, s:s, s:o, s:o?}", "schema", 1, "version",
			DAVIT_VERSION, "stack", sup->name, "pid", (int)getpid(), "keeper",
			keep_is_kept(sup->keep) ? js_pack("i", (int)getppid()) : js_pack("n"),
			"programs", programs(sup), "started_at",
			stamp_text(&sup->started_at, 0, at), "files",
			js_strings((const char *const *)files.items, NULL), "listens",
			listener_view(sup))};
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

static void open_watch(struct supervisor *sup, const struct http_request *request,
		       const struct json_t *body, struct http_answer *answer)
{
	watch_answer(sup, request, answer);
}

static void open_events(struct supervisor *sup, const struct http_request *request,
			const struct json_t *body, struct http_answer *answer)
{
	watch_answer_events(sup, request, answer);
}

static void list_instances(struct supervisor *sup, const struct http_request *request,
			   const struct json_t *body, struct http_answer *answer)
{
	listing_answer_instances(sup, answer);
}

static void list_stats(struct supervisor *sup, const struct http_request *request,
		       const struct json_t *body, struct http_answer *answer)
{
	loads_answer(sup, answer);
}

static void list_some_stats(struct supervisor *sup, const struct http_request *request,
			    const struct json_t *body, struct http_answer *answer)
{
	loads_answer_some(sup, body, answer);
}

static void list_metrics(struct supervisor *sup, const struct http_request *request,
			 const struct json_t *body, struct http_answer *answer)
{
	metrics_answer(sup, answer);
}

static void post_exec(struct supervisor *sup, const struct http_request *request,
		      const struct json_t *body, struct http_answer *answer)
{
	attach_request(sup, body, answer);
}

static void post_run(struct supervisor *sup, const struct http_request *request,
		     const struct json_t *body, struct http_answer *answer)
{
	attach_run(sup, body, answer);
}

static void get_logs(struct supervisor *sup, const struct http_request *request,
		     const struct json_t *body, struct http_answer *answer)
{
	struct reply reply = recent_answer(sup, strrchr(request->path, '/') + 1);

	api_answer(answer, &reply);
}

/* Whatever is posted is a command, but for questions that need a body. */
enum purpose { ASKS, COMMANDS };

/* A path that ends in a slash stands for all that begin with it. Every one of them is described in
 * launcher/openapi.yaml. */
static const struct route {
	const char *method;
	const char *path;
	enum purpose purpose;
	/* Answers with a JSON document that is made at once; */
	struct reply (*handle)(struct supervisor *sup, const struct json_t *body);
	/* or otherwise. */
	void (*answer)(struct supervisor *sup, const struct http_request *request,
		       const struct json_t *body, struct http_answer *answer);
} routes[] = {
	{"GET", "/v1/version", ASKS, get_version, NULL},
	{"GET", "/v1/services", ASKS, get_services, NULL},
	{"GET", "/v1/instances", ASKS, NULL, list_instances},
	{"GET", "/v1/stats", ASKS, NULL, list_stats},
	{"POST", "/v1/stats", ASKS, NULL, list_some_stats},
	{"GET", "/v1/metrics", ASKS, NULL, list_metrics},
	{"GET", "/metrics", ASKS, NULL, list_metrics},
	{"GET", "/v1/logs/", ASKS, NULL, get_logs},
	{"GET", "/v1/watch", ASKS, NULL, open_watch},
	{"GET", "/v1/events", ASKS, NULL, open_events},
	{"POST", "/v1/inspect", ASKS, inspect_answer, NULL},
	{"POST", "/v1/learned", ASKS, learn_result, NULL},
	{"POST", "/v1/plan", ASKS, apply_plan, NULL},
	{"POST", "/v1/up", COMMANDS, apply_up, NULL},
	{"POST", "/v1/down", COMMANDS, apply_down, NULL},
	{"POST", "/v1/scale", COMMANDS, apply_scale, NULL},
	{"POST", "/v1/stop", COMMANDS, apply_stop, NULL},
	{"POST", "/v1/start", COMMANDS, apply_start, NULL},
	{"POST", "/v1/restart", COMMANDS, apply_restart, NULL},
	{"POST", "/v1/kill", COMMANDS, apply_kill, NULL},
	{"POST", "/v1/exec", COMMANDS, NULL, post_exec},
	{"POST", "/v1/run", COMMANDS, NULL, post_run},
	{"POST", "/v1/learn", COMMANDS, learn_begin, NULL},
	{"POST", "/v1/listen", COMMANDS, listener_set, NULL},
	{"POST", "/v1/upgrade", COMMANDS, post_upgrade, NULL},
};

static bool is_path(const struct route *route, const char *path)
{
	size_t len = strlen(route->path);

	return route->path[len - 1] == '/'
		       ? strncmp(route->path, path, len) == 0 && !strchr(path + len, '/')
		       : strcmp(route->path, path) == 0;
}

static const struct route *find_route(const struct http_request *request)
{
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		if (is_path(&routes[i], request->path) &&
		    strcmp(request->method, routes[i].method) == 0)
			return &routes[i];
	return NULL;
}

/* The members of all requests: one name means the same everywhere. */
static const struct member {
	const char *name;
	enum js_kind kind;
	const char *what;
} members[] = {
	{"address", JS_TEXT, "a text"},
	{"allow_control", JS_BOOL, "true or false"},
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

bool api_trusts(void *data, int pid)
{
	const struct supervisor *sup = data;

	/* Without the groups all is over: who comes now comes too late. */
	return sup->cgroups && cg_tree_has(sup->cgroups, pid) == 0;
}

/* Where a document is made at once. */
static void answer_document(struct supervisor *sup, const struct reply *reply,
			    struct http_answer *answer)
{
	api_answer(answer, reply);
	if (answer->body && strlen(answer->body) > LARGE_ANSWER_BYTES) {
		sup->thrift_due = true; /* what it was made of was larger still */
		supervisor_touch(sup);
	}
}

static void carry_out(struct supervisor *sup, const struct route *route,
		      const struct http_request *request, const struct json_t *body,
		      struct http_answer *answer)
{
	unsigned before = js_failures();
	struct reply reply = {0};

	if (route->purpose == COMMANDS && !request->again)
		events_command(sup, request->path, body);
	if (route->handle)
		reply = route->handle(sup, body);
	else
		route->answer(sup, request, body, answer);
	if (reply.status == REPLY_LATER || answer->status == REPLY_LATER) {
		fills_answer_later(sup, request, answer);
		return;
	}
	if (!route->handle)
		return;
	if (route->purpose == ASKS && js_failures() != before) { /* it may lack something */
		js_free(reply.document);
		reply.document = NULL;
	}
	if (reply.status >= 400 && route->purpose == COMMANDS)
		events_refused(sup, request->path, js_text(reply.document, "error"));
	answer_document(sup, &reply, answer);
}

void api_handle(void *data, const struct http_request *request, struct http_answer *answer)
{
	const struct route *route = find_route(request);
	autojs struct json_t *body = NULL;
	struct err err = {0};
	struct reply reply = {0};

	if (!route)
		reply = reply_error(404, 1, "no such request: %s %s", request->method,
				    request->path);
	else if (request->body_len > 0 &&
		 js_parse(request->body, request->body_len, &body, &err) < 0)
		reply = reply_error(err.code == ENOMEM ? 500 : 400, err.code == ENOMEM ? 1 : 2,
				    "%s", err.text);
	else if (!body || check_body(body, &reply))
		carry_out(data, route, request, body, answer);
	if (reply.status != 0)
		api_answer(answer, &reply);
}
