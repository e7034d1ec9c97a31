// SPDX-License-Identifier: GPL-2.0-or-later
/* Compiled filters in files: found again when nothing has changed, and never when not whole. */
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/seccomp/profile.h"
#include "runtime/seccomp/secc_cache.h"
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char json[] = "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}";
static const struct profile_text text = {"own.json", json, sizeof(json) - 1};
static char dir[64];
static char name[SECC_NAME_SIZE];
static char path[160];

static int make_dir(void **unused)
{
	const struct secc_source source = {&text, 5, dir};

	snprintf(dir, sizeof(dir), "/tmp/davit-test-filters-%d/cache", getpid());
	assert_true(secc_cache_name(&source, name));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return 0;
}

static int remove_dir(void **unused)
{
	*strrchr(dir, '/') = '\0';
	return fs_remove_tree(dir, NULL);
}

static void write_one(void)
{
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, 1), BPF_STMT(BPF_RET | BPF_K, 2)};

	secc_cache_write(dir, name, &(struct secc_kept){7, 9, code, 2});
}

static bool is_found(void)
{
	struct secc_kept kept = {0};
	bool found = secc_cache_read(dir, name, &kept);

	if (found) {
		assert_int_equal(kept.asked, 7);
		assert_int_equal(kept.flags, 9);
		assert_int_equal(kept.count, 2);
		assert_int_equal(kept.code[1].k, 2);
	}
	free(kept.code);
	return found;
}

static void what_was_written_is_found(void **unused)
{
	assert_false(is_found());
	write_one();
	assert_true(is_found());
}

static void what_is_not_whole_is_not_there(void **unused)
{
	autofree char *bytes = NULL;
	size_t len = 0;

	write_one();
	assert_int_equal(fs_read(path, 1 << 20, &bytes, &len, NULL), 0);
	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= 1;
		assert_int_equal(fs_write_atomic(path, bytes, len, 0600, NULL), 0);
		if (is_found())
			fail_msg("byte %zu was changed", i);
		bytes[i] ^= 1;
	}
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(fs_write_atomic(path, bytes, i, 0600, NULL), 0);
		assert_false(is_found());
	}
	autofree char *more = calloc(1, len + 1);

	memcpy(more, bytes, len);
	assert_int_equal(fs_write_atomic(path, more, len + 1, 0600, NULL), 0);
	assert_false(is_found());
	assert_int_equal(fs_write_atomic(path, bytes, len, 0600, NULL), 0);
	assert_true(is_found());
}

static void what_others_could_write_is_not_believed(void **unused)
{
	char link_path[176];

	write_one();
	assert_int_equal(chmod(path, 0622), 0);
	assert_false(is_found());
	assert_int_equal(chmod(path, 0600), 0);
	snprintf(link_path, sizeof(link_path), "%s.moved", path);
	assert_int_equal(rename(path, link_path), 0);
	assert_int_equal(symlink(link_path, path), 0);
	assert_false(is_found());
	assert_int_equal(rename(link_path, path), 0);
	assert_true(is_found());
}

static void the_name_tells_what_makes_a_difference(void **unused)
{
	const struct profile_text longer = {"own.json", json, sizeof(json)};
	const struct profile_text other_name = {"x.json", json, sizeof(json) - 1};
	const struct secc_source sources[] = {{NULL, 5}, {&text, 4}, {&longer, 5}};
	char other[SECC_NAME_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		assert_true(secc_cache_name(&sources[i], other));
		assert_string_not_equal(other, name);
	}
	assert_true(secc_cache_name(&(struct secc_source){&other_name, 5}, other));
	assert_string_equal(other, name);
}

static void too_many_make_room(void **unused)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 1);
	char other[SECC_NAME_SIZE];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(other, sizeof(other), "%064u", i);
		secc_cache_write(dir, other, &(struct secc_kept){0, 0, &code, 1});
	}
	struct stat st;
	unsigned count = 0;

	for (unsigned i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "%s/%064u", dir, i);
		count += stat(path, &st) == 0;
	}
	assert_in_range(count, 1, 65);
	assert_int_equal(stat(path, &st), 0);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
}

/* In a process that knows no filter yet. */
static ino_t acquire(void)
{
	struct stat st = {0};
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		const struct secc_source source = {&text, 5, dir};
		const struct secc *filter = NULL;

		_exit(secc_acquire(&source, &filter, NULL) < 0 || secc_length(filter) < 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)stat(path, &st);
	return st.st_ino;
}

static void a_filter_is_missing_until_it_is_kept_or_in_use(void **unused)
{
	const struct secc_source source = {&text, 5, dir};
	const struct secc_source nowhere = {&text, 5, NULL};
	const struct secc *filter = NULL;
	char missing[SECC_NAME_SIZE];
	struct err err;

	(void)unlink(path);
	assert_false(secc_missing(&nowhere, missing));
	assert_true(secc_missing(&source, missing));
	assert_string_equal(missing, name);
	assert_int_not_equal(acquire(), 0);
	assert_false(secc_missing(&source, missing));
	assert_int_equal(secc_acquire(&source, &filter, &err), 0);
	assert_int_equal(unlink(path), 0);
	assert_false(secc_missing(&source, missing));
	secc_release(filter);
}

static void a_filter_is_compiled_once_for_all_processes(void **unused)
{
	(void)unlink(path);
	ino_t first = acquire();

	assert_int_not_equal(first, 0);
	assert_int_equal(acquire(), first);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_not_equal(acquire(), 0);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_found),
		cmocka_unit_test(what_is_not_whole_is_not_there),
		cmocka_unit_test(what_others_could_write_is_not_believed),
		cmocka_unit_test(the_name_tells_what_makes_a_difference),
		cmocka_unit_test(too_many_make_room),
		cmocka_unit_test(a_filter_is_compiled_once_for_all_processes),
		cmocka_unit_test(a_filter_is_missing_until_it_is_kept_or_in_use),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
