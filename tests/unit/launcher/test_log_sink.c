// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/supervisor/logs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct log_limits unbounded = {.max_files = 1};

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
	assert_int_equal(log_open(loop, path, &unbounded, &sink, NULL), 0);
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

static void what_a_terminal_shows_reaches_the_file_and_each_run_has_its_own(void **unused)
{
	char top[] = "/tmp/davit-test-logs.XXXXXX";
	char path[64];
	struct loop *loop = NULL;
	struct log_sink *sink = NULL;
	char *text = NULL;

	assert_non_null(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/web-1.log", top);
	assert_int_equal(loop_open(&loop, NULL), 0);
	assert_int_equal(log_open(loop, path, &unbounded, &sink, NULL), 0);
	for (int run = 1; run <= 2; run++) {
		char line[16];
		int fd = -1;

		assert_int_equal(log_terminal(sink, &fd, NULL), 0);
		assert_true(isatty(fd));
		snprintf(line, sizeof(line), "run %d\n", run);
		assert_int_equal(write(fd, line, strlen(line)), strlen(line));
		close(fd);
		/* The end of it, too, which would be told for ever. */
		log_drain(sink);
		log_drain(sink);
	}
	log_close(sink);
	loop_close(loop);
	assert_int_equal(fs_read(path, 4096, &text, NULL, NULL), 0);
	assert_non_null(strstr(text, "Z stdout F run 1\n"));
	assert_non_null(strstr(text, "Z stdout F run 2\n"));
	free(text);
	assert_int_equal(fs_remove_tree(top, NULL), 0);
}

static void put(struct log_sink *sink, const char *text)
{
	assert_int_equal(write(log_stdout_fd(sink), text, strlen(text)), strlen(text));
	log_drain(sink);
}

static void check_file(const char *top, const char *name, const char *part)
{
	char path[64];
	char *text = NULL;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	int r = fs_read(path, 4096, &text, NULL, NULL);

	if (part) {
		assert_int_equal(r, 0);
		assert_non_null(strstr(text, part));
	} else {
		assert_int_equal(r, -ENOENT);
	}
	free(text);
}

static void rotate(unsigned max_files, const char *top, const char *const *lines)
{
	const struct log_limits limits = {.max_bytes = 10, .max_files = max_files};
	struct loop *loop = NULL;
	struct log_sink *sink = NULL;
	char path[64];

	snprintf(path, sizeof(path), "%s/web-1.log", top);
	assert_int_equal(loop_open(&loop, NULL), 0);
	assert_int_equal(log_open(loop, path, &limits, &sink, NULL), 0);
	for (; *lines; lines++)
		put(sink, *lines);
	log_close(sink);
	loop_close(loop);
}

static void a_full_file_makes_room_and_the_oldest_goes(void **unused)
{
	static const char *const lines[] = {"one\n", "two\n", "three\n", "four\n", NULL};
	char top[] = "/tmp/davit-test-logs.XXXXXX";

	assert_non_null(mkdtemp(top));
	rotate(3, top, lines);
	check_file(top, "web-1.log", "F four\n");
	check_file(top, "web-1.log.1", "F three\n");
	check_file(top, "web-1.log.2", "F two\n");
	check_file(top, "web-1.log.3", NULL);
	assert_int_equal(fs_remove_tree(top, NULL), 0);
}

static void one_file_begins_anew_when_it_is_full(void **unused)
{
	static const char *const lines[] = {"one\n", "two\n", NULL};
	char top[] = "/tmp/davit-test-logs.XXXXXX";

	assert_non_null(mkdtemp(top));
	rotate(1, top, lines);
	check_file(top, "web-1.log", "F two\n");
	check_file(top, "web-1.log.1", NULL);
	assert_int_equal(fs_remove_tree(top, NULL), 0);
}

static void a_line_in_parts_stays_in_one_file(void **unused)
{
	static const char *const lines[] = {"begin ", "middle ", "end\n", "next\n", NULL};
	char top[] = "/tmp/davit-test-logs.XXXXXX";

	assert_non_null(mkdtemp(top));
	rotate(2, top, lines);
	check_file(top, "web-1.log.1", "F end\n");
	check_file(top, "web-1.log", "F next\n");
	assert_int_equal(fs_remove_tree(top, NULL), 0);
}

static void a_missing_directory_is_an_error(void **unused)
{
	struct loop *loop = NULL;
	struct log_sink *sink = NULL;
	struct err err = {0};

	assert_int_equal(loop_open(&loop, NULL), 0);
	assert_true(log_open(loop, "/nonexistent/web-1.log", &unbounded, &sink, &err) < 0);
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
		cmocka_unit_test(what_a_terminal_shows_reaches_the_file_and_each_run_has_its_own),
		cmocka_unit_test(a_full_file_makes_room_and_the_oldest_goes),
		cmocka_unit_test(one_file_begins_anew_when_it_is_full),
		cmocka_unit_test(a_line_in_parts_stays_in_one_file),
		cmocka_unit_test(a_missing_directory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
