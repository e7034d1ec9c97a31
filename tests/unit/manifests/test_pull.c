// SPDX-License-Identifier: GPL-2.0-or-later
/* pull_policy and platform. */
#include "tests/unit/manifests/one_service.h"

static void every_policy_is_known(void **unused)
{
	static const struct {
		const char *attributes;
		enum pull_policy policy;
	} all[] = {
		{"x-none: 1", PULL_DEFAULT},	    {"pull_policy: always", PULL_ALWAYS},
		{"pull_policy: never", PULL_NEVER}, {"pull_policy: missing", PULL_MISSING},
		{"pull_policy: build", PULL_BUILD}, {"pull_policy: if_not_present", PULL_MISSING},
		{"pull_policy:", PULL_DEFAULT},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct service *a = one_service(&fixture, all[i].attributes);

		assert_int_equal(a->pull.policy, all[i].policy);
		assert_int_equal(a->pull.pos.line, all[i].policy == PULL_DEFAULT ? 0 : 5);
		assert_int_equal(fixture.diags.count, 0);
	}
}

static void faults_are_told_at_their_place(void **unused)
{
	static const struct fault faults[] = {
		{"pull_policy: daily",
		 "5:16: error: services.a.pull_policy: 'daily' is not supported yet"},
		{"pull_policy: every_12h",
		 "5:16: error: services.a.pull_policy: 'every_12h' is not supported yet"},
		{"pull_policy: allways",
		 "5:16: error: services.a.pull_policy: 'allways' is not always, never, missing, "
		 "if_not_present or build: did you mean 'always'?"},
		{"pull_policy: x",
		 "5:16: error: services.a.pull_policy: 'x' is not always, never, missing, "
		 "if_not_present or build"},
		{"pull_policy: []",
		 "5:16: error: services.a.pull_policy: must be text, this is a list"},
		{"platform: linux//x", "5:13: error: services.a.platform: 'linux//x' is not a "
				       "platform: OS[/ARCH[/VARIANT]], for example linux/amd64"},
		{"platform: a/b/c/d", "5:13: error: services.a.platform: 'a/b/c/d' is not a "
				      "platform: OS[/ARCH[/VARIANT]], for example linux/amd64"},
		{"platform: '/'", "5:13: error: services.a.platform: '/' is not a "
				  "platform: OS[/ARCH[/VARIANT]], for example linux/amd64"},
	};
	static const struct fault notes[] = {
		{"platform: linux/arm64/v8", "5:13: note: services.a.platform: 'linux/arm64/v8' is "
					     "not supported: this machine is linux/amd64"},
		{"platform: wasi/wasm", "5:13: note: services.a.platform: 'wasi/wasm' is not "
					"supported: this machine is linux/amd64"},
		{"platform: aarch64", "5:13: note: services.a.platform: 'aarch64' is not "
				      "supported: this machine is linux/amd64"},
		{"platform: windows", "5:13: note: services.a.platform: 'windows' is not "
				      "supported: this machine is linux/amd64"},
	};
	static const char *const silent[] = {"platform: linux/amd64", "platform: linux",
					     "platform: x86_64", "platform: linux/amd64/v1", NULL};

	(void)unused;
#ifdef __x86_64__
	check_one_service_faults(faults, ARRAY_SIZE(faults));
	check_one_service_notes(notes, ARRAY_SIZE(notes));
	check_one_service_silent(silent);
#else
	check_one_service_faults(faults, 5);
	(void)notes;
	(void)silent;
	skip(); /* the words name the machine */
#endif
}

static void what_is_printed_loads_again(void **unused)
{
	static const char *const all[] = {
		"pull_policy: always", "pull_policy: never", "pull_policy: if_not_present",
		"pull_policy: build",  "platform: linux",    NULL};

	(void)unused;
	check_one_service_printing(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_is_known),
		cmocka_unit_test(faults_are_told_at_their_place),
		cmocka_unit_test(what_is_printed_loads_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
