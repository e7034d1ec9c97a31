// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/lower.h"
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_io.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

static struct volume volumes[] = {{.key = (char *)"data", .name = (char *)"shop_data"}};
static struct mount_spec mounts[] = {
	{.kind = MOUNT_VOLUME,
	 .source = (char *)"data",
	 .target = (char *)"/data",
	 .tmpfs_mode = -1,
	 .pos = {"shop.yaml", 7, 9}},
	{.kind = MOUNT_VOLUME, .target = (char *)"/scratch", .tmpfs_mode = -1},
	{.kind = MOUNT_BIND,
	 .source = (char *)"/srv",
	 .target = (char *)"/srv",
	 .read_only = true,
	 .tmpfs_mode = -1,
	 .pos = {"shop.yaml", 9, 9},
	 .source_pos = {"shop.yaml", 9, 17}},
	{.kind = MOUNT_TMPFS, .target = (char *)"/cache", .tmpfs_bytes = 4096, .tmpfs_mode = 0700},
};
static struct text entrypoint[] = {{.value = (char *)"/bin/sh"}};
static struct text command[] = {{.value = (char *)"-c"}, {.value = (char *)"true"}};
static struct text caps[] = {{.value = (char *)"CAP_CHOWN", .pos = {"shop.yaml", 20, 5}}};
static const struct service web = {
	.name = (char *)"web",
	.pos = {"shop.yaml", 2, 3},
	.rootfs = ROOTFS_HOST,
	.entrypoint = {entrypoint, 1},
	.command = {command, 2},
	.mounts = mounts,
	.mount_count = 4,
	.cap_add = {caps, 1},
	.limits = {.cpu_mcpu = 500, .memory_bytes = 64 << 20},
	.command_pos = {"shop.yaml", 4, 14},
	.network = {.mode = NETWORK_HOST},
};
static const struct stack stack = {.volumes = volumes, .volume_count = 1};
static const struct lower_place place = {
	.volumes_dir = "/var/volumes",
	.anonymous_dir = "/var/anonymous",
	.state_dir = "/run/state",
	.nofile_hard = 20000,
};

static void entrypoint_comes_before_command(void **unused)
{
	autolowered struct lowered lowered = {0};

	assert_int_equal(lower_service(&stack, &web, &place, &lowered, NULL), 0);
	assert_string_equal(lowered.argv[0], "/bin/sh");
	assert_string_equal(lowered.argv[1], "-c");
	assert_string_equal(lowered.argv[2], "true");
	assert_null(lowered.argv[3]);
}

static void every_kind_of_mount_gets_its_source(void **unused)
{
	autolowered struct lowered lowered = {0};
	const struct container_mount *mount;

	assert_int_equal(lower_service(&stack, &web, &place, &lowered, NULL), 0);
	mount = lowered.config.mounts;
	assert_int_equal(lowered.config.mount_count, 4);
	assert_string_equal(mount[0].source, "/var/volumes/shop_data");
	assert_string_equal(mount[1].source, "/var/anonymous/1");
	assert_string_equal(mount[2].source, "/srv");
	assert_true(mount[2].read_only);
	assert_int_equal(mount[3].kind, CONTAINER_MOUNT_TMPFS);
	assert_int_equal(mount[3].bytes, 4096);
	assert_int_equal(mount[3].mode, 0700);
	assert_true(lower_has_anonymous_volumes(&web));
}

