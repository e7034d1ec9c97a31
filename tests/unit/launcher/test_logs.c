// SPDX-License-Identifier: GPL-2.0-or-later
/* Log lines, files and their merging, with real files in a temporary directory. */
#include "launcher/cli/cri.h"
#include "launcher/cli/logprint.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#define T "2026-01-31T23:59:"

struct world {
	char dir[64];
};

static int make_world(void **state)
{
	static struct world world;

	snprintf(world.dir, sizeof(world.dir), "/tmp/davit-test-logs.XXXXXX");
	*state = &world;
	return mkdtemp(world.dir) ? 0 : -1;
}

static int drop_world(void **state)
{
	struct world *world = *state;
	struct err err = {0};

	return fs_remove_tree(world->dir, &err);
}

/* Appends to a log of the world. */
static void put(const struct world *world, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", world->dir, name);
	autofile FILE *file = fopen(path, "ae");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
}

/* All records there are now, as "instance:text|". */
static void drain(struct logset *set, struct buf *out)
{
	const struct log_record *record = NULL;
	const struct logfile *file = NULL;
	struct err err = {0};
	int r = 0;

	out->len = 0;
	buf_puts(out, "");
	while ((r = logset_next(set, &file, &record, &err)) > 0) {
		buf_printf(out, "%s:", file->instance);
		buf_put(out, record->text.data, record->text.len);
		buf_puts(out, "|");
	}
	assert_int_equal(r, 0);
}

static void expect(const struct world *world, const struct logset_options *options,
		   const char *wanted)
{
	autologset struct logset set = {.dir_fd = -1, .inotify_fd = -1};
	autobuf struct buf out = {0};
	struct err err = {0};

	assert_int_equal(logset_open(&set, world->dir, options, &err), 0);
	drain(&set, &out);
	assert_string_equal(out.data, wanted);
}

