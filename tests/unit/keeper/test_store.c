// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/keeper/store.h"
#include "tests/unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int open_one(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int forget_all(void **unused)
{
	while (store_count() > 0)
		store_drop(store_at(0)->name);
	return 0;
}

static void a_name_has_one_descriptor(void **unused)
{
	int first = open_one();
	int second = open_one();

	assert_true(store_put("web-1.stdout", first));
	assert_true(store_put("web-1.stdout", second));
	assert_int_equal(store_count(), 1);
	assert_int_equal(store_at(0)->fd, second);
	assert_string_equal(store_at(0)->name, "web-1.stdout");
	assert_false(is_open(first));
	assert_true(is_open(second));
	store_drop("web-2.stdout");
	store_drop("web-1.stdout");
	assert_int_equal(store_count(), 0);
	assert_false(is_open(second));
}

static void what_came_without_a_descriptor_takes_the_name_away(void **unused)
{
	assert_true(store_put("a", open_one()));
	assert_false(store_put("a", -1));
	assert_int_equal(store_count(), 0);
}

static void a_full_table_refuses_and_closes(void **unused)
{
	char name[16];

	/* (The same number many times: the table does not look at what it is.) */
	for (unsigned i = 0; i < STORE_MAX; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_true(store_put(name, 1000000));
	}
	int fd = open_one();

	assert_false(store_put("more", fd));
	assert_false(is_open(fd));
	store_drop("n0");
	assert_true(store_put("more", open_one()));
	assert_int_equal(store_count(), STORE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_name_has_one_descriptor, forget_all),
		cmocka_unit_test_teardown(what_came_without_a_descriptor_takes_the_name_away,
					  forget_all),
		cmocka_unit_test_teardown(a_full_table_refuses_and_closes, forget_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
