// SPDX-License-Identifier: GPL-2.0-or-later
/* The history that outlives its writer: numbers go on, whatever became of the files. */
#include "launcher/supervisor/event_log.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
	char dir[48];
};

static int make_world(void **state)
{
	static struct world world;

	world = (struct world){.dir = "/tmp/davit-test-events.XXXXXX"};
	*state = &world;
	return mkdtemp(world.dir) ? 0 : -1;
}

static int drop_world(void **state)
{
	const struct world *world = *state;

	return fs_remove_tree(world->dir, NULL);
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, make_world, drop_world)

static struct event_log *open_log(const struct world *world)
{
	struct event_log *log = NULL;

	assert_int_equal(event_log_open(world->dir, &log, NULL), 0);
	return log;
}

static uint64_t add(struct event_log *log, size_t padding)
{
	char line[EVENT_LINE_MAX];
	uint64_t number = event_log_number(log);
	int len = snprintf(line, sizeof(line), "{\"seq\":%" PRIu64 ",\"pad\":\"%0*d\"}\n", number,
			   (int)padding, 0);

	assert_true(event_log_append(log, line, (size_t)len));
	return number;
}

static void put(const struct world *world, const char *name, const char *mode, const char *text)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/%s", world->dir, name);
	autofile FILE *file = fopen(path, mode);

	assert_non_null(file);
	assert_int_equal(fputs(text, file) < 0, 0);
}

/* The number that the next writer begins with. */
static uint64_t next_of(const struct world *world)
{
	struct event_log *log = open_log(world);
	uint64_t number = event_log_number(log);

	event_log_close(log);
	return number;
}

static void numbers_begin_with_one_and_go_on_in_the_next_writer(void **state)
{
	const struct world *world = *state;
	struct event_log *log = open_log(world);

	assert_int_equal(add(log, 1), 1);
	assert_int_equal(add(log, 1), 2);
	event_log_close(log);
	log = open_log(world);
	assert_int_equal(add(log, 1), 3);
	event_log_close(log);
}

static void a_torn_line_is_passed_over_and_ended(void **state)
{
	const struct world *world = *state;
	autofree char *text = NULL;
	char path[80];

	put(world, EVENT_LOG_NAME, "we", "{\"seq\":6}\n{\"seq\":7}\n{\"seq\":8,\"x");
	struct event_log *log = open_log(world);

	assert_int_equal(add(log, 1), 8);
	event_log_close(log);
	snprintf(path, sizeof(path), "%s/%s", world->dir, EVENT_LOG_NAME);
	assert_int_equal(fs_read(path, 4096, &text, NULL, NULL), 0);
	assert_string_equal(
		text, "{\"seq\":6}\n{\"seq\":7}\n{\"seq\":8,\"x\n{\"seq\":8,\"pad\":\"0\"}\n");
}

static void damage_costs_no_more_than_the_numbers_that_were_damaged(void **state)
{
	const struct world *world = *state;

	put(world, EVENT_LOG_NAME, "we", "{\"seq\":6}\nrubbish\n{\"seq\":\"x\"}\n\n");
	assert_int_equal(next_of(world), 7);
	put(world, EVENT_LOG_NAME, "we", "");
	assert_int_equal(next_of(world), 1);
	put(world, EVENT_LOG_NAME ".1", "we", "{\"seq\":40}\n");
	assert_int_equal(next_of(world), 41);
}

static void the_history_is_bounded(void **state)
{
	const struct world *world = *state;
	struct event_log *log = open_log(world);
	char path[80];
	struct stat info;
	uint64_t last = 0;

	for (int i = 0; i < 5000; i++)
		last = add(log, 1000);
	event_log_close(log);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s%s", world->dir, EVENT_LOG_NAME, i ? ".1" : "");
		assert_int_equal(stat(path, &info), 0);
		assert_true(info.st_size <= EVENT_LOG_BYTES);
		assert_int_equal(info.st_mode & 0777, 0600);
	}
	assert_int_equal(next_of(world), last + 1);
}

static void without_its_directory_lines_are_missed_and_numbers_go_on(void **state)
{
	const struct world *world = *state;
	const struct world nowhere = {.dir = "/nonexistent"};
	struct event_log *log = open_log(&nowhere);

	assert_int_equal(event_log_number(log), 1);
	assert_false(event_log_append(log, "x\n", 2));
	assert_int_equal(event_log_number(log), 2);
	event_log_close(log);
	assert_int_equal(next_of(world), 1);
}

static void the_recent_lines_are_whole_and_go_over_both_files(void **state)
{
	const struct world *world = *state;
	struct event_log *log = NULL;
	autobuf struct buf all = {0};
	autobuf struct buf some = {0};
	autobuf struct buf one = {0};

	put(world, EVENT_LOG_NAME ".1", "w", "{\"seq\":1}\n{\"seq\":2}\n{\"se");
	put(world, EVENT_LOG_NAME, "w", "{\"seq\":3}\n{\"seq\":4}\n{\"seq\":5");
	log = open_log(world);
	event_log_recent(log, 1000, &all);
	assert_string_equal(all.data, "{\"seq\":1}\n{\"seq\":2}\n{\"seq\":3}\n{\"seq\":4}\n");
	event_log_recent(log, 24, &some);
	assert_string_equal(some.data, "{\"seq\":4}\n");
	event_log_recent(log, 5, &one);
	assert_int_equal(one.len, 0);
	event_log_close(log);
}

static void nothing_is_recent_where_nothing_was_written(void **unused)
{
	const struct world nowhere = {.dir = "/nonexistent"};
	struct event_log *log = open_log(&nowhere);
	autobuf struct buf lines = {0};

	event_log_recent(log, 1000, &lines);
	assert_int_equal(lines.len, 0);
	assert_false(lines.failed);
	event_log_close(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(numbers_begin_with_one_and_go_on_in_the_next_writer),
		WORLD_TEST(a_torn_line_is_passed_over_and_ended),
		WORLD_TEST(damage_costs_no_more_than_the_numbers_that_were_damaged),
		WORLD_TEST(the_history_is_bounded),
		WORLD_TEST(the_recent_lines_are_whole_and_go_over_both_files),
		cmocka_unit_test(nothing_is_recent_where_nothing_was_written),
		WORLD_TEST(without_its_directory_lines_are_missed_and_numbers_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
