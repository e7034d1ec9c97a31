// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `x-probe`: three roles, each with one method, as a mapping or in a short form.
 */
#include "manifests/decode_probes.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <string.h>

#define SHORT_FORMS "write http://:PORT/PATH, tcp://:PORT, notify, none or a list [CMD, program, …]"

#define METHOD_KEYS                                                                                \
	{                                                                                          \
		"http", "tcp", "exec", "notify"                                                    \
	}

/* ---- where a probe connects to ---- */

static bool is_loopback(const char *host, size_t len)
{
	static const char *const names[] = {"localhost", "127.0.0.1"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && memcmp(names[i], host, len) == 0)
			return true;
	return false;
}

/* Printable, no blanks: what can stand in a request line. */
static bool is_path(const char *text)
{
	if (text[0] != '/')
		return false;
	for (; *text; text++)
		if (!isgraph((unsigned char)*text))
			return false;
	return true;
}

static void set_host(struct decoder *decoder, const struct node *node, const char *key,
		     const char *host, size_t len)
{
	if (is_loopback(host, len))
		decoder->probe->loopback = true;
	else if (len)
		decode_error(decoder, node, key,
			     "'%.*s' is not the instance: leave the host out for its own address, "
			     "or write localhost",
			     (int)(len < 60 ? len : 60), host);
}

static void set_port(struct decoder *decoder, const struct node *node, const char *key,
		     const char *text)
{
	int64_t port = 0;
	struct err err;

	if (scalar_int(text, 1, 65535, &port, &err) < 0)
		decode_error(decoder, node, key, "the port %s", err.text);
	else
		decoder->probe->port = (uint16_t)port;
}

/* "HOST:PORT" or "HOST"; @fallback is the port then, NULL when there must be one. */
static void set_authority(struct decoder *decoder, const struct node *node, const char *key,
			  const char *text, const char *fallback)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	set_host(decoder, node, key, text, len);
	if (!colon && !fallback)
		decode_error(decoder, node, key, "needs a port, for example tcp://:5432");
	else
		set_port(decoder, node, key, colon ? colon + 1 : fallback);
}

/* True when @text was a URL, good or bad. */
static bool set_url(struct decoder *decoder, const struct node *node, const char *key,
		    const char *text)
{
	static const struct {
		const char *scheme;
		const char *port;
		enum probe_method method;
	} schemes[] = {{"http://", "80", PROBE_HTTP},
		       {"https://", "443", PROBE_HTTP},
		       {"tcp://", NULL, PROBE_TCP}};
	struct probe_spec *probe = decoder->probe;

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		size_t len = strlen(schemes[i].scheme);

		if (strncmp(text, schemes[i].scheme, len) != 0)
			continue;
		size_t authority = strcspn(text + len, "/?#");
		const char *path = text + len + authority;

		probe->method = schemes[i].method;
		probe->http.tls = strcmp(schemes[i].scheme, "https://") == 0;
		set_authority(decoder, node, key,
			      arena_copy(decoder->scratch, text + len, authority), schemes[i].port);
		if (probe->method == PROBE_TCP && *path)
			decode_error(decoder, node, key, "a tcp probe has no path");
		else if (*path && !is_path(path))
			decode_error(decoder, node, key, "'%.80s' is not a path", path);
		else if (*path)
			probe->http.path = arena_text(decoder->keep, path);
		return true;
	}
	return false;
}

static void decode_port(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);

	if (text)
		set_port(decoder, node, key, text);
}

static void decode_host(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);

	if (text)
		set_host(decoder, node, key, text, strlen(text));
}

/* ---- http ---- */

static void decode_http_path(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);

	if (text && !is_path(text))
		decode_error(decoder, node, key,
			     "'%.80s' is not a path: it starts with / and has no blanks", text);
	else if (text)
		decoder->probe->http.path = arena_text(decoder->keep, text);
}

static void decode_scheme(struct decoder *decoder, const struct node *node, const char *key)
{
	static const char *const words[] = {"http", "https", NULL};
	unsigned index = 0;

	if (decode_choice(decoder, node, key, words, &index))
		decoder->probe->http.tls = index == 1;
}

