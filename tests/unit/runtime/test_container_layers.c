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
