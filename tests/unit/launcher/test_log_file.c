// SPDX-License-Identifier: GPL-2.0-or-later
/* Log files in trouble: on a tmpfs that is full, in a directory that is not there. */
#include "launcher/supervisor/log_file.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define T "2026-01-31T23:59:59.000000000Z"

struct world {
	char top[48];
	char path[80];
	unsigned begun, ended;
	uint64_t lost;
	int code;
};

static void on_trouble(void *data, const struct log_news *news)
{
	struct world *world = data;

	assert_false(news->journal);
	world->begun += news->code != 0;
	world->ended += news->code == 0;
	if (news->code)
		world->code = news->code;
	else
		world->lost = news->lost;
}

static int make_world(void **state)
{
	static struct world world;

	world = (struct world){.top = "/tmp/davit-test-logfile.XXXXXX"};
	*state = &world;
	if (!mkdtemp(world.top))
		return -1;
	snprintf(world.path, sizeof(world.path), "%s/web-1.log", world.top);
	return 0;
}

static int drop_world(void **state)
{
	struct world *world = *state;

	while (umount2(world->top, MNT_DETACH) == 0)
		;
	return fs_remove_tree(world->top, NULL);
}

/* In a mount namespace of its own. */
static void mount_small(const struct world *world)
{
	if (unshare(CLONE_NEWNS) < 0)
		skip(); /* not root: no mounts */
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount("tmpfs", world->top, "tmpfs", 0, "size=64k"), 0);
}

static struct log_file *open_log(struct world *world, int64_t max_bytes, unsigned max_files)
{
	const struct log_limits limits = {max_bytes, max_files};
	const struct log_trouble trouble = {on_trouble, world};
	struct log_file *file = NULL;

	assert_int_equal(log_file_open(world->path, &limits, &trouble, &file, NULL), 0);
	return file;
}

static void put(struct log_file *file, const char *text)
{
	char line[256];
	int len = snprintf(line, sizeof(line), T " stdout F %s\n", text);

	log_file_write(file, T, line, (size_t)len, NULL);
}

/* (Inlined it makes gcc see a dangling pointer where there is none.) */
static __attribute__((noinline)) char *text_of(const struct world *world)
{
	char *text = NULL;

	assert_int_equal(fs_read(world->path, 1 << 20, &text, NULL, NULL), 0);
	return text;
}

static void fill(const struct world *world)
{
	static const char zeros[4096];
	char path[80];

	snprintf(path, sizeof(path), "%s/filler", world->top);
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
}

static void unfill(const struct world *world)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/filler", world->top);
	assert_int_equal(unlink(path), 0);
}

static void a_full_disk_costs_lines_and_one_warning_and_is_recovered_from(void **state)
{
	struct world *world = *state;

	mount_small(world);
	struct log_file *file = open_log(world, 0, 1);

	put(file, "before");
	fill(world);
	for (int i = 0; i < 1000; i++)
		put(file, "while it is full");
	assert_int_equal(world->begun, 1);
	assert_int_equal(world->code, ENOSPC);
	assert_int_equal(world->ended, 0);
	unfill(world);
	put(file, "after");
	assert_int_equal(world->ended, 1);
	struct log_counts counts = log_file_counts(file);

	log_file_close(file);
	autofree char *text = text_of(world);
	const char *note = strstr(text, "stderr F davit: ");

	assert_int_equal(counts.lost_lines, world->lost);
	assert_int_equal(counts.written_bytes, strlen(text));
	unsigned long long said = 0;

	assert_non_null(strstr(text, "F before\n"));
	assert_non_null(note);
	assert_int_equal(sscanf(note, "stderr F davit: %llu lines of the log are lost", &said), 1);
	assert_int_equal(said, world->lost);
	assert_true(world->lost > 900);
	assert_true(strstr(text, "stdout F after\n") > note);
	/* Also a line that was torn ends before the next one begins. */
	for (const char *at = text; at && *at; at = strchr(at, '\n') + 1) {
		size_t len = strcspn(at, "\n");

		assert_memory_equal(at, T, len < strlen(T) ? len : strlen(T));
	}
}

static void the_oldest_files_make_room(void **state)
{
	struct world *world = *state;

	mount_small(world);
	struct log_file *file = open_log(world, 8000, 4);

	for (int i = 0; i < 2000; i++) {
		put(file, "some text");
		if (log_file_excess(file) >= 0)
			log_file_rotate(file);
		if (i == 1000)
			fill(world);
	}
	put(file, "the last line");
	log_file_close(file);
	autofree char *text = text_of(world);

	assert_non_null(strstr(text, "F the last line\n"));
	assert_int_equal(world->begun, 1);
	assert_int_equal(world->lost, 0);
	assert_int_equal(world->ended, 1);
}

static void a_missing_directory_costs_lines_until_it_is_there(void **state)
{
	struct world *world = *state;

	snprintf(world->path, sizeof(world->path), "%s/gone/web-1.log", world->top);
	struct log_file *file = open_log(world, 0, 1);

	put(file, "one");
	put(file, "two");
	assert_int_equal(world->begun, 1);
	assert_int_equal(world->code, ENOENT);
	char dir[80];

	snprintf(dir, sizeof(dir), "%s/gone", world->top);
	assert_int_equal(mkdir(dir, 0700), 0);
	for (int tries = 0; tries < 400 && !world->ended; tries++) {
		put(file, "again");
		usleep(10000);
	}
	assert_int_equal(world->ended, 1);
	log_file_close(file);
	autofree char *text = text_of(world);

	assert_non_null(strstr(text, " lines of the log are lost"));
	assert_non_null(strstr(text, "F again\n"));
}

static void a_read_only_disk_costs_lines_only(void **state)
{
	struct world *world = *state;

	mount_small(world);
	assert_int_equal(mount(NULL, world->top, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	struct log_file *file = open_log(world, 100, 3);

	put(file, "one");
	log_file_rotate(file);
	put(file, "two");
	assert_int_equal(world->begun, 1);
	assert_int_equal(world->code, EROFS);
	log_file_close(file);
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, make_world, drop_world)

static void a_line_that_was_cut_off_is_ended_before_the_next(void **state)
{
	struct world *world = *state;
	struct log_file *file = open_log(world, 0, 1);

	put(file, "first");
	put(file, "second");
	log_file_close(file);
	assert_int_equal(truncate(world->path, 2 * strlen(T " stdout F first\n") - 3), 0);
	file = open_log(world, 0, 1);
	put(file, "third");
	log_file_close(file);
	autofree char *text = text_of(world);

	assert_string_equal(text, T " stdout F first\n" T " stdout F sec\n" T " stdout F third\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_full_disk_costs_lines_and_one_warning_and_is_recovered_from),
		WORLD_TEST(the_oldest_files_make_room),
		WORLD_TEST(a_missing_directory_costs_lines_until_it_is_there),
		WORLD_TEST(a_read_only_disk_costs_lines_only),
		WORLD_TEST(a_line_that_was_cut_off_is_ended_before_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
