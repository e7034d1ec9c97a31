// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/supervisor/ids.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char dir[] = "/tmp/davit-test-ids-XXXXXX";
static char path[128];
static struct err err;

static const char *below(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int make_dir(void **unused)
{
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **unused)
{
	return fs_remove_tree(dir, &err);
}

/* A stack is there when its lock is. */
static void make_stack(const char *name)
{
	assert_int_equal(fs_make_dirs(below(name), 0700, &err), 0);
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/lock");
	assert_int_equal(fs_rewrite(path, "", 0, 0600, &err), 0);
}

static uint32_t take(const char *stack)
{
	uint32_t first = 0;

	assert_int_equal(ids_take(dir, stack, &first, &err), 0);
	assert_true(first >= IDS_FIRST);
	assert_true(first + IDS_COUNT <= IDS_FIRST + IDS_RANGES * IDS_COUNT);
	assert_int_equal((first - IDS_FIRST) % IDS_COUNT, 0);
	return first;
}

static void a_stack_has_the_same_range_again(void **unused)
{
	uint32_t first = take("shop");

	assert_int_equal(take("shop"), first);
	ids_give_back(dir, "shop");
	assert_int_equal(take("shop"), first);
}

static void no_two_stacks_share_a_range(void **unused)
{
	char name[16];
	uint32_t seen[200];

	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "stack%d", i);
		make_stack(name);
		seen[i] = take(name);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(seen[i], seen[k]);
	}
}

/* Every range is one stack's. */
static void fill(const char *stack)
{
	char link[160];

	for (unsigned i = 0; i < IDS_RANGES; i++) {
		snprintf(link, sizeof(link), "%s/.ids/%u", dir, i);
		assert_int_equal(symlink(stack, link), 0);
	}
}

static void a_range_of_a_stack_that_is_gone_is_free(void **unused)
{
	uint32_t first = take("shop");

	ids_give_back(dir, "shop");
	assert_int_equal(fs_make_dirs(below(".ids"), 0700, &err), 0);
	fill("gone");
	assert_int_equal(take("shop"), first);
}

static void when_all_are_taken_it_is_told(void **unused)
{
	uint32_t first = 7;

	make_stack("living");
	assert_int_equal(fs_make_dirs(below(".ids"), 0700, &err), 0);
	fill("living");
	assert_int_equal(ids_take(dir, "shop", &first, &err), -EUSERS);
	assert_string_equal(err.text, "all 4094 ranges of ids are taken");
	assert_int_equal(first, 7);
}

static void nothing_is_left_when_the_last_gives_its_back(void **unused)
{
	(void)take("shop");
	make_stack("other");
	(void)take("other");
	ids_give_back(dir, "shop");
	assert_int_equal(access(below(".ids"), F_OK), 0);
	ids_give_back(dir, "other");
	assert_int_equal(access(below(".ids"), F_OK), -1);
	ids_give_back(dir, "other"); /* nothing to give is no fault */
}

static void a_place_that_cannot_be_is_told(void **unused)
{
	uint32_t first;

	assert_int_equal(fs_rewrite(below("file"), "", 0, 0600, &err), 0);
	assert_true(ids_take(below("file"), "shop", &first, &err) < 0);
	assert_non_null(strstr(err.text, "/file"));
}

int main(void)
{
#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		WITH_DIR(a_stack_has_the_same_range_again),
		WITH_DIR(no_two_stacks_share_a_range),
		WITH_DIR(a_range_of_a_stack_that_is_gone_is_free),
		WITH_DIR(when_all_are_taken_it_is_told),
		WITH_DIR(nothing_is_left_when_the_last_gives_its_back),
		WITH_DIR(a_place_that_cannot_be_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
