// SPDX-License-Identifier: GPL-2.0-or-later
/* What is found out about a host: everything there, and each thing missing by itself. */
#include "launcher/cli/diagnosis.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static const struct host_facts whole = {
	.root = true,
	.release = "6.1.0-18-amd64",
	.cgroup2_root = true,
	.cgroup2_mount = true,
	.controllers = "cpuset cpu io memory pids\n",
	.cgroups = "#subsys_name\thierarchy\tnum_"
		   "cgroups\tenabled\ncpu\t1\t1\t1\nmemory\t2\t1\t1\npids\t3\t1\t1\n",
	.user_namespaces = "63000\n",
	.seccomp_actions = "kill_process kill_thread trap errno user_notif trace log allow\n",
	.filesystems = "nodev\tsysfs\nnodev\toverlay\n\text4\n",
	.landlock_version = 2,
	.nftables = true,
	.pressure = true,
	.most_files = 1048576,
	.pid_max = "4194304\n",
	.skopeo = true,
	.builder = true,
	.free_bytes = UINT64_C(10) << 30,
};

static const struct finding *find(const struct host_facts *facts, const char *subject)
{
	static struct finding findings[FINDINGS_MAX];
	size_t count = diagnose(facts, findings);

	assert_true(count <= FINDINGS_MAX);
	for (size_t i = 0; i < count; i++)
		if (strcmp(findings[i].subject, subject) == 0)
			return &findings[i];
	fail_msg("nothing was said about %s", subject);
	return NULL;
}

static void expect(const struct host_facts *facts, const char *subject, enum finding_state state)
{
	const struct finding *finding = find(facts, subject);

	if (finding->state != state)
		fail_msg("%s is %s: %s", subject, finding_state_name(finding->state),
			 finding->text);
	if (state != FINDING_OK)
		assert_non_null(finding->fix);
}

static void a_whole_host_lacks_nothing(void **unused)
{
	struct finding findings[FINDINGS_MAX];
	size_t count = diagnose(&whole, findings);

	(void)unused;
	for (size_t i = 0; i < count; i++)
		if (findings[i].state != FINDING_OK || findings[i].fix)
			fail_msg("%s: %s", findings[i].subject, findings[i].text);
}

static void each_thing_that_is_missing_is_said(void **unused)
{
	struct host_facts facts = whole;

	(void)unused;
	facts.root = false;
	facts.release = "5.8.0";
	facts.controllers = "cpu memory-of-old pids";
	facts.user_namespaces = "0\n";
	facts.seccomp_actions = "errno log";
	facts.landlock_version = 0;
	facts.nftables = false;
	facts.filesystems = "nodev\tnot-overlay\n";
	facts.builder = false;
	facts.pressure = false;
	facts.most_files = 1024;
	facts.pid_max = "4096";
	facts.free_bytes = UINT64_C(5) << 20;
	expect(&facts, "user", FINDING_BROKEN);
	expect(&facts, "kernel", FINDING_BROKEN);
	expect(&facts, "cgroups", FINDING_BROKEN);
	expect(&facts, "user ids", FINDING_WEAK);
	expect(&facts, "seccomp", FINDING_WEAK);
	expect(&facts, "landlock", FINDING_WEAK);
	expect(&facts, "nftables", FINDING_BROKEN);
	expect(&facts, "images", FINDING_BROKEN);
	expect(&facts, "builds", FINDING_WEAK);
	expect(&facts, "pressure", FINDING_WEAK);
	expect(&facts, "files", FINDING_WEAK);
	expect(&facts, "processes", FINDING_WEAK);
	expect(&facts, "disk", FINDING_WEAK);
}

static void files_that_cannot_be_read_are_not_taken_for_good(void **unused)
{
	struct host_facts facts = {.root = true};

	(void)unused;
	expect(&facts, "cgroups", FINDING_BROKEN);
	expect(&facts, "seccomp", FINDING_BROKEN);
	expect(&facts, "images", FINDING_BROKEN);
	expect(&facts, "user ids", FINDING_WEAK);
	expect(&facts, "disk", FINDING_BROKEN);
	assert_int_equal(find(&facts, "kernel")->state, FINDING_WEAK);
}

static void kernels_are_told_apart_by_what_they_lack(void **unused)
{
	struct host_facts facts = whole;

	(void)unused;
	facts.release = "5.11.0";
	assert_non_null(strstr(find(&facts, "kernel")->text, "idmapped"));
	facts.release = "5.13.0";
	assert_non_null(strstr(find(&facts, "kernel")->text, "cgroup.kill"));
	facts.release = "5.14.0";
	expect(&facts, "kernel", FINDING_OK);
	facts.release = "10.0";
	expect(&facts, "kernel", FINDING_OK);
}

static void controllers_of_v1_count_when_switched_on(void **unused)
{
	struct host_facts facts = whole;

	(void)unused;
	facts.cgroup2_root = false;
	facts.controllers = NULL;
	expect(&facts, "cgroups", FINDING_OK);
	expect(&facts, "devices", FINDING_OK);
	facts.cgroups = "cpu\t1\t1\t1\nmemory\t2\t1\t0\npids\t3\t1\t1\n";
	expect(&facts, "cgroups", FINDING_BROKEN);
	facts.cgroups = "cpuset\t1\t1\t1\nmemory\t2\t1\t1\npids\t3\t1\t1";
	expect(&facts, "cgroups", FINDING_BROKEN);
	facts.cgroup2_mount = false;
	expect(&facts, "devices", FINDING_WEAK);
}

static void a_directory_that_cannot_be_written_is_named(void **unused)
{
	struct host_facts facts = whole;

	(void)unused;
	facts.unwritable = "/var/lib";
	expect(&facts, "disk", FINDING_BROKEN);
	assert_string_equal(find(&facts, "disk")->text, "/var/lib cannot be written to");
}

static void a_fix_is_one_that_this_user_can_apply(void **unused)
{
	struct host_facts facts = whole;

	(void)unused;
	facts.most_files = 1024;
	assert_null(strstr(find(&facts, "files")->fix, "ulimit"));
	facts.raises_files = true;
	assert_non_null(strstr(find(&facts, "files")->fix, "ulimit -Hn"));
	facts.cgroup2_root = facts.cgroup2_mount = false;
	assert_non_null(strstr(find(&facts, "devices")->fix, "mkdir -p"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_host_lacks_nothing),
		cmocka_unit_test(each_thing_that_is_missing_is_said),
		cmocka_unit_test(files_that_cannot_be_read_are_not_taken_for_good),
		cmocka_unit_test(kernels_are_told_apart_by_what_they_lack),
		cmocka_unit_test(controllers_of_v1_count_when_switched_on),
		cmocka_unit_test(a_directory_that_cannot_be_written_is_named),
		cmocka_unit_test(a_fix_is_one_that_this_user_can_apply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
