// SPDX-License-Identifier: GPL-2.0-or-later
/* What libnl tells of a failure is told from what may work the next time. */
#include "runtime/network/netlink.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <sys/resource.h>

/* Of libnl, whose headers are its users' alone: NLE_NOMEM, NLE_OBJ_NOTFOUND, NLE_NODEV. */
#define LACK	5
#define MISSING 12
#define NODEV	31

static void full_buffers_are_want_of_memory(void **unused)
{
	struct err err = {0};

	assert_int_equal(netlink_fail(-LACK, "list links", &err), -ENOMEM);
	assert_int_equal(netlink_fail(0, "list links", &err), -ENOMEM);
	assert_string_equal(err.text, "network: list links: Cannot allocate memory");
}

static void what_is_not_there_is_told_from_what_cannot_be_looked_for(void **unused)
{
	struct err err = {0};

	assert_int_equal(netlink_fail(-NODEV, "find link 'x'", &err), -ENODEV);
}

static void any_other_failure_is_told_in_the_words_of_the_library(void **unused)
{
	struct err err = {0};

	assert_int_equal(netlink_fail(-MISSING, "find link 'x'", &err), -EIO);
	assert_string_equal(err.text, "network: find link 'x': Object not found");
}

static void a_socket_that_there_is_no_descriptor_for_is_told_as_that(void **unused)
{
	struct rlimit before;
	struct nl_sock *sock = NULL;
	struct err err = {0};

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, before.rlim_max}), 0);
	int r = netlink_open(0 /* routes and links */, &sock, &err);

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(r, -EMFILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_buffers_are_want_of_memory),
		cmocka_unit_test(what_is_not_there_is_told_from_what_cannot_be_looked_for),
		cmocka_unit_test(any_other_failure_is_told_in_the_words_of_the_library),
		cmocka_unit_test(a_socket_that_there_is_no_descriptor_for_is_told_as_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
