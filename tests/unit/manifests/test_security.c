// SPDX-License-Identifier: GPL-2.0-or-later
/* security_opt, userns_mode and devices: values, faults, notes, merging and printing. */
#include "tests/unit/manifests/one_service.h"

static void options_are_read_in_both_notations(void **unused)
{
	autofixture struct fixture fixture;
	char path[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "p.json", "{\"whatever\"");
	const struct service *a = one_service(&fixture, "security_opt: [no-new-privileges]");

	assert_false(a->security.new_privileges);
	assert_int_equal(a->security.seccomp, SECCOMP_DEFAULT);
	assert_int_equal(a->security.seccomp_pos.line, 0);

	a = one_service(&fixture, "security_opt: ['no-new-privileges:false', 'seccomp:unconfined', "
				  "systempaths=unconfined]");
	assert_true(a->security.new_privileges);
	assert_int_equal(a->security.seccomp, SECCOMP_UNCONFINED);
	assert_null(a->security.seccomp_path);
	assert_true(a->security.unmasked);

	a = one_service(&fixture, "security_opt: [no-new-privileges=true, seccomp=./p.json]");
	assert_false(a->security.new_privileges);
	assert_int_equal(a->security.seccomp, SECCOMP_FILE);
	snprintf(path, sizeof(path), "%s/p.json", fixture.directory);
	assert_string_equal(a->security.seccomp_path, path);
	assert_string_equal(a->security.seccomp_shown, "./p.json");
	assert_string_equal(a->security.seccomp_profile, "{\"whatever\"");
	assert_int_equal(a->security.seccomp_pos.line, 5);

	a = one_service(&fixture, "security_opt: [seccomp=p.json, seccomp=builtin]");
	assert_int_equal(a->security.seccomp, SECCOMP_DEFAULT);
	assert_null(a->security.seccomp_path);
	assert_int_equal(one_service(&fixture, "userns_mode: host")->userns_mode, USERNS_HOST);
	assert_int_equal(one_service(&fixture, "userns_mode: ''")->userns_mode, USERNS_DEFAULT);
}

static void devices_have_a_short_and_a_long_form(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = one_service(
		&fixture, "devices: [/dev/snd, '/dev/a:/dev/b', '/dev/c:/dev/d:mr', '/dev/e:rw', "
			  "{source: /dev//f, target: /dev/../g, permissions: r}, {source: /dev/h}, "
			  "'/dev/i:/dev/snd:w']");

	assert_int_equal(a->device_count, 6);
	assert_string_equal(a->devices[0].source, "/dev/i");
	assert_string_equal(a->devices[0].target, "/dev/snd");
	assert_true(a->devices[0].write && !a->devices[0].read && !a->devices[0].mknod);
	assert_string_equal(a->devices[1].target, "/dev/b");
	assert_true(a->devices[1].write && a->devices[1].read && a->devices[1].mknod);
	assert_true(!a->devices[2].write && a->devices[2].read && a->devices[2].mknod);
	assert_string_equal(a->devices[3].target, "/dev/e");
	assert_false(a->devices[3].mknod);
	assert_string_equal(a->devices[4].source, "/dev/f");
	assert_string_equal(a->devices[4].target, "/g");
	assert_string_equal(a->devices[5].target, "/dev/h");
	assert_int_equal(a->devices[5].pos.line, 5);
}

static void faults_are_told_at_their_place(void **unused)
{
	static const struct fault faults[] = {
		{"security_opt: seccomp=x",
		 "5:17: error: services.a.security_opt: must be a list, this is text"},
		{"security_opt: [[]]",
		 "5:18: error: services.a.security_opt: must be text, this is a list"},
		{"security_opt: [no-new-privileges:maybe]",
		 "5:18: error: services.a.security_opt: 'no-new-privileges:maybe' is not "
		 "no-new-privileges, no-new-privileges:true or no-new-privileges:false"},
		{"security_opt: [seccomp]",
		 "5:18: error: services.a.security_opt: 'seccomp' is not seccomp=unconfined or "
		 "seccomp=FILE"},
		{"security_opt: [seccomp=no.json]",
		 "5:18: error: services.a.security_opt: cannot read 'no.json': No such file or "
		 "directory"},
		{"security_opt: [label=disable, systempaths=x]",
		 "5:33: error: services.a.security_opt: 'systempaths=x' is not "
		 "systempaths=unconfined"},
		{"security_opt: [secomp=x]",
		 "5:18: error: services.a.security_opt: 'secomp' is not an option: did you mean "
		 "'seccomp'?"},
		{"security_opt: [zzz]",
		 "5:18: error: services.a.security_opt: 'zzz' is not an option"},
		{"security_opt: [apparmor]",
		 "5:18: error: services.a.security_opt: 'apparmor' has no value behind its name"},
		{"security_opt: ['credentialspec=file://x']",
		 "5:18: error: services.a.security_opt: 'credentialspec=file://x' is not "
		 "supported: it is for Windows"},
		{"security_opt: [mask=/proc]",
		 "5:18: error: services.a.security_opt: 'mask=/proc' is not supported yet"},
		{"userns_mode: mine",
		 "5:16: error: services.a.userns_mode: 'mine' is not host or auto"},
		{"devices: /dev/a",
		 "5:12: error: services.a.devices: must be a list, this is text"},
		{"devices: [dev/a]",
		 "5:13: error: services.a.devices: 'dev/a' is not a device: its path starts with "
		 "/"},
		{"devices: [vendor.com/gpu=all]",
		 "5:13: error: services.a.devices: 'vendor.com/gpu=all' is not supported yet: name "
		 "the files below /dev"},
		{"devices: ['/dev/a:/dev/b:x']",
		 "5:13: error: services.a.devices: 'x' are not permissions: letters of rwm, each "
		 "once"},
		{"devices: ['/dev/a:/dev/b:rr']",
		 "5:13: error: services.a.devices: 'rr' are not permissions: letters of rwm, each "
		 "once"},
		{"devices: ['/dev/a:/dev/b:r:w']",
		 "5:13: error: services.a.devices: '/dev/a:/dev/b:r:w' is not "
		 "SOURCE[:TARGET[:PERMISSIONS]]"},
		{"devices: [{target: /dev/b}]", "5:13: error: services.a.devices: needs a source"},
		{"devices: [{source: []}]",
		 "5:22: error: services.a.devices.source: must be text, this is a list"},
		{"devices: [{sorce: /dev/a}]",
		 "5:14: error: services.a.devices.sorce is not a known key: did you mean "
		 "'source'?"},
	};

	(void)unused;
	check_one_service_faults(faults, ARRAY_SIZE(faults));
}