static void good_lines_are_taken_apart(void **unused)
{
	static const struct {
		const char *line;
		bool is_stderr, partial;
		const char *text;
	} cases[] = {
		{T "59.123456789Z stdout F hello world", false, false, "hello world"},
		{T "59Z stderr P  x ", true, true, " x "},
		{T "59Z stdout F ", false, false, ""},
		{T "59Z stdout F", false, false, ""},
		{T "59Z stdout F:x text", false, false, "text"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cri_line line;

		assert_int_equal(cri_parse(cases[i].line, strlen(cases[i].line), &line), 0);
		assert_int_equal(line.is_stderr, cases[i].is_stderr);
		assert_int_equal(line.partial, cases[i].partial);
		assert_int_equal(line.len, strlen(cases[i].text));
		assert_memory_equal(line.text, cases[i].text, line.len);
	}
}

static void other_lines_are_refused(void **unused)
{
	static const char *const cases[] = {
		"",
		" ",
		"hello",
		"x stdout F y",
		T "59Z",
		T "59Z ",
		T "59Z stdin F x",
		T "59Z stdout",
		T "59Z stdout ",
		T "59Z stdout X y",
		T "59Z  stdout F x",
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cri_line line;

		assert_int_equal(cri_parse(cases[i], strlen(cases[i]), &line), -EBADMSG);
	}
}

static void a_service_is_all_before_the_last_dash(void **unused)
{
	static const char *const web[] = {"web", NULL};
	static const char *const web_api[] = {"db", "web-api", NULL};
	static const char *const one[] = {"web-2", NULL};

	assert_true(logset_wants("web-1.log", web));
	assert_true(logset_wants("web-12.log", web));
	assert_false(logset_wants("web-api-1.log", web));
	assert_true(logset_wants("web-api-1.log", web_api));
	assert_false(logset_wants("web-1.log", web_api));
	assert_true(logset_wants("web-2.log", one));
	assert_false(logset_wants("web-21.log", one));
	assert_true(logset_wants("any-1.log", NULL));
	assert_false(logset_wants("supervisor.log", NULL));
	assert_false(logset_wants("web-x.log", NULL));
	assert_false(logset_wants("-1.log", NULL));
	assert_true(logset_wants("web-1.log.1", NULL));
	assert_true(logset_wants("web-1.log.12", web));
	assert_false(logset_wants("web-1.log.01", NULL));
	assert_false(logset_wants("web-1.log.x", NULL));
	assert_false(logset_wants("web-1.log.1.1", NULL));
	assert_false(logset_wants(".log", NULL));
}

static void instances_are_merged_by_time(void **state)
{
	const struct world *world = *state;
	static const char *const b[] = {"b", NULL};
	const struct log_filter since = {.span = {1769903943000000000, INT64_MAX}};

	put(world, "a-1.log", T "01Z stdout F one\n" T "03Z stdout F three\n");
	put(world, "b-1.log", T "02Z stderr F two\n" T "04Z stdout F four\n");
	put(world, "supervisor.log", "not a log of an instance\n");
	expect(world, &(struct logset_options){.tail = -1}, "a-1:one|b-1:two|a-1:three|b-1:four|");
	expect(world, &(struct logset_options){.tail = 1}, "a-1:three|b-1:four|");
	expect(world, &(struct logset_options){.tail = 0}, "");
	expect(world, &(struct logset_options){.tail = -1, .filter = &since},
	       "a-1:three|b-1:four|");
	expect(world, &(struct logset_options){.services = b, .tail = -1}, "b-1:two|b-1:four|");
}

static void older_files_of_an_instance_come_first(void **state)
{
	const struct world *world = *state;

	put(world, "a-1.log", T "05Z stdout F five\n");
	put(world, "a-1.log.1", T "03Z stdout F three\n" T "04Z stdout F four\n");
	put(world, "a-1.log.2", T "01Z stdout F one\n");
	put(world, "b-1.log", T "02Z stderr F two\n");
	expect(world, &(struct logset_options){.tail = -1},
	       "a-1:one|b-1:two|a-1:three|a-1:four|a-1:five|");
	expect(world, &(struct logset_options){.tail = 2}, "b-1:two|a-1:four|a-1:five|");
	expect(world, &(struct logset_options){.tail = 1}, "b-1:two|a-1:five|");
	expect(world, &(struct logset_options){.start = LOGSET_NEW, .tail = -1}, "");
}

static void parts_are_joined_and_odd_lines_shown(void **state)
{
	const struct world *world = *state;

	put(world, "a-1.log", T "01Z stdout P one\n" T "01Z stdout P , two\n");
	put(world, "a-1.log", T "02Z stdout F , three\ngarbage\n" T "03Z stdout F x\n");
	put(world, "a-1.log", T "04Z stdout P cut");
	expect(world, &(struct logset_options){.tail = -1},
	       "a-1:one, two, three|a-1:garbage|a-1:x|a-1:cut|");
	expect(world, &(struct logset_options){.tail = 3},
	       "a-1:one, two, three|a-1:garbage|a-1:x|a-1:cut|");
}

static void the_parts_of_both_streams_may_alternate(void **state)
{
	const struct world *world = *state;

	put(world, "a-1.log", T "01Z stdout P out \n" T "02Z stderr P err \n");
	put(world, "a-1.log", T "03Z stdout P and \n" T "04Z stderr F end\n");
	put(world, "a-1.log", T "05Z stdout F end\n" T "06Z stdout P cut \n" T "07Z stderr P off");
	expect(world, &(struct logset_options){.tail = -1},
	       "a-1:err end|a-1:out and end|a-1:cut |a-1:off|");
}

static void a_filter_bounds_time_and_chooses_lines(void **state)
{
	const struct world *world = *state;
	autofilter struct log_filter filter = LOG_FILTER_ALL;
	struct err err = {0};

	put(world, "a-1.log", T "01Z stdout F one\n" T "02Z stdout F two\n" T "03Z stdout F on\n");
	put(world, "b-1.log", T "02Z stdout F none\n");
	filter.span.until_ns = 1769903943000000000;
	expect(world, &(struct logset_options){.tail = -1, .filter = &filter},
	       "a-1:one|a-1:two|b-1:none|");
	assert_int_equal(log_filter_pattern(&filter, "(^|n)on", &err), 0);
	expect(world, &(struct logset_options){.tail = -1, .filter = &filter}, "a-1:one|b-1:none|");
	filter.span.until_ns = INT64_MAX;
	expect(world, &(struct logset_options){.tail = 1, .filter = &filter}, "b-1:none|a-1:on|");
	filter.span.since_ns = 1769903943000000000;
	expect(world, &(struct logset_options){.tail = -1, .filter = &filter}, "a-1:on|");
}

static void a_pattern_looks_behind_a_nul(void **unused)
{
	autofilter struct log_filter filter = LOG_FILTER_ALL;
	struct log_record record = {0};
	struct err err = {0};

	assert_int_equal(log_filter_pattern(&filter, "b$", &err), 0);
	assert_false(log_filter_passes(&filter, &record));
	buf_put(&record.text, "a\0b", 3);
	assert_true(log_filter_passes(&filter, &record));
	buf_free(&record.text);
}

static void what_is_no_pattern_is_refused(void **unused)
{
	struct log_filter filter = LOG_FILTER_ALL;
	struct err err = {0};

	assert_int_equal(log_filter_pattern(&filter, "a(b", &err), -EINVAL);
	assert_non_null(strstr(err.text, "'a(b' is not a regular expression: "));
	assert_false(filter.has_pattern);
}

/* The tail of a file of many windows is what counting from the beginning gives. */
static void a_tail_is_exact_at_any_length(void **state)
{
	const struct world *world = *state;
	autobuf struct buf text = {0};
	const int total = 20000;
	unsigned seed = 11;

	for (int i = 0; i < total; i++)
		buf_printf(&text, T "01.%09dZ stdout F line %d\n", i, i);
	put(world, "a-1.log", text.data);
	for (int round = 0; round < 40; round++) {
		int count = rand_r(&seed) % (total + 10);
		autologset struct logset set = {.dir_fd = -1, .inotify_fd = -1};
		const struct log_record *record = NULL;
		const struct logfile *file = NULL;
		struct err err = {0};
		char first[64];
		int seen = 0;

		assert_int_equal(logset_open(&set, world->dir,
					     &(struct logset_options){.tail = count}, &err),
				 0);
		while (logset_next(&set, &file, &record, &err) > 0) {
			int from = count < total ? total - count : 0;

			snprintf(first, sizeof(first), "line %d", from + seen++);
			assert_string_equal(record->text.data, first);
		}
		assert_int_equal(seen, count < total ? count : total);
	}
}

static void since_finds_its_place_in_a_long_file(void **state)
{
	const struct world *world = *state;
	autobuf struct buf text = {0};
	autologset struct logset set = {.dir_fd = -1, .inotify_fd = -1};
	const struct log_record *record = NULL;
	const struct logfile *file = NULL;
	struct err err = {0};
	int seen = 0;

	for (int i = 0; i < 30000; i++)
		buf_printf(&text, T "01.%09dZ stdout F line %d\n", i, i);
	put(world, "a-1.log", text.data);
	const struct log_filter filter = {.span = {1769903941000000000 + 17123, INT64_MAX}};
	const struct logset_options options = {.tail = -1, .filter = &filter};

	assert_int_equal(logset_open(&set, world->dir, &options, &err), 0);
	while (logset_next(&set, &file, &record, &err) > 0)
		if (seen++ == 0)
			assert_string_equal(record->text.data, "line 17123");
	assert_int_equal(seen, 30000 - 17123);
}

static void following_sees_new_lines_new_instances_and_the_end_of_old_ones(void **state)
{
	const struct world *world = *state;
	autologset struct logset set = {.dir_fd = -1, .inotify_fd = -1};
	autobuf struct buf out = {0};
	struct err err = {0};
	char path[128];

	put(world, "a-1.log", T "01Z stdout F old\n");
	const struct logset_options options = {.start = LOGSET_NEW, .tail = -1, .follow = true};

	assert_int_equal(logset_open(&set, world->dir, &options, &err), 0);
	drain(&set, &out);
	assert_string_equal(out.data, "");

	put(world, "a-1.log", T "02Z stdout F ne");
	assert_int_equal(logset_update(&set, &err), 0);
	drain(&set, &out);
	assert_string_equal(out.data, "");
	put(world, "a-1.log", "w\n");
	put(world, "b-1.log", T "03Z stdout F joined\n");
	assert_int_equal(logset_update(&set, &err), 0);
	drain(&set, &out);
	assert_string_equal(out.data, "a-1:new|b-1:joined|");

	put(world, "a-1.log", T "04Z stdout F last\n");
	snprintf(path, sizeof(path), "%s/a-1.log", world->dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(logset_update(&set, &err), 0);
	drain(&set, &out);
	assert_string_equal(out.data, "a-1:last|");
	assert_int_equal(set.count, 1);

	put(world, "a-1.log", T "05Z stdout F again\n");
	assert_int_equal(logset_update(&set, &err), 0);
	drain(&set, &out);
	assert_string_equal(out.data, "a-1:again|");
}

static void a_file_cut_to_nothing_is_read_anew(void **state)
{
	const struct world *world = *state;
	autologset struct logset set = {.dir_fd = -1, .inotify_fd = -1};
	autobuf struct buf out = {0};
	struct err err = {0};
	char path[128];

	put(world, "a-1.log", T "01Z stdout F a long first line\n");
	const struct logset_options options = {.tail = -1, .follow = true};

	assert_int_equal(logset_open(&set, world->dir, &options, &err), 0);
	drain(&set, &out);
	assert_string_equal(out.data, "a-1:a long first line|");
	snprintf(path, sizeof(path), "%s/a-1.log", world->dir);
	assert_int_equal(truncate(path, 0), 0);
	put(world, "a-1.log", T "02Z stdout F x\n");
	assert_int_equal(logset_update(&set, &err), 0);
	drain(&set, &out);
	assert_string_equal(out.data, "a-1:x|");
}

static void links_and_pipes_are_not_followed(void **state)
{
	const struct world *world = *state;
	autologset struct logset set = {.dir_fd = -1, .inotify_fd = -1};
	const struct logset_options options = {.tail = -1};
	struct err err = {0};
	char path[128];

	snprintf(path, sizeof(path), "%s/a-1.log", world->dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(logset_open(&set, world->dir, &options, &err), -ELOOP);
}

static void a_printed_line_is_prefixed_and_safe(void **unused)
{
	struct log_record record = {.time_ns = 1500000000};
	autobuf struct buf out = {0};
	struct logprint style = {.escape = true, .timestamps = true};

	buf_puts(&record.text, "a\033[2Jb");
	logprint_record(&style, "web-1", 7, &record, &out);
	assert_string_equal(out.data, "web-1   | 1970-01-01T00:00:01.500000000Z a\\x1b[2Jb\n");
	out.len = 0;
	style = (struct logprint){.no_prefix = true};
	logprint_record(&style, "web-1", 7, &record, &out);
	assert_string_equal(out.data, "a\033[2Jb\n");
	buf_free(&record.text);
}

static void json_has_every_byte_or_a_question_mark(void **unused)
{
	static const struct logprint style = {.json = true, .escape = true, .colour = true};
	struct log_record record = {.time_ns = 1500000000, .is_stderr = true};
	autobuf struct buf out = {0};

	buf_put(&record.text, "a\0\033\"\xff\xc3\xa9\xc3", 8);
	logprint_record(&style, "web-api-1", 0, &record, &out);
	assert_string_equal(out.data,
			    "{\"time\":\"1970-01-01T00:00:01.500000000Z\",\"service\":\"web-api\","
			    "\"instance\":\"web-api-1\",\"stream\":\"stderr\","
			    "\"text\":\"a\\u0000\\u001B\\\"?\xc3\xa9?\"}\n");
	buf_free(&record.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_are_taken_apart),
		cmocka_unit_test(other_lines_are_refused),
		cmocka_unit_test(a_service_is_all_before_the_last_dash),
		cmocka_unit_test_setup_teardown(instances_are_merged_by_time, make_world,
						drop_world),
		cmocka_unit_test_setup_teardown(older_files_of_an_instance_come_first, make_world,
						drop_world),
		cmocka_unit_test_setup_teardown(parts_are_joined_and_odd_lines_shown, make_world,
						drop_world),
		cmocka_unit_test_setup_teardown(a_tail_is_exact_at_any_length, make_world,
						drop_world),
		cmocka_unit_test_setup_teardown(since_finds_its_place_in_a_long_file, make_world,
						drop_world),
		cmocka_unit_test_setup_teardown(
			following_sees_new_lines_new_instances_and_the_end_of_old_ones, make_world,
			drop_world),
		cmocka_unit_test_setup_teardown(a_file_cut_to_nothing_is_read_anew, make_world,
						drop_world),
		cmocka_unit_test_setup_teardown(links_and_pipes_are_not_followed, make_world,
						drop_world),
		cmocka_unit_test_setup_teardown(the_parts_of_both_streams_may_alternate, make_world,
						drop_world),
		cmocka_unit_test_setup_teardown(a_filter_bounds_time_and_chooses_lines, make_world,
						drop_world),
		cmocka_unit_test(a_pattern_looks_behind_a_nul),
		cmocka_unit_test(what_is_no_pattern_is_refused),
		cmocka_unit_test(a_printed_line_is_prefixed_and_safe),
		cmocka_unit_test(json_has_every_byte_or_a_question_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
