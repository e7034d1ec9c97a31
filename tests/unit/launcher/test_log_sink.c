// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/supervisor/logs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static void whole_lines_are_marked_full(void **unused)
{
	autobuf struct buf out = {0};

	log_format(&out, "T", "stdout", "a\n\nb\n", 5);
	assert_string_equal(out.data, "T stdout F a\nT stdout F \nT stdout F b\n");
}

static void the_rest_of_a_chunk_is_a_part(void **unused)
{
	autobuf struct buf out = {0};

	log_format(&out, "T", "stderr", "a\nb", 3);
	log_format(&out, "U", "stderr", "c\n", 2);
	assert_string_equal(out.data, "T stderr F a\nT stderr P b\nU stderr F c\n");
}

static void binary_bytes_are_kept(void **unused)
{
	autobuf struct buf out = {0};

	log_format(&out, "T", "stdout", "\0\x1b\xff\n", 4);
	assert_int_equal(out.len, strlen("T stdout F ") + 4);
	assert_memory_equal(out.data + strlen("T stdout F "), "\0\x1b\xff\n", 4);
}

/* Whatever the chunks, joining the parts gives what was written. */
static void an_endless_line_is_cut_and_nothing_is_lost(void **unused)
{
	autobuf struct buf out = {0};
	autofree char *line = malloc(40001);
	size_t seen = 0;

	assert_non_null(line);
	memset(line, 'x', 40000);
	line[40000] = '\n';
	log_format(&out, "T", "stdout", line, 40001);
	for (char *at = out.data, *end; at < out.data + out.len; at = end + 1) {
		end = strchr(at, '\n');
		assert_non_null(end);
		assert_true(end - at <= 16384 + 11);
		seen += (size_t)(end - at) - strlen("T stdout F ");
	}
	assert_int_equal(seen, 40000);
}

static void what_is_in_the_pipes_reaches_the_file(void **unused)
{
	char top[] = "/tmp/davit-test-logs.XXXXXX";
	char path[64];
	struct loop *loop = NULL;
	struct log_sink *sink = NULL;
	char *text = NULL;

	assert_non_null(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/web-1.log", top);
	assert_int_equal(loop_open(&loop, NULL), 0);
	assert_int_equal(log_open(loop, path, &sink, NULL), 0);
	assert_int_equal(write(log_stdout_fd(sink), "out\n", 4), 4);
	assert_int_equal(write(log_stderr_fd(sink), "err\n", 4), 4);
	log_close(sink);
	loop_close(loop);
	assert_int_equal(fs_read(path, 4096, &text, NULL, NULL), 0);
	assert_non_null(strstr(text, "Z stdout F out\n"));
	assert_non_null(strstr(text, "Z stderr F err\n"));
	free(text);
	assert_int_equal(fs_remove_tree(top, NULL), 0);
}

static void a_missing_directory_is_an_error(void **unused)
{
	struct loop *loop = NULL;
	struct log_sink *sink = NULL;
	struct err err = {0};

	assert_int_equal(loop_open(&loop, NULL), 0);
	assert_true(log_open(loop, "/nonexistent/web-1.log", &sink, &err) < 0);
	assert_null(sink);
	assert_non_null(strstr(err.text, "/nonexistent/web-1.log"));
	loop_close(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_lines_are_marked_full),
		cmocka_unit_test(the_rest_of_a_chunk_is_a_part),
		cmocka_unit_test(binary_bytes_are_kept),
		cmocka_unit_test(an_endless_line_is_cut_and_nothing_is_lost),
		cmocka_unit_test(what_is_in_the_pipes_reaches_the_file),
		cmocka_unit_test(a_missing_directory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