static void decode_status(struct decoder *decoder, const struct node *node, const char *key)
{
	struct probe_http *http = &decoder->probe->http;
	const char *text = decode_scalar(decoder, node, key);
	size_t len = text ? strcspn(text, "-") : 0;
	int64_t min = 0;
	int64_t max = 0;

	if (!text)
		return;
	const char *first = arena_copy(decoder->scratch, text, len);
	const char *last = text[len] ? text + len + 1 : first;

	if (scalar_int(first, 100, 599, &min, NULL) < 0 ||
	    scalar_int(last, 100, 599, &max, NULL) < 0 || min > max) {
		decode_error(decoder, node, key,
			     "'%.60s' is not a status: write for example 204 or 200-399", text);
		return;
	}
	http->status_min = (unsigned)min;
	http->status_max = (unsigned)max;
}

static bool is_header_name(const char *text)
{
	for (const char *at = text; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("!#$%&'*+-.^_`|~", *at))
			return false;
	return text[0] != '\0';
}

static void add_header(struct decoder *decoder, const char *name, const char *value, struct pos pos,
		       void *ctx)
{
	const struct node place = {.pos = pos};

	for (const char *at = value ? value : ""; *at; at++) {
		if (!iscntrl((unsigned char)*at))
			continue;
		decode_error(decoder, &place, "headers",
			     "the value of '%.60s' has more than one line", name);
		return;
	}
	if (!is_header_name(name))
		decode_error(decoder, &place, "headers", "'%.60s' is not the name of a header",
			     name);
	else
		vars_set(ctx, name, value ? value : "", pos);
}

static void decode_headers(struct decoder *decoder, const struct node *node, const char *key)
{
	struct vars headers = {.arena = decoder->scratch};

	decode_pairs(decoder, node, key, add_header, &headers);
	decoder->probe->http.headers = vars_list(&headers, decoder->keep);
}

static void require_port(struct decoder *decoder, const struct node *node, const char *key)
{
	if (node->kind == NODE_MAPPING && node_is_null(node_get(node, "port")))
		decode_error(decoder, node, key, "needs a port");
}

static void decode_http(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"port", decode_port}, {"path", decode_http_path},  {"scheme", decode_scheme},
		{"host", decode_host}, {"headers", decode_headers}, {"status", decode_status},
	};
	static const struct decode_schema schema = {keys_probe_http, fields, ARRAY_SIZE(fields)};

	decoder->probe->method = PROBE_HTTP;
	if (node->kind == NODE_MAPPING) {
		decode_mapping(decoder, node, key, &schema);
		require_port(decoder, node, key);
		return;
	}
	const char *text = decode_scalar(decoder, node, key);

	if (text && strncmp(text, "http", 4) == 0)
		set_url(decoder, node, key, text);
	else if (text)
		set_port(decoder, node, key, text);
}

/* ---- the other methods ---- */

static void decode_tcp(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {{"port", decode_port}, {"host", decode_host}};
	static const struct decode_schema schema = {keys_probe_tcp, fields, ARRAY_SIZE(fields)};

	decoder->probe->method = PROBE_TCP;
	if (node->kind == NODE_MAPPING) {
		decode_mapping(decoder, node, key, &schema);
		require_port(decoder, node, key);
		return;
	}
	const char *text = decode_scalar(decoder, node, key);

	if (text && strncmp(text, "tcp://", 6) == 0)
		set_url(decoder, node, key, text);
	else if (text)
		set_port(decoder, node, key, text);
}

static void decode_exec(struct decoder *decoder, const struct node *node, const char *key)
{
	decoder->probe->method = PROBE_EXEC;
	if (!decode_program(decoder, node, key, &decoder->probe->test))
		decode_error(decoder, node, key,
			     "must be text, [CMD, program, …] or [CMD-SHELL, text]");
}

static void decode_notify(struct decoder *decoder, const struct node *node, const char *key)
{
	decoder->probe->method = PROBE_NOTIFY;
	if (!decode_bool(decoder, node, key, true))
		decode_error(decoder, node, key, "is true, or not there");
}

/* ---- when ---- */

static void decode_interval(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_period(decoder, node, key, &decoder->probe->interval_ms);
}

static void decode_timeout(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_period(decoder, node, key, &decoder->probe->timeout_ms);
}

static void decode_start_interval(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_period(decoder, node, key, &decoder->probe->start_interval_ms);
}

static void decode_start_period(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_duration(decoder, node, key, &decoder->probe->start_period_ms);
}

static void decode_retries(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t retries = 0;

	if (decode_int(decoder, node, key, (struct decode_range){1, 100000}, &retries))
		decoder->probe->retries = (unsigned)retries;
}

