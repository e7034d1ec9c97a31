// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See listed.h. Such an answer is one JSON document in which each item has a line of its own; see
 * launcher/API.md.
 */
#include "launcher/cli/listed.h"

#include <errno.h>

struct listed {
	struct client_stream stream;
	const struct listed_taker *taker;
	bool begun; /* the line in front of the items has been read */
	bool over;
};

/* Returns 1: go on. */
static int take_line(struct listed *listed, const char *line, size_t len, struct err *err)
{
	autojs struct json_t *item = NULL;

	if (!listed->begun || len == 0 || line[0] == ']') {
		listed->over = listed->begun && len > 0;
		listed->begun = true;
		return 1;
	}
	int r = js_parse(line, line[len - 1] == ',' ? len - 1 : len, &item, err);

	return r < 0 ? r : listed->taker->take(listed->taker->context, item);
}

/* Returns 1: go on, as far as it has come. */
static int take_lines(struct listed *listed, struct err *err)
{
	const char *line = NULL;
	size_t len = 0;
	int r;

	while ((r = client_stream_line(&listed->stream, &line, &len, err)) > 0) {
		r = take_line(listed, line, len, err);
		if (r <= 0)
			return r;
	}
	return r < 0 ? r : 1;
}

static int take_all(struct listed *listed, struct err *err)
{
	int r = take_lines(listed, err);

	while (r > 0 && !listed->stream.ended) {
		r = client_stream_read(&listed->stream, err);
		r = r < 0 ? r : take_lines(listed, err);
	}
	if (r > 0 && !listed->over)
		return err_say(err, EBADMSG,
			       "malformed answer of the supervisor: a list has no end");
	return r < 0 ? r : 0;
}

int listed_call(const char *stack, const struct client_request *request,
		const struct listed_taker *taker, struct client_answer *ret_refusal,
		struct err *err)
{
	struct listed listed = {.stream = CLIENT_NO_STREAM, .taker = taker};
	int r = client_stream_open(stack, request, &listed.stream, ret_refusal, err);

	if (r == 0 && listed.stream.fd >= 0)
		r = take_all(&listed, err);
	client_stream_drop(&listed.stream);
	return r;
}
