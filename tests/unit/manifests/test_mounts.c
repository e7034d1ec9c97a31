// SPDX-License-Identifier: GPL-2.0-or-later
/* Volumes in all their forms: what they mean, and why some of them cannot be. */
#include "tests/unit/manifests/fixture.h"

static void options_of_the_short_form(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(&fixture, "    volumes: ['/x:/y:ro,rprivate', "
							    "'/x:/z:nocopy', '/x:/w:rw,z,cached']");

	assert_true(a->mounts[0].read_only);
	assert_int_equal(a->mounts[0].propagation, PROPAGATION_PRIVATE);
	assert_true(a->mounts[1].no_copy);
	assert_false(a->mounts[2].read_only);
	assert_int_equal(fixture.diags.count, 2);
	assert_true(fixture_says(
		&fixture,
		"shop.yaml:4:52: warning: services.a.volumes: 'z' has no effect without SELinux"));
	assert_true(fixture_says(
		&fixture,
		"shop.yaml:4:52: warning: services.a.volumes: 'cached' has no effect on Linux"));
}

static void the_last_of_one_target_is_mounted(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(
		&fixture, "    volumes: ['/x:/y', '/n:/n', '/z:/y/', {type: tmpfs, target: /y}]");

	assert_int_equal(a->mount_count, 2);
	assert_string_equal(a->mounts[0].target, "/n");
	assert_string_equal(a->mounts[1].target, "/y");
	assert_int_equal(a->mounts[1].kind, MOUNT_TMPFS);
	assert_int_equal(fixture.diags.count, 2);
	assert_true(fixture_says(
		&fixture, "shop.yaml:4:33: warning: services.a.volumes: /y is mounted twice: this "
			  "replaces the one on line 4"));
}

static void options_of_the_long_form(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(
		&fixture,
		"    volumes: [{type: bind, source: x, target: /x, bind: {propagation: rslave, "
		"recursive: writable}},\n"
		"      {type: volume, target: /y, volume: {nocopy: true, labels: {a: b}}},\n"
		"      {type: volume, source: '', target: /z, volume: {subpath: ./a//b/}}]");
	char path[128];

	snprintf(path, sizeof(path), "%s/x", fixture.directory);
	assert_string_equal(a->mounts[0].source, path);
	assert_int_equal(a->mounts[0].propagation, PROPAGATION_RSLAVE);
	assert_int_equal(a->mounts[0].recursion, RECURSION_WRITABLE);
	assert_true(a->mounts[1].no_copy);
	assert_string_equal(a->mounts[1].labels.items[0].value, "a=b");
	assert_null(a->mounts[2].source);
	assert_string_equal(a->mounts[2].subpath, "a/b");
}

static void options_of_another_type_have_no_effect(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_service(&fixture, "    volumes: [{type: tmpfs, target: /y, bind: {}}]");
	assert_true(fixture_says(&fixture, "shop.yaml:4:47: warning: services.a.volumes.bind has "
					   "no effect on a mount of type tmpfs"));
}

static void options_of_a_tmpfs(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(
		&fixture, "    tmpfs: ['/a:rw,noexec,nosuid,size=64m,uid=5,gid=6,nr_inodes=7', "
			  "'/b:exec,mode=755,relatime', '/c:suid']");

	assert_false(a->mounts[0].tmpfs_exec);
	assert_int_equal(a->mounts[0].tmpfs_bytes, 64 << 20);
	assert_int_equal(a->mounts[0].tmpfs_uid, 5);
	assert_int_equal(a->mounts[0].tmpfs_gid, 6);
	assert_int_equal(a->mounts[0].tmpfs_inodes, 7);
	assert_int_equal(a->mounts[1].tmpfs_mode, 0755);
	assert_int_equal(a->mounts[1].tmpfs_uid, -1);
	assert_true(a->mounts[1].tmpfs_exec);
	assert_false(a->mounts[2].tmpfs_exec);
	assert_true(fixture_says(&fixture, "shop.yaml:4:98: warning: services.a.tmpfs: 'suid' has "
					   "no effect: a tmpfs is always nosuid and nodev"));
}

