// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading the history while it is written and rotated. */
#include "launcher/cli/eventlog.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
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

static void put(const struct world *world, const char *name, const char *text)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/%s", world->dir, name);
	autofile FILE *file = fopen(path, "ae");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) < 0, 0);
}

static void rotate(const struct world *world)
{
	char from[80];
	char to[80];

	snprintf(from, sizeof(from), "%s/events.jsonl", world->dir);
	snprintf(to, sizeof(to), "%s/events.jsonl.1", world->dir);
	assert_int_equal(rename(from, to), 0);
}

/* The numbers of all events there are now, as "1,2,". */
static void expect(struct eventlog *log, const char *wanted)
{
	autobuf struct buf seen = {0};
	struct json_t *event = NULL;
	struct err err = {0};
	int r = 0;

	eventlog_update(log);
	buf_puts(&seen, "");
	while ((r = eventlog_next(log, &event, &err)) > 0) {
		buf_printf(&seen, "%d,", (int)js_int(event, "seq", 0));
		js_free(event);
	}
	assert_int_equal(r, 0);
	assert_string_equal(seen.data, wanted);
}

static void open_log(const struct world *world, struct eventlog *log)
{
	struct err err = {0};

	assert_int_equal(eventlog_open(log, world->dir, &err), 0);
}

#define CLOSED                                                                                     \
	{                                                                                          \
		.dir_fd = -1, .inotify_fd = -1, .fd = -1                                           \
	}

static void both_files_are_one_history(void **state)
{
	const struct world *world = *state;
	autoeventlog struct eventlog log = CLOSED;

	put(world, "events.jsonl.1", "{\"seq\":1}\n{\"seq\":2}\n");
	put(world, "events.jsonl", "{\"seq\":3}\n");
	open_log(world, &log);
	expect(&log, "1,2,3,");
	expect(&log, "");
}

static void damaged_lines_are_passed_over_and_torn_ones_awaited(void **state)
{
	const struct world *world = *state;
	autoeventlog struct eventlog log = CLOSED;

	put(world, "events.jsonl", "{\"seq\":1}\n{\"seq\":2,\"x\n{\"seq\":3}\n\n{\"seq\"");
	open_log(world, &log);
	expect(&log, "1,3,");
	put(world, "events.jsonl", ":4}\n");
	expect(&log, "4,");
}

static void a_reader_follows_through_rotations(void **state)
{
	const struct world *world = *state;
	autoeventlog struct eventlog log = CLOSED;

	open_log(world, &log);
	expect(&log, "");
	put(world, "events.jsonl", "{\"seq\":1}\n");
	expect(&log, "1,");
	put(world, "events.jsonl", "{\"seq\":2}\n");
	rotate(world);
	expect(&log, "2,");
	put(world, "events.jsonl", "{\"seq\":3}\n");
	expect(&log, "3,");
	put(world, "events.jsonl", "{\"seq\":4}\n");
	rotate(world);
	put(world, "events.jsonl", "{\"seq\":5}\n");
	expect(&log, "4,5,");
	/* Two at once: what is still there of the first is read. */
	rotate(world);
	put(world, "events.jsonl", "{\"seq\":6}\n");
	rotate(world);
	put(world, "events.jsonl", "{\"seq\":7}\n");
	expect(&log, "6,7,");
}

static void the_end_of_the_stack_is_seen(void **state)
{
	const struct world *world = *state;
	autoeventlog struct eventlog log = CLOSED;

	put(world, "events.jsonl", "{\"seq\":1}\n");
	open_log(world, &log);
	eventlog_update(&log);
	assert_false(log.ended);
	assert_int_equal(fs_remove_tree(world->dir, NULL), 0);
	eventlog_update(&log);
	assert_true(log.ended);
	assert_int_equal(mkdir(world->dir, 0700), 0);
}

/* The follower may look between the last file's removal and the directory's own. */
static void the_end_wakes_a_follower_that_has_seen_everything_else(void **state)
{
	const struct world *world = *state;
	autoeventlog struct eventlog log = CLOSED;
	struct pollfd waited = {.events = POLLIN};

	open_log(world, &log);
	eventlog_update(&log);
	assert_false(log.ended);
	waited.fd = log.inotify_fd;
	assert_int_equal(poll(&waited, 1, 0), 0);
	assert_int_equal(rmdir(world->dir), 0);
	assert_int_equal(poll(&waited, 1, 0), 1);
	eventlog_update(&log);
	assert_true(log.ended);
	assert_int_equal(mkdir(world->dir, 0700), 0);
}

static void a_stack_that_does_not_run_has_none(void **unused)
{
	autoeventlog struct eventlog log = CLOSED;
	struct err err = {0};

	assert_int_equal(eventlog_open(&log, "/nonexistent", &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(both_files_are_one_history),
		WORLD_TEST(damaged_lines_are_passed_over_and_torn_ones_awaited),
		WORLD_TEST(a_reader_follows_through_rotations),
		WORLD_TEST(the_end_of_the_stack_is_seen),
		WORLD_TEST(the_end_wakes_a_follower_that_has_seen_everything_else),
		cmocka_unit_test(a_stack_that_does_not_run_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
