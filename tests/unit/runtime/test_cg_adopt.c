// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups that another process has made. */
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_adopt.h"
#include "tests/unit/runtime/cg_world.h"

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_group_made_by_another_is_found_and_taken_over(void **unused)
{
	(void)unused;
	const struct cg_limits limits = {.pids = 5};
	struct cg *cg = NULL, *heir = NULL;
	autostrv struct strv names = {0};
	autofree pid_t *pids = NULL;
	size_t count = 0;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(cg_make(tree, "web-1.3", &limits, &cg, NULL), 0);
	assert_int_equal(cg_join(cg, pid, NULL), 0);
	assert_int_equal(cg_tree_list(tree, &names, NULL), 0);
	assert_int_equal(names.count, 1);
	assert_string_equal(names.items[0], "web-1.3");
	assert_int_equal(cg_tree_pids(tree, "web-1.3", &pids, &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_int_equal(pids[0], pid);
	cg_free(cg);

	assert_int_equal(cg_adopt(tree, "web-1.3", &limits, &heir, NULL), 0);
	assert_int_equal(cg_has(heir, pid), 1);
	assert_int_equal(cg_kill(heir, NULL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(cg_remove(heir, NULL), 0);
	cg_free(heir);
}

static void a_group_that_is_not_there_is_not_taken_over(void **unused)
{
	(void)unused;
	struct cg *cg = NULL;
	autofree pid_t *pids = NULL;
	size_t count = 1;
	struct err err = {0};

	assert_int_equal(cg_adopt(tree, "none", &(struct cg_limits){0}, &cg, &err), -ENOENT);
	assert_int_equal(cg_adopt(tree, "../x", &(struct cg_limits){0}, &cg, &err), -EINVAL);
	assert_int_equal(cg_tree_pids(tree, "none", &pids, &count, &err), 0);
	assert_int_equal(count, 0);
}

/* Where the group is, of the usual places. */
static size_t places_of(const char *name, glob_t *ret)
{
	char pattern[128];

	snprintf(pattern, sizeof(pattern), "/sys/fs/cgroup/*/%s/%s", stack, name);
	(void)!glob(pattern, 0, NULL, ret);
	snprintf(pattern, sizeof(pattern), "/sys/fs/cgroup/%s/%s", stack, name);
	(void)!glob(pattern, GLOB_APPEND, NULL, ret);
	return ret->gl_pathc;
}

static void what_is_left_of_a_group_can_be_removed(void **unused)
{
	(void)unused;
	const struct cg_limits limits = {.cpus = "0"};
	struct cg *cg = NULL, *heir = NULL;
	autostrv struct strv names = {0};
	glob_t places = {0}, left = {0};

	assert_int_equal(cg_make(tree, "half.1", &limits, &cg, NULL), 0);
	cg_free(cg);
	assert_true(places_of("half.1", &places) > 0);
	for (size_t i = 1; i < places.gl_pathc; i++)
		assert_int_equal(rmdir(places.gl_pathv[i]), 0);
	globfree(&places);
	assert_int_equal(cg_tree_list(tree, &names, NULL), 0);
	assert_true(strv_has(&names, "half.1"));
	assert_int_equal(cg_inherit(tree, "half.1", &heir, NULL), 0);
	assert_int_equal(cg_remove(heir, NULL), 0);
	cg_free(heir);
	assert_int_equal(places_of("half.1", &left), 0);
	globfree(&left);
}

static int set_up(void **unused)
{
	(void)unused;
	struct err err = {0};

	snprintf(top, sizeof(top), "davit-test-adopt-%d", (int)getpid());
	snprintf(stack, sizeof(stack), "%s/shop", top);
	if (cg_tree_open(stack, &tree, &err) == 0)
		return 0;
	print_message("SKIP: no writable control groups here: %s\n", err.text);
	exit(77);
}

static int tear_down(void **unused)
{
	(void)unused;
	int r = cg_tree_remove(tree, NULL);

	cg_tree_close(tree);
	return r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_made_by_another_is_found_and_taken_over),
		cmocka_unit_test(a_group_that_is_not_there_is_not_taken_over),
		cmocka_unit_test(what_is_left_of_a_group_can_be_removed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