static void a_socket_of_an_engine_is_warned_of_and_never_made(void **unused)
{
	static const struct {
		const char *volume;
		const char *said;
	} all[] = {
		{"'/var/run/docker.sock:/var/run/docker.sock:ro'", "asks of docker.sock will fail"},
		{"'/run/docker.sock:/s'", "asks of docker.sock will fail"},
		{"'/run/user/1000/podman/podman.sock:/s'", "asks of podman.sock will fail"},
		{"{type: bind, source: /run/./docker.sock, target: /s, bind: {create_host_path: "
		 "true}}",
		 "asks of docker.sock will fail"},
		{"'/var/run:/var/run'", "no engine socket in /var/run: a service"},
		{"/run/:/host/run", "no engine socket in /run: a service"},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char lines[256];

		snprintf(lines, sizeof(lines), "    volumes: [%s]", all[i].volume);
		const struct service *a = fixture_service(&fixture, lines);

		assert_int_equal(fixture.diags.count, 1);
		assert_non_null(strstr(fixture.printed, all[i].said));
		if (a->mounts[0].engine_socket)
			assert_false(a->mounts[0].create_host_path);
		assert_int_equal(a->mounts[0].engine_socket, strstr(all[i].said, "asks") != NULL);
	}
	fixture_service(&fixture, "    volumes: ['/x/my-docker.sock:/s']");
	assert_int_equal(fixture.diags.count, 0);
}

static void a_volume_can_stand_for_a_directory_of_the_host(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(
		&fixture, "services: {a: {x-rootfs: host, command: x}}\n"
			  "volumes:\n"
			  "  v: {driver: local, driver_opts: {type: none, o: 'rw,bind', "
			  "device: ./data}}\n"
			  "  w: {driver_opts: {o: bind, device: /srv/../srv/x}}\n"
			  "  l: {driver: local, labels: {a: b}}\n");
	char path[128];

	snprintf(path, sizeof(path), "%s/data", fixture.directory);
	assert_string_equal(stack_volume(stack, "v")->device, path);
	assert_string_equal(stack_volume(stack, "w")->device, "/srv/x");
	assert_null(stack_volume(stack, "l")->device);
}

static void an_included_device_is_relative_to_its_own_file(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "sub");
	fixture_write(&fixture, "sub/in.yaml",
		      "services: {b: {x-rootfs: host, command: x, volumes: ['v:/v']}}\n"
		      "volumes: {v: {driver_opts: {type: none, o: bind, device: data}}}\n"
		      "configs: {c: {file: c.conf}}\n");
	const struct stack *stack = fixture_good(&fixture, "include: [sub/in.yaml]\n"
							   "services: {a: {x-rootfs: host, "
							   "command: x, configs: [c]}}\n");
	char path[128];

	snprintf(path, sizeof(path), "%s/sub/data", fixture.directory);
	assert_string_equal(stack_volume(stack, "v")->device, path);
	snprintf(path, sizeof(path), "%s/sub/c.conf", fixture.directory);
	assert_string_equal(stack_file(stack, FILE_CONFIG, "c")->value, path);
}

static void volumes_come_from_other_services(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(
		&fixture,
		"services:\n"
		"  z: {x-rootfs: host, command: x, volumes: ['/z:/z', 'v:/own']}\n"
		"  b: {x-rootfs: host, command: x, volumes: ['/b:/b:ro', '/anon'], tmpfs: /t, "
		"volumes_from: [z]}\n"
		"  a: {x-rootfs: host, command: x, volumes: ['/a:/own'], volumes_from: ['b:ro', "
		"'service:z:rw']}\n"
		"volumes: {v: }\n");
	const struct service *a = stack_service(stack, "a");
	static const struct {
		const char *target;
		const char *source;
		bool read_only;
	} wanted[] = {{"/own", "/a", false}, {"/b", "/b", true}, {"/z", "/z", true}};

	assert_int_equal(a->mount_count, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_string_equal(a->mounts[i].target, wanted[i].target);
		assert_string_equal(a->mounts[i].source, wanted[i].source);
		assert_int_equal(a->mounts[i].read_only, wanted[i].read_only);
	}
	assert_int_equal(stack_service(stack, "b")->mount_count, 5);
	assert_int_equal(a->depends_on_count, 2);
	assert_true(fixture_says(&fixture,
				 "shop.yaml:4:72: note: services.a.volumes_from: /anon of b "
				 "has no name: it cannot be shared yet"));
}

