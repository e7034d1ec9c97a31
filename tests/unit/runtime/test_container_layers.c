// SPDX-License-Identifier: GPL-2.0-or-later
/* Containers whose root is several layers: the sandbox's directory and others on top of it. */
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MANY 120

static struct sandbox box;
static char top[128];

static void add_file(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	assert_int_equal(fs_write_atomic(path, text, strlen(text), 0644, NULL), 0);
}

static int make_box(void **unused)
{
	char path[256];

	sandbox_make(&box);
	snprintf(top, sizeof(top), "%s/top", box.base);
	snprintf(path, sizeof(path), "%s/etc", top);
	assert_int_equal(fs_make_dirs(path, 0755, NULL), 0);
	add_file("etc/added", "from the top\n");
	snprintf(path, sizeof(path), "%s/etc/hostname", top);
	assert_int_equal(mknod(path, S_IFCHR, makedev(0, 0)), 0);
	return 0;
}

static int remove_box(void **unused)
{
	sandbox_remove(&box);
	return 0;
}

static void run_layers(const char *const *layers, bool read_only, const char *script,
		       struct outcome *outcome)
{
	char *argv[4];
	struct container_config config = sandbox_config(&box, argv, script);

	config.root = CONTAINER_ROOT_LAYERS;
	config.root_layers = layers;
	config.read_only = read_only;
	sandbox_run(&box, &config, outcome);
}

static void upper_layers_add_to_and_hide_lower_ones(void **unused)
{
	const char *const layers[] = {top, box.root, NULL};

	for (int read_only = 0; read_only < 2; read_only++) {
		struct outcome outcome;

		run_layers(layers, read_only,
			   "cat /etc/added /etc/hosts; grep web /etc/passwd; ls /etc/hostname; "
			   "touch /etc/new && echo written",
			   &outcome);
		if (outcome.prepared < 0)
			fail_msg("%s", outcome.fault.err.text);
		assert_int_equal(outcome.started, 0);
		assert_non_null(strstr(outcome.out, "from the top"));
		assert_non_null(strstr(outcome.out, "10.9.8.7 peer"));
		assert_non_null(strstr(outcome.out, "web:x:1000"));
		assert_non_null(strstr(outcome.out, "/etc/hostname: No such file"));
		assert_int_equal(strstr(outcome.out, "written") != NULL, !read_only);
	}
	char path[256];

	snprintf(path, sizeof(path), "%s/etc/new", top);
	assert_int_equal(access(path, F_OK), -1);
}

/* Below the top there is something that the top says is not: a whiteout in /srv, all of /opt. */
static void hide_targets(void)
{
	static const char *const parents[] = {"srv", "opt"};
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(parents); i++) {
		snprintf(path, sizeof(path), "%s/%s/gone/old", box.root, parents[i]);
		assert_int_equal(fs_make_dirs(path, 0755, NULL), 0);
		snprintf(path, sizeof(path), "%s/%s", top, parents[i]);
		assert_int_equal(fs_make_dirs(path, 0755, NULL), 0);
		assert_int_equal(chown(path, 1000, 1001), 0);
		assert_int_equal(chmod(path, 03775), 0);
	}
	assert_int_equal(setxattr(path, "trusted.overlay.opaque", "y", 1, 0), 0);
	snprintf(path, sizeof(path), "%s/srv/gone", top);
	assert_int_equal(mknod(path, S_IFCHR, makedev(0, 0)), 0);
}

static void mounts_are_made_where_the_image_has_removed_what_was_there(void **unused)
{
	const char *const layers[] = {top, box.root, NULL};
	struct container_mount mounts[] = {
		{.source = box.volume, .target = "/srv/gone"},
		{.source = box.volume, .target = "/opt/gone"},
	};

	hide_targets();
	for (int read_only = 0; read_only < 2; read_only++) {
		char *argv[4];
		struct outcome outcome;
		struct container_config config = sandbox_config(
			&box, argv,
			"for d in /srv /opt; do stat -c %a:%u:%g $d; ls $d $d/gone; done");

		config.root = CONTAINER_ROOT_LAYERS;
		config.root_layers = layers;
		config.read_only = read_only;
		config.mounts = mounts;
		config.mount_count = ARRAY_SIZE(mounts);
		sandbox_run(&box, &config, &outcome);
		if (outcome.prepared < 0)
			fail_msg("%s", outcome.fault.err.text);
		assert_int_equal(outcome.started, 0);
		assert_null(strstr(outcome.out, "old"));
		const char *second = strstr(outcome.out, "3775:1000:1001\n");

		assert_non_null(second);
		assert_non_null(strstr(second + 1, "3775:1000:1001\n"));
	}
}

