// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests over TCP; see listener.h. What is not listed here is answered over the control socket
 * only: whoever may say what is run may do on this host what root may.
 */
#include "launcher/supervisor/listener_answer.h"

#include "launcher/supervisor/api.h"
#include "launcher/supervisor/page.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <string.h>
#include <unistd.h>

const struct http_header listener_headers[] = {
	{"Content-Security-Policy",
	 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
	 "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Referrer-Policy", "no-referrer"},
	{"Cache-Control", "no-store"},
	{0},
};

/* One that ends in a slash stands for all that begin with it. */
static const char *const to_look[] = {
	"/metrics",	"/v1/events", "/v1/instances", "/v1/logs/", "/v1/metrics",
	"/v1/services", "/v1/stats",  "/v1/version",   "/v1/watch",
};

static const char *const to_control[] = {"/v1/restart", "/v1/scale", "/v1/start", "/v1/stop"};

static bool is_among(const char *const *paths, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(paths[i]);

		if (paths[i][len - 1] == '/' ? strncmp(paths[i], path, len) == 0
					     : strcmp(paths[i], path) == 0)
			return true;
	}
	return false;
}

static bool answer_page(const char *path, struct http_answer *answer)
{
	const struct page_file *file = page_files;

	while (file->path && strcmp(file->path, path) != 0)
		file++;
	if (!file->path)
		return false;
	answer->kind = HTTP_FIXED;
	answer->status = 200;
	answer->fixed = file->bytes;
	answer->fixed_len = file->len;
	answer->content_type = file->type;
	return true;
}

static struct reply refuse(const struct listener_room *room, const struct http_request *request)
{
	bool gets = strcmp(request->method, "GET") == 0;

	if (gets && is_among(to_look, ARRAY_SIZE(to_look), request->path))
		return (struct reply){0};
	if (strcmp(request->method, "POST") != 0 ||
	    !is_among(to_control, ARRAY_SIZE(to_control), request->path))
		return reply_error(404, 1, "no such request here: %s %s", request->method,
				   request->path);
	if (!room->token[0])
		return reply_error(403, 1, "this listener only looks: davit up --allow-control");
	if (!guard_token(http_request_header(request, "Authorization"), room->token))
		return reply_error(401, 1, "the token is missing or wrong");
	return (struct reply){0};
}

/* Whom it is for, before what it is about. */
static struct reply refuse_sender(const struct http_request *request)
{
	const char *host = http_request_header(request, "Host");
	char own_name[256] = "";

	(void)gethostname(own_name, sizeof(own_name) - 1);
	if (!guard_host(host, own_name))
		return reply_error(403, 1,
				   "the Host of a request must be an address, localhost or "
				   "this host's name");
	if (!guard_origin(http_request_header(request, "Origin"), host))
		return reply_error(403, 1, "not for pages of other origins");
	return (struct reply){0};
}

void listener_answer(void *data, const struct http_request *request, struct http_answer *answer)
{
	const struct listener_room *room = data;
	struct reply reply = refuse_sender(request);

	if (reply.status == 0 && strcmp(request->method, "GET") == 0 &&
	    answer_page(request->path, answer))
		return;
	if (reply.status == 0)
		reply = refuse(room, request);
	if (reply.status != 0)
		api_answer(answer, &reply);
	else
		api_handle(room->sup, request, answer);
}
