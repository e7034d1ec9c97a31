// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/caps.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

#define BIT(cap) (UINT64_C(1) << (cap))

static const char *const all[] = {"ALL", NULL};
static const char *const chown_only[] = {"CAP_CHOWN", NULL};
static const char *const admin[] = {"CAP_SYS_ADMIN", NULL};

static struct caps resolve(const char *const *add, const char *const *drop)
{
	struct caps caps = {0};
	struct err err = {0};
	int r = caps_resolve(add, drop, &caps, &err);

	if (r < 0)
		print_message("%s\n", err.text);
	assert_int_equal(r, 0);
	return caps;
}

static void defaults_leave_out_what_spoofs_or_makes_devices(void **unused)
{
	struct caps caps = resolve(NULL, NULL);

	assert_true(caps.keep & BIT(CAP_CHOWN));
	assert_false(caps.keep & (BIT(CAP_NET_RAW) | BIT(CAP_MKNOD) | BIT(CAP_AUDIT_WRITE)));
	assert_false(caps.keep &
		     (BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH)));
	assert_int_equal(caps.ambient, 0);
}

static void adding_and_dropping_follow_the_engines(void **unused)
{
	struct caps caps = resolve(chown_only, all);

	assert_true(caps.keep == BIT(CAP_CHOWN));
	assert_true(caps.ambient == BIT(CAP_CHOWN));
	caps = resolve(all, chown_only);
	assert_true(caps.keep & BIT(CAP_SYS_ADMIN));
	assert_false(caps.keep & BIT(CAP_CHOWN));
	caps = resolve(admin, chown_only);
	assert_true(caps.keep & BIT(CAP_SYS_ADMIN));
	assert_true(caps.keep & BIT(CAP_KILL));
	assert_false(caps.keep & BIT(CAP_CHOWN));
	caps = resolve(NULL, all);
	assert_true(caps.keep == 0);
}

static void unknown_names_are_refused(void **unused)
{
	static const char *const bad[] = {"CAP_", "chown", "CHOWN", "CAP_MAGIC", "0", "", "63"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const names[] = {bad[i], NULL};
		struct caps caps = {0};
		struct err err = {0};

		assert_int_equal(caps_resolve(names, NULL, &caps, &err), -EINVAL);
		assert_non_null(strstr(err.text, "unknown capability"));
		assert_int_equal(caps_resolve(NULL, names, &caps, &err), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_leave_out_what_spoofs_or_makes_devices),
		cmocka_unit_test(adding_and_dropping_follow_the_engines),
		cmocka_unit_test(unknown_names_are_refused),
	};

	if (geteuid() != 0) {
		print_message("skipped: needs root, only it has capabilities to give\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