static void what_is_below_a_writable_bind_is_found_from_there(void **unused)
{
	static struct mount_spec binds[] = {
		{.kind = MOUNT_BIND, .source = (char *)"/", .target = (char *)"/host"},
		{.kind = MOUNT_BIND, .source = (char *)"/srv/app", .target = (char *)"/app"},
		{.kind = MOUNT_BIND, .source = (char *)"/srv/app/data", .target = (char *)"/data"},
		{.kind = MOUNT_BIND, .source = (char *)"/srv/app/data/x", .target = (char *)"/x"},
		{.kind = MOUNT_BIND, .source = (char *)"/srv/apple", .target = (char *)"/apple"},
		{.kind = MOUNT_BIND,
		 .source = (char *)"/etc/app",
		 .target = (char *)"/etc",
		 .read_only = true},
		{.kind = MOUNT_BIND, .source = (char *)"/etc/app/x", .target = (char *)"/y"},
	};
	static const char *const expected[][2] = {
		{"/", NULL},	      {"/srv/app", NULL},
		{"/srv/app", "data"}, {"/srv/app", "data/x"},
		{"/srv/apple", NULL}, {"/etc/app", NULL},
		{"/etc/app/x", NULL},
	};
	struct service writer = web;
	struct stack two = {.services = &writer, .service_count = 1};
	autolowered struct lowered lowered = {0};

	writer.mounts = binds;
	writer.mount_count = ARRAY_SIZE(binds);
	assert_int_equal(lower_service(&two, &writer, &place, &lowered, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(binds); i++) {
		assert_string_equal(lowered.config.mounts[i].source, expected[i][0]);
		if (expected[i][1])
			assert_string_equal(lowered.config.mounts[i].subpath, expected[i][1]);
		else
			assert_null(lowered.config.mounts[i].subpath);
	}
}

static void a_volume_may_stand_for_a_directory_above_or_below(void **unused)
{
	static struct volume devices[] = {
		{.key = (char *)"deep", .name = (char *)"deep", .device = (char *)"/srv/app/data"},
		{.key = (char *)"top", .name = (char *)"top", .device = (char *)"/srv/app"},
	};
	static struct mount_spec both[] = {
		{.kind = MOUNT_VOLUME, .source = (char *)"top", .target = (char *)"/app"},
		{.kind = MOUNT_VOLUME, .source = (char *)"deep", .target = (char *)"/data"},
		{.kind = MOUNT_VOLUME,
		 .source = (char *)"deep",
		 .subpath = (char *)"x/y",
		 .target = (char *)"/y"},
		{.kind = MOUNT_BIND, .source = (char *)"/srv/app/z", .target = (char *)"/z"},
	};
	static const char *const expected[][2] = {{"/srv/app", ""},
						  {"/srv/app", "data"},
						  {"/srv/app", "data/x/y"},
						  {"/srv/app", "z"}};
	struct service writer = web;
	const struct stack one = {
		.services = &writer, .service_count = 1, .volumes = devices, .volume_count = 2};
	autolowered struct lowered lowered = {0};

	writer.mounts = both;
	writer.mount_count = ARRAY_SIZE(both);
	assert_int_equal(lower_service(&one, &writer, &place, &lowered, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		const struct container_mount *mount = &lowered.config.mounts[i];

		assert_string_equal(mount->source, expected[i][0]);
		assert_string_equal(mount->subpath ? mount->subpath : "", expected[i][1]);
	}
}

static void confinement_is_passed_on(void **unused)
{
	autolowered struct lowered lowered = {0};

	assert_int_equal(lower_service(&stack, &web, &place, &lowered, NULL), 0);
	assert_true(lowered.config.host_network);
	assert_string_equal(lowered.config.cap_add[0], "CAP_CHOWN");
	assert_null(lowered.config.cap_add[1]);
	assert_int_equal(lowered.config.rlimits[0].limit.rlim_cur, 1024);
	assert_int_equal(lowered.config.rlimits[0].limit.rlim_max, 20000);
}

static void a_soft_limit_never_exceeds_the_hard_one(void **unused)
{
	autolowered struct lowered lowered = {0};
	struct lower_place small = place;

	small.nofile_hard = 100;
	assert_int_equal(lower_service(&stack, &web, &small, &lowered, NULL), 0);
	assert_int_equal(lowered.config.rlimits[0].limit.rlim_cur, 100);
}

static void who_does_not_say_is_as_likely_to_be_killed_as_davit_was(void **unused)
{
	autolowered struct lowered lowered = {0};
	autolowered struct lowered other = {0};
	struct lower_place spared = place;
	struct service said = web;

	spared.oom_score_adj = 300;
	assert_int_equal(lower_service(&stack, &web, &spared, &lowered, NULL), 0);
	assert_int_equal(lowered.config.oom_score_adj, 300);
	said.process.oom_score_adj = -5;
	assert_int_equal(lower_service(&stack, &said, &spared, &other, NULL), 0);
	assert_int_equal(other.config.oom_score_adj, -5);
}

static void ulimits_come_first_and_replace_the_default(void **unused)
{
	autolowered struct lowered lowered = {0};
	autolowered struct lowered other = {0};
	struct ulimit_spec limits[] = {
		{.name = "core",
		 .resource = RLIMIT_CORE,
		 .soft = 0,
		 .hard = -1,
		 .pos = {"f", 9, 1}},
		{.name = "nofile", .resource = RLIMIT_NOFILE, .soft = 10, .hard = 20},
	};
	struct container_fault fault = {.item = CONTAINER_ITEM_LIMIT, .index = 0};
	struct service service = web;

	service.ulimits = limits;
	service.ulimit_count = 1;
	assert_int_equal(lower_service(&stack, &service, &place, &lowered, NULL), 0);
	assert_int_equal(lowered.config.rlimit_count, 2);
	assert_int_equal(lowered.config.rlimits[0].resource, RLIMIT_CORE);
	assert_int_equal(lowered.config.rlimits[0].limit.rlim_cur, 0);
	assert_true(lowered.config.rlimits[0].limit.rlim_max == RLIM_INFINITY);
	assert_int_equal(lowered.config.rlimits[1].limit.rlim_max, 20000);
	assert_int_equal(lower_fault_pos(&service, &fault).line, 9);
	service.ulimit_count = 2;
	assert_int_equal(lower_service(&stack, &service, &place, &other, NULL), 0);
	assert_int_equal(other.config.rlimit_count, 2);
	assert_int_equal(other.config.rlimits[1].limit.rlim_max, 20);
}

static void pids_are_always_bounded_unless_asked_otherwise(void **unused)
{
	struct service service = web;

	assert_int_equal(lower_limits(&service).pids, 4096);
	assert_int_equal(lower_limits(&service).cpu_mcpu, 500);
	assert_int_equal(lower_limits(&service).memory_bytes, 64 << 20);
	service.limits.pids = 7;
	assert_int_equal(lower_limits(&service).pids, 7);
	service.limits.pids = -1;
	assert_int_equal(lower_limits(&service).pids, 0);
	assert_int_equal(lower_limits(&service).cpu_shares, 0);
	service.limits.cpu_reserved_mcpu = 1500;
	assert_int_equal(lower_limits(&service).cpu_shares, 1536);
	service.limits.cpu_reserved_mcpu = 1;
	assert_int_equal(lower_limits(&service).cpu_shares, 2);
	service.limits.cpu_shares = 10;
	assert_int_equal(lower_limits(&service).cpu_shares, 10);
}

static void a_fault_points_to_what_asked_for_it(void **unused)
{
	static const struct {
		enum container_item item;
		unsigned index;
		unsigned line;
		unsigned col;
	} cases[] = {
		{CONTAINER_ITEM_MOUNT, 0, 7, 9},       {CONTAINER_ITEM_MOUNT, 2, 9, 17},
		{CONTAINER_ITEM_MOUNT, 99, 2, 3},      {CONTAINER_ITEM_PROGRAM, 0, 4, 14},
		{CONTAINER_ITEM_CAPABILITY, 0, 20, 5}, {CONTAINER_ITEM_USER, 0, 2, 3},
		{CONTAINER_ITEM_NONE, 0, 2, 3},	       {CONTAINER_ITEM_SECCOMP, 0, 2, 3},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct container_fault fault = {.item = cases[i].item, .index = cases[i].index};
		struct pos pos = lower_fault_pos(&web, &fault);

		assert_int_equal(pos.line, cases[i].line);
		assert_int_equal(pos.col, cases[i].col);
	}
}

static void devices_are_limited_as_they_are_written(void **unused)
{
	struct blkio_device devices[] = {
		{BLKIO_WEIGHT, (char *)"/dev/a", 20, {"shop.yaml", 40, 5}},
		{BLKIO_WRITE_IOPS, (char *)"/dev/b", 30, {"shop.yaml", 41, 5}}};
	const struct container_fault second = {.item = CONTAINER_ITEM_IO, .index = 1};
	const struct container_fault all = {.item = CONTAINER_ITEM_IO, .index = 2};
	struct service service = web;
	service.limits.blkio = (struct blkio_spec){
		.weight = 10, .devices = devices, .device_count = 2, .pos = {"shop.yaml", 39, 5}};
	autofree struct cg_io *io = lower_io(&service);

	assert_int_equal(lower_limits(&service).io_weight, 10);
	assert_int_equal(lower_limits(&service).io_count, 2);
	assert_int_equal(io[0].kind, CG_IO_WEIGHT);
	assert_int_equal(io[1].kind, CG_IO_WRITE_IOPS);
	assert_string_equal(io[1].device, "/dev/b");
	assert_int_equal(io[1].value, 30);
	assert_int_equal(lower_fault_pos(&service, &second).line, 41);
	assert_int_equal(lower_fault_pos(&service, &all).line, 39);
}

static void a_profile_is_passed_on_with_its_place(void **unused)
{
	autolowered struct lowered lowered = {0};
	autolowered struct lowered other = {0};
	struct container_fault fault = {.item = CONTAINER_ITEM_SECCOMP};
	struct service service = web;

	service.security = (struct security_spec){.seccomp = SECCOMP_FILE,
						  .seccomp_shown = (char[]){"p.json"},
						  .seccomp_profile = (char[]){"{}"},
						  .seccomp_pos = {"shop.yaml", 33, 7}};
	assert_int_equal(lower_service(&stack, &service, &place, &lowered, NULL), 0);
	assert_string_equal(lowered.config.seccomp_profile, "{}");
	assert_string_equal(lowered.config.seccomp_name, "p.json");
	assert_false(lowered.config.seccomp_unconfined);
	assert_int_equal(lower_fault_pos(&service, &fault).line, 33);
	service.security = (struct security_spec){.seccomp = SECCOMP_UNCONFINED};
	assert_int_equal(lower_service(&stack, &service, &place, &other, NULL), 0);
	assert_null(other.config.seccomp_profile);
	assert_true(other.config.seccomp_unconfined);
	assert_false(lowered.config.new_privileges);
}

static void files_carry_what_was_read(void **unused)
{
	struct file_object objects[] = {{.kind = FILE_SECRET, .key = (char *)"s", .bytes = "x\0y"}};
	struct file_grant grants[] = {{.kind = FILE_SECRET,
				       .source = (char *)"s",
				       .target = (char *)"/run/secrets/s",
				       .uid = 5,
				       .gid = -1,
				       .mode = 0400,
				       .pos = {"shop.yaml", 30, 7}}};
	const struct stack with = {.files_given = {objects, 1}};
	const struct service service = {.name = (char *)"web", .files = {grants, 1}};
	const struct container_fault fault = {.item = CONTAINER_ITEM_FILE, .index = 0};
	autolowered struct lowered lowered = {0};
	autolowered struct lowered unread = {0};
	struct err err;

	objects[0].len = 3;
	assert_int_equal(lower_service(&with, &service, &place, &lowered, NULL), 0);
	assert_int_equal(lowered.config.file_count, 1);
	assert_string_equal(lowered.config.files[0].target, "/run/secrets/s");
	assert_int_equal(lowered.config.files[0].len, 3);
	assert_int_equal(lowered.config.files[0].uid, 5);
	assert_int_equal(lowered.config.files[0].gid, -1);
	assert_int_equal(lowered.config.files[0].mode, 0400);
	assert_int_equal(lower_fault_pos(&service, &fault).line, 30);
	objects[0].bytes = NULL;
	assert_int_equal(lower_service(&with, &service, &place, &unread, &err), -ENOENT);
	assert_string_equal(err.text, "the content of s could not be read");
}

static void a_fault_reads_as_one_line(void **unused)
{
	struct container_fault fault = {.item = CONTAINER_ITEM_MOUNT, .index = 2};
	autostrv struct strv lines = {0};

	(void)err_say(&fault.err, ENOENT, "volume /srv: no such directory");
	lower_fault_add(&web, &fault, &lines);
	assert_int_equal(lines.count, 1);
	assert_string_equal(lines.items[0],
			    "shop.yaml:9:17: error: web: volume /srv: no such directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entrypoint_comes_before_command),
		cmocka_unit_test(every_kind_of_mount_gets_its_source),
		cmocka_unit_test(what_is_below_a_writable_bind_is_found_from_there),
		cmocka_unit_test(a_volume_may_stand_for_a_directory_above_or_below),
		cmocka_unit_test(confinement_is_passed_on),
		cmocka_unit_test(a_soft_limit_never_exceeds_the_hard_one),
		cmocka_unit_test(who_does_not_say_is_as_likely_to_be_killed_as_davit_was),
		cmocka_unit_test(ulimits_come_first_and_replace_the_default),
		cmocka_unit_test(pids_are_always_bounded_unless_asked_otherwise),
		cmocka_unit_test(a_fault_points_to_what_asked_for_it),
		cmocka_unit_test(devices_are_limited_as_they_are_written),
		cmocka_unit_test(a_profile_is_passed_on_with_its_place),
		cmocka_unit_test(files_carry_what_was_read),
		cmocka_unit_test(a_fault_reads_as_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