static void volumes_from_a_circle_or_nobody(void **unused)
{
	static const struct {
		const char *from;
		const char *said;
	} all[] = {
		{"b", "volumes_from: must be a list, this is text"},
		{"[bb]", "there is no service 'bb': did you mean 'b'?"},
		{"['b:rx']", "'b:rx' is not SERVICE, SERVICE:ro or SERVICE:rw"},
		{"[':ro']", "':ro' is not SERVICE, SERVICE:ro or SERVICE:rw"},
		{"[c]", "goes in a circle: a -> c -> a"},
		{"[a]", "goes in a circle: a -> a"},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char yaml[512];

		snprintf(yaml, sizeof(yaml),
			 "services:\n  a: {x-rootfs: host, command: x, volumes_from: %s}\n"
			 "  b: {x-rootfs: host, command: x, volumes: ['/b:/b']}\n"
			 "  c: {x-rootfs: host, command: x, volumes_from: [a]}\n",
			 all[i].from);
		fixture_load(&fixture, yaml, NULL);
		if (fixture.diags.error_count != 1 || !strstr(fixture.printed, all[i].said))
			fail_msg("for: %s\n%s", all[i].from, fixture.printed);
	}
}

static void a_long_chain_of_volumes_from_ends(void **unused)
{
	autofixture struct fixture fixture;
	autobuf struct buf yaml = {0};

	(void)unused;
	fixture_open(&fixture);
	buf_puts(&yaml, "services:\n");
	for (int i = 0; i < 80; i++)
		buf_printf(&yaml, "  s%02d: {x-rootfs: host, command: x, volumes_from: [s%02d]}\n",
			   i, i + 1);
	buf_puts(&yaml, "  s80: {x-rootfs: host, command: x}\n");
	fixture_load(&fixture, yaml.data, NULL);
	assert_int_equal(fixture.diags.error_count, 1);
	assert_non_null(strstr(fixture.printed, "more than 64 services in a row"));
}

