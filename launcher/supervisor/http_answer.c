// SPDX-License-Identifier: GPL-2.0-or-later
/* What a request is answered with; see http.h. */
#include "launcher/supervisor/http_private.h"

#include "runtime/base/cleanup.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_BYTES 65536u

struct http_upgraded {
	struct http_server *server;
	struct MHD_UpgradeResponseHandle *handle;
};

struct upgrade {
	http_upgrade_fn fn;
	void *data;
};

static ssize_t source_read(void *cls, uint64_t offset, char *room, size_t max)
{
	const struct http_source *source = cls;
	long n = source->read(source->data, room, max);

	if (n == HTTP_SOURCE_END)
		return MHD_CONTENT_READER_END_OF_STREAM;
	return n < 0 ? MHD_CONTENT_READER_END_WITH_ERROR : (ssize_t)n;
}

static void source_end(void *cls)
{
	struct http_source *source = cls;

	source->end(source->data);
	free(source);
}

static struct MHD_Response *source_response(const struct http_source *source)
{
	struct http_source *copy = malloc(sizeof(*copy));
	struct MHD_Response *response = NULL;

	if (copy) {
		*copy = *source;
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, SOURCE_BYTES,
							     source_read, copy, source_end);
	}
	if (!response) {
		source->end(source->data);
		free(copy);
	}
	return response;
}

/* (the library closes the socket when it runs next) */
static void close_upgraded(struct http_server *server, struct MHD_UpgradeResponseHandle *handle)
{
	(void)MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
	watch_trigger(server->kick);
}

static void on_upgraded(void *cls, struct MHD_Connection *connection, void *request_cls,
			const char *extra_in, size_t extra_in_size, MHD_socket fd,
			struct MHD_UpgradeResponseHandle *handle)
{
	struct upgrade *upgrade = cls;
	struct http_incoming *incoming = request_cls;
	struct http_upgraded *upgraded = calloc(1, sizeof(*upgraded));

	incoming->upgrade = NULL;
	if (!upgraded) {
		close_upgraded(incoming->server, handle);
		upgrade->fn(upgrade->data, -1, NULL);
	} else {
		*upgraded = (struct http_upgraded){incoming->server, handle};
		upgrade->fn(upgrade->data, fd, upgraded);
	}
	free(upgrade);
}

void http_upgraded_close(struct http_upgraded *upgraded)
{
	if (!upgraded)
		return;
	close_upgraded(upgraded->server, upgraded->handle);
	free(upgraded);
}

/* From here on @incoming answers for the promise: see http_upgrade_break(). */
static struct MHD_Response *upgrade_response(struct http_incoming *incoming,
					     const struct http_answer *answer)
{
	struct upgrade *upgrade = calloc(1, sizeof(*upgrade));

	if (!upgrade) {
		answer->upgrade(answer->upgrade_data, -1, NULL);
		return NULL;
	}
	*upgrade = (struct upgrade){answer->upgrade, answer->upgrade_data};
	incoming->upgrade = upgrade;
	struct MHD_Response *response = MHD_create_response_for_upgrade(on_upgraded, upgrade);

	if (response &&
	    MHD_add_response_header(response, "Upgrade", answer->upgrade_protocol) != MHD_YES) {
		MHD_destroy_response(response);
		return NULL;
	}
	return response;
}

void http_upgrade_break(struct upgrade *upgrade)
{
	if (upgrade)
		upgrade->fn(upgrade->data, -1, NULL);
	free(upgrade);
}

static struct MHD_Response *body_response(char *body)
{
	struct MHD_Response *response = NULL;

	if (body)
		response =
			MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(body); /* the library's only with the response */
	return response;
}

static void add_headers(const struct http_incoming *incoming, const struct http_answer *answer,
			struct MHD_Response *response)
{
	const struct http_header *header = incoming->server->handler.headers;

	for (; header && header->name; header++)
		(void)MHD_add_response_header(response, header->name, header->value);
	/* Where the length is not known, libmicrohttpd would end the body that it leaves out. */
	if (incoming->head_only && (answer->kind == HTTP_SOURCE || answer->kind == HTTP_STREAM))
		(void)MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
					       MHD_RO_END);
	if (answer->kind != HTTP_UPGRADE)
		(void)MHD_add_response_header(response, "Content-Type",
					      answer->content_type ? answer->content_type
								   : "application/json");
}

bool http_answer_queue(struct MHD_Connection *connection, struct http_incoming *incoming,
		       struct http_answer *answer)
{
	struct MHD_Response *response = NULL;

	switch (answer->kind) {
	case HTTP_BODY:
		response = body_response(answer->body);
		break;
	case HTTP_FIXED:
		response = MHD_create_response_from_buffer(answer->fixed_len,
							   (void *)(uintptr_t)answer->fixed,
							   MHD_RESPMEM_PERSISTENT);
		break;
	case HTTP_SOURCE:
		response = source_response(&answer->source);
		break;
	case HTTP_STREAM:
		response = http_stream_response(answer->stream, connection);
		break;
	case HTTP_UPGRADE:
		incoming->upgrades = true;
		response = upgrade_response(incoming, answer);
		break;
	case HTTP_LATER:
		break;
	}
	if (!response)
		return false;
	add_headers(incoming, answer, response);
	enum MHD_Result queued = MHD_queue_response(connection, answer->status, response);

	MHD_destroy_response(response);
	return queued == MHD_YES;
}