/* ---- one role ---- */

/* Of two methods it would not be clear which one counts. */
static void check_methods(struct decoder *decoder, const struct node *node, const char *key)
{
	static const char *const methods[] = METHOD_KEYS;
	static const char *const timing[] = {"interval", "start_period", "start_interval",
					     "retries"};
	const char *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		const struct node *value = node_get(node, methods[i]);

		if (node_is_null(value))
			continue;
		if (found)
			decode_error(decoder, value, key, "has both %s and %s: write one of them",
				     found, methods[i]);
		found = methods[i];
	}
	if (!found)
		decode_error(decoder, node, key, "needs one of http, tcp, exec and notify");
	for (size_t i = 0; decoder->probe->method == PROBE_NOTIFY && i < ARRAY_SIZE(timing); i++) {
		const struct node *value = node_get(node, timing[i]);

		if (!node_is_null(value))
			decode_error(decoder, value, key,
				     "%s has no meaning with notify, only timeout has", timing[i]);
	}
}

static void decode_long(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"http", decode_http},
		{"tcp", decode_tcp},
		{"exec", decode_exec},
		{"notify", decode_notify},
		{"interval", decode_interval},
		{"timeout", decode_timeout},
		{"start_period", decode_start_period},
		{"start_interval", decode_start_interval},
		{"retries", decode_retries},
	};
	static const struct decode_schema schema = {keys_probe, fields, ARRAY_SIZE(fields)};

	decode_mapping(decoder, node, key, &schema);
	check_methods(decoder, node, key);
}

static void decode_short(struct decoder *decoder, const struct node *node, const char *key,
			 enum probe_role role)
{
	const char *text = decode_scalar(decoder, node, key);

	if (!text || set_url(decoder, node, key, text))
		return;
	if (strcmp(text, "notify") == 0)
		decoder->probe->method = PROBE_NOTIFY;
	else if (strcmp(text, "none") == 0)
		decoder->probe->method = PROBE_NONE;
	else if (strcmp(text, "listen") == 0 && role == PROBE_STARTUP)
		decoder->probe->method = PROBE_LISTEN;
	else if (strcmp(text, "listen") == 0)
		decode_error(decoder, node, key, "listen is for startup: it is asked once");
	else
		decode_error(decoder, node, key, "'%.60s' is not a probe: " SHORT_FORMS, text);
}

/* systemd's DefaultTimeoutStartSec, and for a sign of life the engine's timeout. */
static void set_defaults(struct decoder *decoder, enum probe_role role)
{
	struct probe_spec *probe = decoder->probe;
	bool notify = probe->method == PROBE_NOTIFY;

	if (!probe->timeout_ms)
		probe->timeout_ms = !notify ? 1000 : role == PROBE_LIVENESS ? 30000 : 90000;
	if (notify)
		probe->retries = 1;
	if (probe->method == PROBE_HTTP && !probe->http.path)
		probe->http.path = arena_text(decoder->keep, "/");
}

static void decode_role(struct decoder *decoder, const struct node *node, const char *key,
			enum probe_role role)
{
	struct probe_spec *probe = &decoder->service->probes[role];
	size_t errors = decoder->report->list->error_count;

	*probe = (struct probe_spec){.interval_ms = 10000,
				     .start_interval_ms = 250,
				     .retries = 3,
				     .http = {.status_min = 200, .status_max = 399},
				     .pos = node->pos};
	decoder->probe = probe;
	if (node->kind == NODE_MAPPING)
		decode_long(decoder, node, key);
	else if (node->kind == NODE_SEQUENCE)
		decode_exec(decoder, node, key);
	else
		decode_short(decoder, node, key, role);
	set_defaults(decoder, role);
	/* A faulty one keeps its position, so that nobody complains that there is none. */
	if (decoder->report->list->error_count > errors)
		*probe = (struct probe_spec){.pos = node->pos};
}

static void decode_startup(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_role(decoder, node, key, PROBE_STARTUP);
}

static void decode_readiness(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_role(decoder, node, key, PROBE_READINESS);
}

static void decode_liveness(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_role(decoder, node, key, PROBE_LIVENESS);
}

void decode_x_probe(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {{"startup", decode_startup},
						     {"readiness", decode_readiness},
						     {"liveness", decode_liveness}};
	static const struct decode_schema schema = {keys_x_probe, fields, ARRAY_SIZE(fields)};

	decode_mapping(decoder, node, key, &schema);
}
