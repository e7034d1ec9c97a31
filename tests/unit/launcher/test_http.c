// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/cli/http.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

/* Feeds @bytes in pieces of @step and ends the connection. The body is in @body. */
static int feed_all(struct http_reader *http, const char *bytes, size_t len, size_t step,
		    struct buf *body)
{
	struct err err = {0};
	size_t at = 0;

	while (at < len && http->state != HTTP_DONE) {
		size_t part = len - at < step ? len - at : step;
		ssize_t used = http_feed(http, bytes + at, part, body, &err);

		if (used < 0)
			return (int)used;
		assert_true((size_t)used <= part);
		at += (size_t)used;
	}
	return http_end(http, &err);
}

static void answers_read_the_same_however_they_are_cut(void **unused)
{
	static const struct {
		const char *bytes;
		int status;
		const char *body;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"},
		{"HTTP/1.1 200 OK\ncontent-length:5 \n\nhello", 200, "hello"},
		{"HTTP/1.0 404 Not Found\r\n\r\nuntil the end", 404, "until the end"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "5\r\nhello\r\n00a;x=y\r\n, world!!!\r\n0\r\nTrailer: x\r\n\r\n",
		 200, "hello, world!!!"},
		{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200,
		 "ok"},
		{"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", 204, ""},
		{"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t step = 1; step < 100; step += 3) {
			struct http_reader http = {0};
			autobuf struct buf body = {0};

			assert_int_equal(feed_all(&http, cases[i].bytes, strlen(cases[i].bytes),
						  step, &body),
					 0);
			assert_int_equal(http.status, cases[i].status);
			assert_string_equal(body.data ? body.data : "", cases[i].body);
		}
	}
}

static void what_follows_a_switch_of_protocols_is_left_alone(void **unused)
{
	static const char bytes[] = "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n{\"pid\":1}\n";
	struct http_reader http = {0};
	autobuf struct buf body = {0};
	struct err err = {0};
	ssize_t used = http_feed(&http, bytes, sizeof(bytes) - 1, &body, &err);

	assert_true(used > 0);
	assert_int_equal(http.status, 101);
	assert_string_equal(bytes + used, "{\"pid\":1}\n");
	assert_int_equal(body.len, 0);
}

static void doubtful_answers_are_refused(void **unused)
{
	static const char *const cases[] = {
		"",
		"HTTP/1.1 200 OK\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
		"HTTP/2 200 OK\r\n\r\n",
		"SSH-2.0-OpenSSH\r\n\r\n",
		"HTTP/1.1 2x0 OK\r\n\r\n",
		"HTTP/1.1 20\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
		"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxyz\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct http_reader http = {0};
		autobuf struct buf body = {0};

		assert_int_equal(feed_all(&http, cases[i], strlen(cases[i]), 7, &body), -EBADMSG);
	}
}

static void endless_and_binary_heads_are_refused(void **unused)
{
	struct http_reader http = {0};
	autobuf struct buf body = {0};
	autobuf struct buf head = {0};

	buf_puts(&head, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 5000; i++)
		buf_puts(&head, "X: y\r\n");
	assert_int_equal(feed_all(&http, head.data, head.len, 1000, &body), -EBADMSG);

	head.len = 0;
	for (int i = 0; i < 10000; i++)
		buf_puts(&head, "A");
	http = (struct http_reader){0};
	assert_int_equal(feed_all(&http, head.data, head.len, 1000, &body), -EBADMSG);

	http = (struct http_reader){0};
	assert_int_equal(feed_all(&http, "HTTP/1.1 200\0OK\r\n\r\n", 20, 1000, &body), -EBADMSG);
}

/* Mutations of a good answer: never a crash, never more body than was fed. */
static void mutated_answers_are_bounded(void **unused)
{
	static const char good[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				   "5\r\nhello\r\na\r\n0123456789\r\n0\r\n\r\n";
	unsigned seed = 7;

	print_message("seed %u\n", seed);
	for (int round = 0; round < 20000; round++) {
		struct http_reader http = {0};
		autobuf struct buf body = {0};
		char bytes[sizeof(good)];

		memcpy(bytes, good, sizeof(good));
		for (int i = rand_r(&seed) % 4; i >= 0; i--)
			bytes[(size_t)rand_r(&seed) % (sizeof(good) - 1)] = (char)rand_r(&seed);
		size_t step = 1 + (size_t)rand_r(&seed) % 40;

		(void)feed_all(&http, bytes, sizeof(good) - 1, step, &body);
		assert_true(body.len <= sizeof(good));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_read_the_same_however_they_are_cut),
		cmocka_unit_test(what_follows_a_switch_of_protocols_is_left_alone),
		cmocka_unit_test(doubtful_answers_are_refused),
		cmocka_unit_test(endless_and_binary_heads_are_refused),
		cmocka_unit_test(mutated_answers_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