static void pwd_in(const char *working_dir, struct outcome *outcome)
{
	const char *const layers[] = {top, box.root, NULL};
	char *argv[4];
	struct container_config config = sandbox_config(&box, argv, "stat -c %a:%u:%g .; pwd -P");

	config.root = CONTAINER_ROOT_LAYERS;
	config.root_layers = layers;
	config.read_only = true;
	config.working_dir = working_dir;
	sandbox_run(&box, &config, outcome);
}

static void a_working_directory_that_an_image_lacks_is_made(void **unused)
{
	struct outcome outcome;
	char path[256];

	pwd_in("/srv/app/work", &outcome);
	if (outcome.prepared < 0)
		fail_msg("%s", outcome.fault.err.text);
	assert_string_equal(outcome.out, "755:0:0\n/srv/app/work\n");
	/* A link leads to nowhere but into the root, and nothing is made in the layers. */
	snprintf(path, sizeof(path), "%s/out", top);
	assert_int_equal(symlink("../../../davit-test-made", path), 0);
	pwd_in("/out/deep", &outcome);
	assert_string_equal(outcome.out, "755:0:0\n/davit-test-made/deep\n");
	assert_int_equal(access("/davit-test-made", F_OK), -1);
	snprintf(path, sizeof(path), "%s/davit-test-made", top);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_working_directory_that_cannot_be_is_told(void **unused)
{
	static const struct {
		const char *path;
		int code;
	} wrong[] = {{"/etc/added", ENOTDIR}, {"/etc/added/below", ENOTDIR}, {"/proc/not", ENOENT}};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct outcome outcome;

		pwd_in(wrong[i].path, &outcome);
		/* What is on a mount of every run is found missing by the run. */
		assert_true(outcome.prepared < 0 || outcome.started < 0);
		assert_int_equal(outcome.fault.err.code, wrong[i].code);
		assert_int_equal(outcome.fault.item, CONTAINER_ITEM_WORKING_DIR);
	}
}

static void one_layer_is_enough(void **unused)
{
	const char *const layers[] = {box.root, NULL};
	struct outcome outcome;

	run_layers(layers, true, "grep web /etc/passwd", &outcome);
	assert_int_equal(outcome.prepared, 0);
	assert_non_null(strstr(outcome.out, "web:x:1000"));
}

static void as_many_as_an_image_may_have(void **unused)
{
	const char *layers[MANY + 1] = {0};
	char paths[MANY][128];
	struct outcome outcome;

	for (unsigned i = 0; i + 1 < MANY; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/many/%u", box.base, i);
		assert_int_equal(fs_make_dirs(paths[i], 0755, NULL), 0);
		layers[i] = paths[i];
	}
	layers[MANY - 1] = box.root;
	run_layers(layers, true, "grep web /etc/passwd", &outcome);
	if (outcome.prepared < 0 && strstr(outcome.fault.err.text, "120 layers")) {
		print_message("SKIP: this kernel has no lowerdir+: %s\n", outcome.fault.err.text);
		skip();
	}
	assert_int_equal(outcome.prepared, 0);
	assert_non_null(strstr(outcome.out, "web:x:1000"));
}

static void assert_root_fault(const char *const *layers, const char *text)
{
	struct outcome outcome;

	run_layers(layers, true, "true", &outcome);
	assert_true(outcome.prepared < 0);
	assert_int_equal(outcome.fault.item, CONTAINER_ITEM_ROOT);
	if (!strstr(outcome.fault.err.text, text))
		fail_msg("%s", outcome.fault.err.text);
}

static void layers_that_are_none_are_told(void **unused)
{
	char path[256];

	assert_root_fault((const char *const[]){NULL}, "no layers");
	assert_root_fault((const char *const[]){"/nowhere", box.root, NULL}, "overlay");
	snprintf(path, sizeof(path), "%s/proc", top);
	assert_int_equal(symlink("/etc", path), 0);
	assert_root_fault((const char *const[]){top, box.root, NULL}, "/proc is not a directory");
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upper_layers_add_to_and_hide_lower_ones),
		cmocka_unit_test(mounts_are_made_where_the_image_has_removed_what_was_there),
		cmocka_unit_test(a_working_directory_that_an_image_lacks_is_made),
		cmocka_unit_test(a_working_directory_that_cannot_be_is_told),
		cmocka_unit_test(one_layer_is_enough),
		cmocka_unit_test(as_many_as_an_image_may_have),
		cmocka_unit_test(layers_that_are_none_are_told),
	};

	if (sandbox_missing()) {
		print_message("SKIP: %s\n", sandbox_missing());
		return 77;
	}
	int failed = cmocka_run_group_tests_name("the host's ids", tests, make_box, remove_box);

	if (sandbox_own_ids())
		failed += cmocka_run_group_tests_name("own ids", tests, make_box, remove_box);
	return failed;
}
