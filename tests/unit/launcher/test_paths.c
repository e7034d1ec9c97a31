// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

static void names_that_could_leave_their_directory_are_no_stack_names(void **unused)
{
	static const char *const bad[] = {"",	".", "..",  "a/b", "-a",
					  "_a", "A", "a b", "a\n", "\xc3\xa4"};
	char longest[70];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(paths_is_stack_name(bad[i]));
	memset(longest, 'a', sizeof(longest));
	longest[64] = '\0';
	assert_false(paths_is_stack_name(longest));
	longest[63] = '\0';
	assert_true(paths_is_stack_name(longest));
	assert_true(paths_is_stack_name("0shop_a-b"));
}

static void the_environment_overrides_directories(void **unused)
{
	autofree char *dir = NULL;
	autofree char *sock = NULL;
	struct err err = {0};

	setenv("DAVIT_RUN_DIR", "/somewhere", 1);
	assert_int_equal(paths_dir(PATHS_RUN, "shop", &dir, &err), 0);
	assert_string_equal(dir, "/somewhere/shop");
	assert_int_equal(paths_socket("shop", &sock, &err), 0);
	assert_string_equal(sock, "/somewhere/shop/control.sock");
	unsetenv("DAVIT_RUN_DIR");
}

static void impossible_paths_are_refused(void **unused)
{
	struct err err = {0};
	char *path = NULL;
	char deep[120];

	assert_int_equal(paths_dir(PATHS_LOG, "../x", &path, &err), -EINVAL);
	setenv("DAVIT_RUN_DIR", "relative", 1);
	assert_int_equal(paths_dir(PATHS_RUN, NULL, &path, &err), -EINVAL);
	memset(deep, 'd', sizeof(deep));
	deep[0] = '/';
	deep[sizeof(deep) - 1] = '\0';
	setenv("DAVIT_RUN_DIR", deep, 1);
	assert_int_equal(paths_socket("shop", &path, &err), -ENAMETOOLONG);
	unsetenv("DAVIT_RUN_DIR");
	setenv("DAVIT_LIBEXEC", "/nonexistent", 1);
	assert_int_equal(paths_helper("davit-supervisor", &path, &err), -ENOENT);
	unsetenv("DAVIT_LIBEXEC");
	assert_int_equal(paths_helper("davit-no-such-helper", &path, &err), -ENOENT);
	assert_null(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_could_leave_their_directory_are_no_stack_names),
		cmocka_unit_test(the_environment_overrides_directories),
		cmocka_unit_test(impossible_paths_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
