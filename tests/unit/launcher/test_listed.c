// SPDX-License-Identifier: GPL-2.0-or-later
/* With a supervisor that says what it is told to, so many bytes at a time. */
#include "launcher/cli/listed.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

static const char *lines[8]; /* NULL: an end of what comes at once */
static size_t line_count;
static size_t line_next;
static int refusal;

int client_stream_open(const char *stack, const struct client_request *request,
		       struct client_stream *ret_stream, struct client_answer *ret_answer,
		       struct err *err)
{
	(void)stack, (void)request, (void)err;
	line_next = 0;
	ret_answer->status = refusal;
	ret_stream->fd = refusal ? -1 : 0;
	return 0;
}

int client_stream_read(struct client_stream *stream, struct err *err)
{
	if (line_next == line_count)
		return err_say(err, ECONNRESET, "the supervisor hung up in its answer");
	line_next++;
	stream->ended = line_next == line_count;
	return 0;
}

int client_stream_line(struct client_stream *stream, const char **ret_line, size_t *ret_len,
		       struct err *err)
{
	(void)stream, (void)err;
	if (line_next == line_count || !lines[line_next])
		return 0;
	*ret_line = lines[line_next++];
	*ret_len = strlen(*ret_line);
	stream->ended = line_next == line_count;
	return 1;
}

void client_stream_drop(struct client_stream *stream)
{
	(void)stream;
}

static bool note(void *context, const struct json_t *item)
{
	buf_printf(context, "%s|", js_text(item, "name"));
	return strcmp(js_text(item, "name"), "enough") != 0;
}

static int hear(const char *const *said, size_t count, struct buf *ret_seen, struct err *err)
{
	const struct client_request request = {.method = "GET", .path = "/"};
	const struct listed_taker taker = {note, ret_seen};
	struct client_answer answer = {0};

	memcpy(lines, said, count * sizeof(*said));
	line_count = count;
	return listed_call("shop", &request, &taker, &answer, err);
}
#define HEAR(said, seen, err) hear(said, sizeof(said) / sizeof(*(said)), seen, err)

static void items_are_handed_on_as_they_come(void **unused)
{
	const char *const said[] = {"{\"schema\":1,\"items\":[",
				    "{\"name\":\"a\"},",
				    NULL,
				    "{\"name\":\"b\"}",
				    NULL,
				    "]}"};
	autobuf struct buf seen = {0};

	(void)unused;
	assert_int_equal(HEAR(said, &seen, NULL), 0);
	assert_string_equal(seen.data, "a|b|");
}

static void a_list_may_be_empty(void **unused)
{
	const char *const said[] = {"{\"items\":[", "", "]}"};
	autobuf struct buf seen = {0};

	(void)unused;
	assert_int_equal(HEAR(said, &seen, NULL), 0);
	assert_int_equal(seen.len, 0);
}

static void who_has_enough_is_given_no_more(void **unused)
{
	const char *const said[] = {"{\"items\":[", "{\"name\":\"enough\"},", "{\"name\":\"b\"}"};
	autobuf struct buf seen = {0};

	(void)unused;
	assert_int_equal(HEAR(said, &seen, NULL), 0);
	assert_string_equal(seen.data, "enough|");
}

static void what_is_no_list_is_malformed(void **unused)
{
	const char *const endless[] = {"{\"items\":[", "{\"name\":\"a\"}"};
	const char *const broken[] = {"{\"items\":[", "{\"name\":", "]}"};
	const char *const cut[] = {"{\"items\":[", NULL};
	autobuf struct buf seen = {0};
	struct err err = {0};

	(void)unused;
	assert_int_equal(HEAR(endless, &seen, &err), -EBADMSG);
	assert_string_equal(err.text, "malformed answer of the supervisor: a list has no end");
	assert_int_equal(HEAR(broken, &seen, &err), -EBADMSG);
	assert_int_equal(HEAR(cut, &seen, &err), -EBADMSG);
}

static void a_refusal_is_handed_back(void **unused)
{
	const struct client_request request = {.method = "GET", .path = "/"};
	struct client_answer answer = {0};
	autobuf struct buf seen = {0};
	const struct listed_taker taker = {note, &seen};

	(void)unused;
	refusal = 503;
	assert_int_equal(listed_call("shop", &request, &taker, &answer, NULL), 0);
	assert_int_equal(answer.status, 503);
	assert_int_equal(seen.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_are_handed_on_as_they_come),
		cmocka_unit_test(a_list_may_be_empty),
		cmocka_unit_test(who_has_enough_is_given_no_more),
		cmocka_unit_test(what_is_no_list_is_malformed),
		cmocka_unit_test(a_refusal_is_handed_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