static void faulty_mounts(void **unused)
{
	static const struct {
		const char *line;
		const char *said;
	} all[] = {
		{"volumes: ['C:\\data:/data']",
		 "4:15: error: services.a.volumes: 'C:\\data:/data' is a path of Windows"},
		{"volumes: ['c:/data:/data']",
		 "4:15: error: services.a.volumes: 'c:/data:/data' is a path of Windows"},
		{"volumes: ['\\\\.\\pipe\\docker_engine:\\\\.\\pipe\\docker_engine']",
		 "4:15: error: services.a.volumes: '\\\\.\\pipe\\docker_engine:\\\\.\\pipe\\"
		 "docker_engine' is a path of Windows"},
		{"volumes: ['./x:C:\\data']",
		 "4:15: error: services.a.volumes: 'C:\\data' is a path of Windows"},
		{"volumes: [{type: bind, source: 'C:\\x', target: /y}]",
		 "4:36: error: services.a.volumes.source: 'C:\\x' is a path of Windows"},
		{"volumes: [{type: bind, source: /x, target: 'C:\\y'}]",
		 "4:48: error: services.a.volumes.target: 'C:\\y' is a path of Windows"},
		{"volumes: [~]", "4:15: error: services.a.volumes: an entry is empty"},
		{"volumes: [':/x']", "4:15: error: services.a.volumes: '' is not a volume name: a "
				     "path starts with / or ./ or ~/"},
		{"volumes: [{type: bind, source: '', target: /y}]",
		 "4:36: error: services.a.volumes.source: '' is not a volume name: a path starts "
		 "with / or ./ or ~/"},
		{"volumes: [{type: bind, source: /x, target: /y, bind: {propagation: up}}]",
		 "4:72: error: services.a.volumes.propagation: 'up' is not private, slave, shared "
		 "or one of these with an r in front"},
		{"volumes: [{type: bind, source: /x, target: /y, bind: {recursive: true}}]",
		 "4:70: error: services.a.volumes.recursive: 'true' is not enabled, disabled, "
		 "writable or readonly"},
		{"volumes: [{type: volume, target: /y, volume: {subpath: ../x}}]",
		 "4:60: error: services.a.volumes.subpath: '../x' is no path below the volume: it "
		 "must not start with / nor have .. in it"},
		{"tmpfs: '/x:huge=always'",
		 "4:12: error: services.a.tmpfs: the option 'huge=always' is not supported: write "
		 "size=, mode=, uid=, gid=, nr_inodes=, exec or ro"},
		{"tmpfs: '/x:uid=root'",
		 "4:12: error: services.a.uid: 'root' is not a whole number "
		 "from 0 to 4294967294"},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char yaml[512];
		char line[256];

		snprintf(yaml, sizeof(yaml),
			 "services:\n  a:\n    x-rootfs: host\n    %s\n    command: x\n",
			 all[i].line);
		snprintf(line, sizeof(line), "shop.yaml:%s", all[i].said);
		fixture_load(&fixture, yaml, NULL);
		if (fixture.diags.error_count != 1 || !fixture_says(&fixture, line))
			fail_msg("for: %s", all[i].line);
	}
}

static void faulty_volumes(void **unused)
{
	static const struct {
		const char *volume;
		const char *said;
	} all[] = {
		{"{driver: rclone, driver_opts: {remote: x}}",
		 "2:23: error: volumes.v.driver: 'rclone' is not supported, "
		 "only local"},
		{"{external: true, driver_opts: {}}",
		 "2:31: error: volumes.v.driver_opts: says nothing about what is external: remove "
		 "one of the two"},
		{"{external: {nam: x}}", "2:26: error: volumes.v.external.nam is not a known key: "
					 "did you mean 'name'?"},
		{"{driver_opts: [a]}",
		 "2:28: error: volumes.v.driver_opts: must be a mapping, this is a list"},
		{"{driver_opts: {size: 1g, type: tmpfs}}",
		 "2:29: error: volumes.v.driver_opts: 'size' is not an option of the driver local: "
		 "those are type, o and device"},
		{"{driver_opts: {o: ro}}", "2:28: error: volumes.v.driver_opts: says no type: "
					   "write for example {type: none, o: bind, device: /srv}"},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char yaml[512];
		char line[256];

		snprintf(yaml, sizeof(yaml),
			 "services: {a: {x-rootfs: host, command: x}}\nvolumes: {v: %s}\n",
			 all[i].volume);
		snprintf(line, sizeof(line), "shop.yaml:%s", all[i].said);
		fixture_load(&fixture, yaml, NULL);
		if (fixture.diags.error_count != 1 || !fixture_says(&fixture, line))
			fail_msg("for: %s", all[i].volume);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_the_short_form),
		cmocka_unit_test(the_last_of_one_target_is_mounted),
		cmocka_unit_test(options_of_the_long_form),
		cmocka_unit_test(options_of_another_type_have_no_effect),
		cmocka_unit_test(options_of_a_tmpfs),
		cmocka_unit_test(a_socket_of_an_engine_is_warned_of_and_never_made),
		cmocka_unit_test(a_volume_can_stand_for_a_directory_of_the_host),
		cmocka_unit_test(an_included_device_is_relative_to_its_own_file),
		cmocka_unit_test(volumes_come_from_other_services),
		cmocka_unit_test(volumes_from_a_circle_or_nobody),
		cmocka_unit_test(a_long_chain_of_volumes_from_ends),
		cmocka_unit_test(faulty_mounts),
		cmocka_unit_test(faulty_volumes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
