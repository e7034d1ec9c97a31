// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/image_world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A layer with one file of that content. */
static void one_file(struct buf *tar, const char *name, const char *content)
{
	world_put(tar, &(struct world_entry){.name = name, .content = content});
	world_end(tar);
}

/* Imports an image of one layer per content; file "f0", "f1" … of each. */
static void import_image(const struct world *world, const char *const *contents, size_t count,
			 const char *config)
{
	struct buf layers[4] = {0};
	char digest[DIGEST_SIZE];
	size_t size = 0;
	struct err err = {0};

	for (size_t i = 0; i < count; i++) {
		char name[8];

		snprintf(name, sizeof(name), "f%zu", i);
		one_file(&layers[i], name, contents[i]);
	}
	world_image(world,
		    &(struct world_image){.layers = layers, .count = count, .config = config},
		    digest, &size);
	world_index(world, digest, size, "1");
	if (world_import(world, NULL, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < count; i++)
		buf_free(&layers[i]);
}

static struct image_store *open_store(const struct world *world)
{
	struct image_store *store = NULL;

	assert_int_equal(image_store_open(world->store, &store, NULL), 0);
	return store;
}

static size_t count_files(const struct world *world, const char *name)
{
	char path[128];
	size_t count = 0;

	snprintf(path, sizeof(path), "%s/%s", world->store, name);
	autodir DIR *dir = opendir(path);

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	return count;
}

static void an_imported_image_resolves_to_its_layers_upmost_first(void **state)
{
	const struct world *world = *state;
	autostore struct image_store *store = open_store(world);
	struct image image = {0};
	char name[96];
	char path[256];
	char *text = NULL;

	import_image(
		world, (const char *[]){"low", "high"}, 2,
		"{\"Entrypoint\":[\"/e\"],\"Cmd\":[\"a\",\"b\"],\"Env\":[\"A=1\"],\"User\":\"7\","
		"\"WorkingDir\":\"/w\",\"StopSignal\":\"SIGQUIT\",\"Volumes\":{\"/v\":{}},"
		"\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{\"l\":\"m\"},\"Healthcheck\":"
		"{\"Test\":[\"CMD\",\"t\"],\"Interval\":1000000000,\"Retries\":2}}");
	world_name(world, name, sizeof(name));
	assert_int_equal(image_resolve(store, name, &image, NULL), 0);
	assert_int_equal(image.layers.count, 2);
	snprintf(path, sizeof(path), "%s/f1", image.layers.items[0]);
	assert_int_equal(fs_read(path, 10, &text, NULL, NULL), 0);
	assert_string_equal(text, "high");
	free(text);
	assert_string_equal(image.config.entrypoint.items[0], "/e");
	assert_string_equal(image.config.cmd.items[1], "b");
	assert_string_equal(image.config.env.items[0], "A=1");
	assert_string_equal(image.config.user, "7");
	assert_string_equal(image.config.working_dir, "/w");
	assert_string_equal(image.config.stop_signal, "SIGQUIT");
	assert_string_equal(image.config.volumes.items[0], "/v");
	assert_string_equal(image.config.exposed.items[0], "80/tcp");
	assert_string_equal(image.config.labels.items[0], "l=m");
	assert_true(image.config.health.set);
	assert_int_equal(image.config.health.interval_ns, 1000000000);
	assert_int_equal(image.config.health.retries, 2);
	image_free(&image);
}

static void a_layer_is_unpacked_once_for_all_images_that_have_it(void **state)
{
	const struct world *world = *state;

	import_image(world, (const char *[]){"low", "one"}, 2, NULL);
	import_image(world, (const char *[]){"low", "other"}, 2, NULL);
	assert_int_equal(count_files(world, "layers"), 3);
	assert_int_equal(count_files(world, "tmp"), 0);
}

static void an_unknown_name_is_not_there(void **state)
{
	autostore struct image_store *store = open_store(*state);
	struct image image = {0};
	struct err err = {0};
	int64_t ms = 0;

	assert_int_equal(image_resolve(store, "docker.io/library/x:1", &image, &err), -ENOENT);
	assert_non_null(strstr(err.text, "docker.io/library/x:1"));
	assert_int_equal(image_stored_at(store, "docker.io/library/x:1", &ms, &err), -ENOENT);
}

static void the_list_says_size_and_use(void **state)
{
	const struct world *world = *state;
	autostore struct image_store *store = open_store(world);
	autoimages struct image_list list = {0};
	struct image image = {0};
	char name[96];

	import_image(world, (const char *[]){"low", "high"}, 2, NULL);
	world_name(world, name, sizeof(name));
	assert_int_equal(image_list(store, &list, NULL), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].name, name);
	assert_int_equal(list.items[0].bytes, 7);
	assert_int_equal(list.items[0].layers, 2);
	assert_false(list.items[0].in_use);
	assert_false(list.items[0].damaged);
	assert_int_equal(image_resolve(store, name, &image, NULL), 0);
	image_list_free(&list);
	assert_int_equal(image_list(store, &list, NULL), 0);
	assert_true(list.items[0].in_use);
	image_free(&image);
}