#define NO_KEEP_ID                                                                                 \
	"5:16: error: services.a.userns_mode: keep-id is not supported: a stack's ids are its "    \
	"own, not those of whoever runs davit; write host or auto, and user for who the program "  \
	"runs as"

static void to_keep_the_callers_id_is_refused(void **unused)
{
	static const struct fault faults[] = {
		{"userns_mode: keep-id", NO_KEEP_ID},
		{"userns_mode: 'keep-id:uid=5'", NO_KEEP_ID},
	};

	(void)unused;
	check_one_service_faults(faults, ARRAY_SIZE(faults));
}

static void what_has_no_effect_is_told(void **unused)
{
	static const struct fault notes[] = {
		{"security_opt: ['label:type:x']",
		 "5:18: warning: services.a.security_opt: label has no effect: davit sets no "
		 "profiles of security modules"},
	};

	(void)unused;
	check_one_service_notes(notes, ARRAY_SIZE(notes));
}

static void what_davit_does_anyway_is_not_worth_a_word(void **unused)
{
	static const char *const silent[] = {
		"security_opt: ['no-new-privileges:true', no-new-privileges, "
		"'apparmor:unconfined', "
		"label=disable, seccomp=builtin]",
		"security_opt: ['no-new-privileges:false']",
		"userns_mode: host",
		"devices: []",
		"security_opt: [systempaths=unconfined]",
		"devices: [/dev/a]",
		"userns_mode: auto",
		NULL,
	};

	(void)unused;
	check_one_service_silent(silent);
}

static void a_profile_is_where_its_manifest_is(void **unused)
{
	autofixture struct fixture fixture;
	char path[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "base");
	fixture_write(&fixture, "base/p.json", "{}");
	fixture_write(&fixture, "base/compose.yaml",
		      "services: {b: {x-rootfs: host, command: x, security_opt: "
		      "['seccomp:p.json', label=x]}, c: {x-rootfs: host, command: x, "
		      "security_opt: [seccomp=unconfined]}}\n");
	fixture_load(&fixture,
		     "include: [base/compose.yaml]\nservices: {a: {extends: {file: "
		     "base/compose.yaml, service: b}}}\n",
		     NULL);
	assert_int_equal(fixture.r, 0);
	snprintf(path, sizeof(path), "%s/base/p.json", fixture.directory);
	assert_string_equal(stack_service(fixture.stack, "a")->security.seccomp_path, path);
	assert_string_equal(stack_service(fixture.stack, "b")->security.seccomp_path, path);
	assert_int_equal(stack_service(fixture.stack, "c")->security.seccomp, SECCOMP_UNCONFINED);
}

static void later_options_and_devices_win(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = merge_one_service(
		&fixture, "security_opt: [seccomp=a.json]\n  devices: ['/dev/a:/dev/x', /dev/b]",
		"security_opt: [seccomp=unconfined, 'no-new-privileges:false']\n"
		"  devices: ['/dev/c:/dev/x:r']");

	assert_int_equal(a->security.seccomp, SECCOMP_UNCONFINED);
	assert_true(a->security.new_privileges);
	assert_int_equal(a->device_count, 2);
	assert_string_equal(a->devices[0].source, "/dev/c");
	assert_string_equal(a->devices[0].pos.file, "over.yaml");
}

static void what_is_printed_loads_again(void **unused)
{
	static const char *const all[] = {
		"security_opt: ['no-new-privileges:false', seccomp=/etc/passwd, "
		"systempaths=unconfined]",
		"security_opt: [seccomp=unconfined]",
		"userns_mode: host",
		"devices: [/dev/a, {source: /dev/b, target: /dev/c, permissions: wm}]",
		NULL,
	};

	(void)unused;
	check_one_service_printing(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read_in_both_notations),
		cmocka_unit_test(devices_have_a_short_and_a_long_form),
		cmocka_unit_test(faults_are_told_at_their_place),
		cmocka_unit_test(to_keep_the_callers_id_is_refused),
		cmocka_unit_test(what_has_no_effect_is_told),
		cmocka_unit_test(what_davit_does_anyway_is_not_worth_a_word),
		cmocka_unit_test(a_profile_is_where_its_manifest_is),
		cmocka_unit_test(later_options_and_devices_win),
		cmocka_unit_test(what_is_printed_loads_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
