// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups that another process has made. */
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_adopt.h"
#include "tests/unit/runtime/cg_world.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

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
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