static void an_image_in_use_is_not_removed(void **state)
{
	const struct world *world = *state;
	autostore struct image_store *store = open_store(world);
	struct image image = {0};
	struct image_swept swept = {0};
	struct err err = {0};
	char name[96];

	import_image(world, (const char *[]){"low"}, 1, NULL);
	world_name(world, name, sizeof(name));
	assert_int_equal(image_resolve(store, name, &image, NULL), 0);
	assert_int_equal(image_remove(store, name, &swept, &err), -EBUSY);
	assert_int_equal(image_prune(store, true, &swept, &err), 0);
	assert_int_equal(swept.names, 0);
	assert_int_equal(access(image.layers.items[0], F_OK), 0);
	image_free(&image);
	assert_int_equal(image_remove(store, name, &swept, &err), 0);
	assert_int_equal(swept.layers, 1);
	assert_int_equal(swept.bytes, 3);
	assert_int_equal(count_files(world, "layers"), 0);
	assert_int_equal(count_files(world, "blobs"), 0);
	assert_int_equal(count_files(world, "tmp"), 0);
	assert_int_equal(image_remove(store, name, &swept, &err), -ENOENT);
}

static void what_a_new_image_of_the_name_replaced_is_pruned_unless_in_use(void **state)
{
	const struct world *world = *state;
	autostore struct image_store *store = open_store(world);
	struct image old = {0};
	struct image_swept swept = {0};
	char name[96];

	import_image(world, (const char *[]){"old"}, 1, NULL);
	world_name(world, name, sizeof(name));
	assert_int_equal(image_resolve(store, name, &old, NULL), 0);
	import_image(world, (const char *[]){"new"}, 1, NULL);
	assert_int_equal(image_prune(store, false, &swept, NULL), 0);
	assert_int_equal(swept.layers, 0);
	assert_int_equal(count_files(world, "layers"), 2);
	image_free(&old);
	assert_int_equal(image_prune(store, false, &swept, NULL), 0);
	assert_int_equal(swept.layers, 1);
	assert_int_equal(image_resolve(store, name, &old, NULL), 0);
	image_free(&old);
}

static void a_missing_layer_and_a_damaged_manifest_are_stale(void **state)
{
	const struct world *world = *state;
	autostore struct image_store *store = open_store(world);
	struct image image = {0};
	struct err err = {0};
	char name[96];
	char path[256];

	import_image(world, (const char *[]){"low"}, 1, NULL);
	world_name(world, name, sizeof(name));
	world_layer(world, 0, "", path, sizeof(path));
	path[strlen(path) - 1] = '\0';
	assert_int_equal(fs_remove_tree(path, NULL), 0);
	assert_int_equal(image_resolve(store, name, &image, &err), -ESTALE);
	assert_non_null(strstr(err.text, "fetch it again"));
	*strrchr(path, '/') = '\0';
	assert_int_equal(fs_remove_tree(path, NULL), 0);
	import_image(world, (const char *[]){"low"}, 1, NULL);
	assert_int_equal(image_resolve(store, name, &image, &err), 0);
	snprintf(path, sizeof(path), "%s/blobs/%s", world->store, digest_hex(image.digest));
	assert_int_equal(fs_write_atomic(path, "{}", 2, 0600, NULL), 0);
	image_free(&image);
	assert_int_equal(image_resolve(store, name, &image, &err), -ESTALE);
	assert_non_null(strstr(err.text, "damaged"));
	import_image(world, (const char *[]){"low"}, 1, NULL);
	assert_int_equal(image_resolve(store, name, &image, &err), 0);
	image_free(&image);
}

static void the_store_is_for_its_owner_alone(void **state)
{
	const struct world *world = *state;
	struct stat st;

	import_image(world, (const char *[]){"low"}, 1, NULL);
	assert_int_equal(chmod(world->store, 0755), 0);
	autostore struct image_store *store = open_store(world);

	assert_non_null(store);
	assert_int_equal(stat(world->store, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void importers_that_are_killed_leave_it_consistent(void **state)
{
	const struct world *world = *state;
	struct image image = {0};
	char name[96];

	world_name(world, name, sizeof(name));
	for (unsigned i = 0; i < 30; i++) {
		char content[16];
		int status = 0;
		pid_t pid = fork();

		assert_true(pid >= 0);
		snprintf(content, sizeof(content), "%u", i);
		if (pid == 0) {
			import_image(world, (const char *[]){"low", content, "up"}, 3, NULL);
			_exit(0);
		}
		usleep(i * 300);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);

		autostore struct image_store *store = open_store(world);
		int r = image_resolve(store, name, &image, NULL);

		assert_true(r == 0 || r == -ENOENT);
		if (r == 0)
			image_free(&image);
	}
	import_image(world, (const char *[]){"low", "last", "up"}, 3, NULL);
	assert_int_equal(count_files(world, "tmp"), 0);
	autostore struct image_store *store = open_store(world);
	struct image_swept swept = {0};

	assert_int_equal(image_prune(store, false, &swept, NULL), 0);
	assert_int_equal(count_files(world, "layers"), 3);
	assert_int_equal(count_files(world, "blobs"), 2);
}

static void concurrent_importers_and_prunes_do_not_disturb_each_other(void **state)
{
	const struct world *world = *state;
	autostore struct image_store *store = open_store(world);
	struct image_swept swept = {0};
	struct image image = {0};
	pid_t pids[6];
	char name[96];

	import_image(world, (const char *[]){"low", "one"}, 2, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(world_import(world, NULL, NULL) < 0);
		assert_int_equal(image_prune(store, true, &swept, NULL), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		int status = 0;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	/* The last to finish has put it there again, or a prune came after it. */
	world_name(world, name, sizeof(name));
	int r = image_resolve(store, name, &image, NULL);

	assert_true(r == 0 || r == -ENOENT);
	if (r == 0)
		image_free(&image);
	assert_int_equal(count_files(world, "layers"), r == 0 ? 2 : 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_imported_image_resolves_to_its_layers_upmost_first, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(
			a_layer_is_unpacked_once_for_all_images_that_have_it, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(an_unknown_name_is_not_there, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(the_list_says_size_and_use, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(an_image_in_use_is_not_removed, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(
			what_a_new_image_of_the_name_replaced_is_pruned_unless_in_use, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(a_missing_layer_and_a_damaged_manifest_are_stale,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(the_store_is_for_its_owner_alone, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(importers_that_are_killed_leave_it_consistent,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			concurrent_importers_and_prunes_do_not_disturb_each_other, world_setup,
			world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
