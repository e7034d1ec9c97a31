// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/image_world.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define DEEP  "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a" /* 32 */

/* What has to be at a path of the layer afterwards. */
struct found {
	const char *path;
	char kind;	  /* file, directory, link, pipe, whiteout, - nothing */
	const char *text; /* content, or where the link leads; NULL: whatever */
	unsigned mode;	  /* 0: whatever */
};

struct hostile {
	const char *what;
	struct world_entry entries[6];
	const char *refused; /* part of the error; NULL: applied */
	struct found found[3];
};

static const struct hostile hostiles[] = {
	{"parent directory", {{"../evil"}}, "entry '../evil': leaves the layer by '..'"},
	{"parent directory within", {{"a/b/../../../evil"}}, "leaves the layer"},
	{"parent directory alone", {{"..", '5'}}, "leaves the layer"},
	{"absolute name", {{"/evil", 0, 0, "x"}}, NULL, {{"evil", 'f', "x"}}},
	{"file through a link upwards",
	 {{"out", '2', "../../../../.."}, {"out/evil", 0, 0, "x"}},
	 NULL,
	 {{"out", 'l'}, {"evil", 'f', "x"}}},
	{"file through a link to the root",
	 {{"out", '2', "/"}, {"out/evil", 0, 0, "x"}},
	 NULL,
	 {{"evil", 'f', "x"}}},
	{"file through a link outside",
	 {{"out", '2', "/tmp/davit-test-canary"}, {"out/evil", 0, 0, "x"}},
	 NULL,
	 {{"tmp/davit-test-canary/evil", 'f', "x"}}},
	{"file over a link outside",
	 {{"f", '2', "/tmp/davit-test-canary/f"}, {"f", 0, 0, "x"}},
	 NULL,
	 {{"f", 'f', "x"}}},
	{"directory over a link outside",
	 {{"d", '2', "/tmp/davit-test-canary"}, {"d", '5', .mode = 0777}, {"d/f", 0, 0, "x"}},
	 NULL,
	 {{"d", 'd', NULL, 0777}, {"d/f", 'f', "x"}}},
	{"links in a circle",
	 {{"a", '2', "b"}, {"b", '2', "a"}, {"a/f", 0, 0, "x"}},
	 "its directory: Too many"},
	{"hard link upwards", {{"h", '1', "../canary"}}, "leaves the layer"},
	{"hard link outside", {{"h", '1', "/tmp/davit-test-canary/f"}}, "hard link to"},
	{"hard link through a link",
	 {{"d", '2', "/"}, {"h", '1', "d/tmp/davit-test-canary/f"}},
	 "hard link to"},
	{"hard link to a directory", {{"d", '5', .mode = 0755}, {"h", '1', "d"}}, "not a file"},
	{"hard link to the root", {{"h", '1', "/"}}, "the root"},
	{"hard link to nothing", {{"h", '1', "missing"}}, "not in this layer"},
	{"hard link to itself", {{"h", '1', "h"}}, "not in this layer"},
	{"hard link to a whiteout", {{".wh.w"}, {"h", '1', "w"}}, "not a file"},
	{"hard link to a link outside",
	 {{"l", '2', "/tmp/davit-test-canary/f"}, {"h", '1', "l"}, {"h", 0, 0, "x"}},
	 NULL,
	 {{"h", 'f', "x"}, {"l", 'l', "/tmp/davit-test-canary/f"}}},
	{"hard link over its own file",
	 {{"f", 0, 0, "x"}, {"f", '1', "f"}},
	 NULL,
	 {{"f", 'f', "x"}}},
	{"character device", {{"dev/sda", '3'}, {"f", 0, 0, "x"}}, NULL, {{"dev", '-'}}},
	{"block device", {{"sda", '4'}, {"f"}}, NULL, {{"sda", '-'}}},
	{"pipe", {{"p", '6', .mode = 0622}}, NULL, {{"p", 'p', NULL, 0622}}},
	{"set-user-ID bit", {{"su", .mode = 04755}}, NULL, {{"su", 'f', NULL, 04755}}},
	{"whiteout of nothing", {{".wh."}}, "whiteout of no name"},
	{"whiteout of the directory", {{"d/.wh.."}}, "whiteout of no name"},
	{"whiteout of the parent", {{"d/.wh..."}}, "whiteout of no name"},
	{"whiteout", {{"d/.wh.f"}}, NULL, {{"d/f", 'w'}, {"d/.wh.f", '-'}}},
	{"whiteout of a file of the same layer",
	 {{"f", 0, 0, "x"}, {".wh.f"}},
	 NULL,
	 {{"f", 'f', "x"}}},
	{"whiteout in the way", {{".wh.d"}, {"d/f", 0, 0, "x"}}, NULL, {{"d/f", 'f', "x"}}},
	{"whiteout through a link outside",
	 {{"l", '2', "/tmp/davit-test-canary"}, {"l/.wh.f"}},
	 NULL,
	 {{"tmp/davit-test-canary/f", 'w'}}},
	{"opaque mark in a directory nobody made",
	 {{"d/e/.wh..wh..opq"}},
	 NULL,
	 {{"d/e", 'd'}, {"d/e/.wh..wh..opq", '-'}}},
	{"opaque mark as a directory",
	 {{".wh..wh..opq/f", 0, 0, "x"}},
	 NULL,
	 {{".wh..wh..opq/f", 'f', "x"}}},
	{"bookkeeping of another file system", {{".wh..wh.plnk"}}, NULL, {{".wh.plnk", '-'}}},
	{"the same file twice", {{"f", 0, 0, "x"}, {"f", 0, 0, "y"}}, NULL, {{"f", 'f', "y"}}},
	{"directory becomes file",
	 {{"d/e/f", 0, 0, "x"}, {"d", 0, 0, "y"}},
	 NULL,
	 {{"d", 'f', "y"}}},
	{"directory becomes link, then a file in it",
	 {{"d/f", 0, 0, "x"}, {"d", '2', "/tmp/davit-test-canary"}, {"d/f", 0, 0, "y"}},
	 NULL,
	 {{"tmp/davit-test-canary/f", 'f', "y"}}},
	{"file in the way", {{"f", 0, 0, "x"}, {"f/g", 0, 0, "y"}}, "its directory"},
	{"proc and etc as links",
	 {{"proc", '2', "/"}, {"etc", '2', "/tmp/davit-test-canary"}, {"etc/f", 0, 0, "x"}},
	 NULL,
	 {{"proc", 'l', "/"}, {"etc", 'l'}, {"tmp/davit-test-canary/f", 'f', "x"}}},
	{"root as a link", {{".", '2', "/tmp"}}, "would replace the root"},
	{"root as a file", {{"."}}, "replace the root"},
	{"root's own mode", {{"./", '5', .mode = 0711}}, NULL, {{".", 'd', NULL, 0711}}},
	{"empty link", {{"l", '2', ""}}, "entry 'l'"},
	{"component of 256 bytes",
	 {{"n", .pax = "path=" FIFTY FIFTY FIFTY FIFTY FIFTY "123456"}},
	 "name is too long"},
	{"too many directories", {{"n", .pax = "path=" DEEP "/" DEEP "/f"}}, "is deeper than 64"},
	{"too many directories through a link",
	 {{"n", '5', .pax = "path=" DEEP, .mode = 0755},
	  {"l", '2', "a", .pax = "linkpath=" DEEP},
	  {"n", '5', .pax = "path=l/" DEEP "/b", .mode = 0755}},
	 "its directory: Too many"},
	{"name that is no UTF-8", {{"\xff\xfe"}}, NULL, {{"\xff\xfe", 'f'}}},
	{"extended name that is no UTF-8", {{"n", .pax = "path=\xff\xfe"}}, "current locale"},
	{"extended name that is", {{"n", .pax = "path=\xc3\xbc"}}, NULL, {{"\xc3\xbc", 'f'}}},
	{"name with escapes", {{"\x1b[2Jx/../y"}}, "entry '\\x1b[2Jx/../y'"},
	{"negative size", {{"f", .size = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}}, ""},
	{"size beyond the stream", {{"f", .size = "00000777777"}}, "runcated"},
	{"size beyond the limit", {{"f", .size = "77777777777"}}, "bytes of files"},
	{"8 EiB hole", {{"f", .pax = "GNU.sparse.realsize=9000000000000000000"}}, "bytes of files"},
	{"owner beyond 32 bits", {{"f", .owner = "\x80\0\0\1\0\0\0"}}, "out of range"},
	{"owner of 32 bits", {{"f", .owner = "\x80\0\0\0\xff\xff\xff\xff"}}, "out of range"},
};

static const struct image_limits limits = {
	.bytes = 1 << 20,
	.entries = 10,
	.ratio = 100,
	.ratio_exempt = 16 << 20,
	.depth = 64,
	.archive_bytes = 1 << 20,
};

static int import_layers(const struct world *world, struct buf *layers, size_t count,
			 struct err *err)
{
	char digest[DIGEST_SIZE];
	size_t size = 0;

	world_image(world, &(struct world_image){.layers = layers, .count = count}, digest, &size);
	world_index(world, digest, size, NULL);
	return world_import(world, &limits, err);
}

static char kind_of(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return '-';
	if (S_ISCHR(st.st_mode))
		return st.st_rdev == makedev(0, 0) ? 'w' : 'c';
	return S_ISREG(st.st_mode)    ? 'f'
	       : S_ISDIR(st.st_mode)  ? 'd'
	       : S_ISLNK(st.st_mode)  ? 'l'
	       : S_ISFIFO(st.st_mode) ? 'p'
				      : '?';
}

static void check_found(const struct world *world, const struct hostile *hostile,
			const struct found *found)
{
	char path[512];
	char text[256] = "";
	struct stat st;

	world_layer(world, 0, found->path, path, sizeof(path));
	if (kind_of(path) != found->kind)
		fail_msg("%s: %s is '%c'", hostile->what, found->path, kind_of(path));
	if (found->text && found->kind == 'l')
		assert_true(readlink(path, text, sizeof(text) - 1) > 0);
	if (found->text && found->kind == 'f') {
		char *content = NULL;

		assert_int_equal(fs_read(path, 100, &content, NULL, NULL), 0);
		snprintf(text, sizeof(text), "%s", content);
		free(content);
	}
	if (found->text)
		assert_string_equal(text, found->text);
	if (found->mode && lstat(path, &st) == 0)
		assert_int_equal(st.st_mode & 07777, found->mode);
}

static void check_hostile(const struct hostile *hostile)
{
	void *state = NULL;
	struct err err = {0};
	autobuf struct buf tar = {0};

	world_setup(&state);
	for (size_t i = 0; i < ARRAY_SIZE(hostile->entries) && hostile->entries[i].name; i++)
		world_put(&tar, &hostile->entries[i]);
	world_end(&tar);
	int r = import_layers(state, &tar, 1, &err);

	if (!hostile->refused && r < 0)
		fail_msg("%s: refused: %s", hostile->what, err.text);
	if (hostile->refused && r == 0)
		fail_msg("%s: taken", hostile->what);
	if (hostile->refused && !strstr(err.text, hostile->refused))
		fail_msg("%s: %s", hostile->what, err.text);
	if (hostile->refused && !strstr(err.text, "layer sha256:"))
		fail_msg("%s: the layer is not named: %s", hostile->what, err.text);
	for (size_t i = 0; i < ARRAY_SIZE(hostile->found) && hostile->found[i].path; i++)
		check_found(state, hostile, &hostile->found[i]);
	world_teardown(&state);
}

/* Beside every layer: what they try to reach. */
static void hostile_entries_are_refused_or_stay_inside(void **unused)
{
	static const char canary[] = "/tmp/davit-test-canary";
	char *text = NULL;
	struct stat before;
	struct stat after;

	assert_int_equal(fs_make_dirs(canary, 0750, NULL), 0);
	assert_int_equal(fs_write_atomic("/tmp/davit-test-canary/f", "alive", 5, 0640, NULL), 0);
	assert_int_equal(stat(canary, &before), 0);
	for (size_t i = 0; i < ARRAY_SIZE(hostiles); i++)
		check_hostile(&hostiles[i]);
	assert_int_equal(stat(canary, &after), 0);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim));
	assert_int_equal(before.st_mode, after.st_mode);
	assert_int_equal(fs_read("/tmp/davit-test-canary/f", 10, &text, NULL, NULL), 0);
	assert_string_equal(text, "alive");
	free(text);
	assert_int_equal(fs_remove_tree(canary, NULL), 0);
}

static void only_attributes_that_harm_nobody_are_kept(void **state)
{
	static const char capability[] = "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	static const struct {
		const char *pax;
		const char *value;
		size_t len;
		bool kept;
	} cases[] = {
		{"SCHILY.xattr.user.note=", "x", 1, true},
		{"SCHILY.xattr.security.capability=", capability, 20, true},
		{"SCHILY.xattr.security.capability=", capability, 19, false},
		{"SCHILY.xattr.security.capability=", "\1\0\0\3aaaabbbbccccddddeeee", 24, false},
		{"SCHILY.xattr.security.selinux=", "x", 1, false},
		{"SCHILY.xattr.trusted.overlay.opaque=", "y", 1, false},
		{"SCHILY.xattr.trusted.note=", "y", 1, false},
		{"SCHILY.xattr.user.overlay.opaque=", "y", 1, false},
		{"SCHILY.xattr.user.=", "y", 1, false},
	};
	autobuf struct buf tar = {0};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char name[8];

		snprintf(name, sizeof(name), "f%zu", i);
		world_put(&tar, &(struct world_entry){.name = name,
						      .pax = cases[i].pax,
						      .xattr_value = cases[i].value,
						      .xattr_len = cases[i].len});
	}
	world_end(&tar);
	if (import_layers(*state, &tar, 1, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char name[8];
		char path[512];
		char list[256];

		snprintf(name, sizeof(name), "f%zu", i);
		world_layer(*state, 0, name, path, sizeof(path));
		assert_int_equal(llistxattr(path, list, sizeof(list)) > 0, cases[i].kept);
	}
}

static bool is_opaque(const struct world *world, const char *name)
{
	char path[512];
	char value[4] = "";

	world_layer(world, 0, name, path, sizeof(path));
	return lgetxattr(path, "trusted.overlay.opaque", value, sizeof(value)) == 1 &&
	       value[0] == 'y';
}

static void what_hides_lower_layers_has_overlayfs_form(void **state)
{
	struct buf layers[2] = {0};
	char path[512];
	struct err err = {0};

	world_put(&layers[0], &(struct world_entry){.name = "d/f"});
	world_end(&layers[0]);
	world_put(&layers[1], &(struct world_entry){.name = ".wh.gone"});
	world_put(&layers[1], &(struct world_entry){.name = ".wh.again"});
	world_put(&layers[1], &(struct world_entry){.name = "again", .type = '5', .mode = 0755});
	world_put(&layers[1], &(struct world_entry){.name = "own", .type = '5', .mode = 0755});
	world_put(&layers[1], &(struct world_entry){.name = ".wh.own"});
	world_put(&layers[1], &(struct world_entry){.name = "new/f"});
	world_put(&layers[1], &(struct world_entry){.name = "new/.wh..wh..opq"});
	world_put(&layers[1], &(struct world_entry){.name = ".wh.implied"});
	world_put(&layers[1], &(struct world_entry){.name = "implied/f"});
	world_end(&layers[1]);
	if (import_layers(*state, layers, 2, &err) < 0)
		fail_msg("%s", err.text);
	world_layer(*state, 0, "gone", path, sizeof(path));
	assert_int_equal(kind_of(path), 'w');
	assert_true(is_opaque(*state, "again"));
	assert_true(is_opaque(*state, "own"));
	assert_true(is_opaque(*state, "new"));
	assert_true(is_opaque(*state, "implied"));
	assert_false(is_opaque(*state, "."));
	buf_free(&layers[0]);
	buf_free(&layers[1]);
}

static void directories_a_layer_only_implies_look_as_below(void **state)
{
	struct buf layers[2] = {0};
	char path[512];
	struct err err = {0};
	struct stat st;

	world_put(&layers[0], &(struct world_entry){
				      .name = "./", .type = '5', .mode = 0751, .uid = 3, .gid = 4});
	world_put(&layers[0],
		  &(struct world_entry){.name = "tmp", .type = '5', .mode = 01777, .uid = 5});
	world_put(&layers[0], &(struct world_entry){.name = "usr/lib/f"});
	world_put(&layers[0], &(struct world_entry){.name = "lib", .type = '2', .link = "usr/lib"});
	world_end(&layers[0]);
	world_put(&layers[1], &(struct world_entry){.name = "tmp/f"});
	world_put(&layers[1], &(struct world_entry){.name = "lib/g"});
	world_end(&layers[1]);
	if (import_layers(*state, layers, 2, &err) < 0)
		fail_msg("%s", err.text);
	world_layer(*state, 0, "tmp", path, sizeof(path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 01777);
	assert_int_equal(st.st_uid, 5);
	world_layer(*state, 0, ".", path, sizeof(path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0751);
	assert_int_equal(st.st_uid, 3);
	world_layer(*state, 0, "usr/lib/g", path, sizeof(path));
	assert_int_equal(kind_of(path), 'f');
	world_layer(*state, 0, "lib", path, sizeof(path));
	assert_int_equal(kind_of(path), '-');
	buf_free(&layers[0]);
	buf_free(&layers[1]);
}

static void owners_modes_and_times_are_kept(void **state)
{
	autobuf struct buf tar = {0};
	char path[512];
	struct stat st;

	world_put(&tar, &(struct world_entry){
				.name = "d", .type = '5', .mode = 0710, .uid = 1, .gid = 2});
	world_put(&tar, &(struct world_entry){.name = "d/f", .mode = 0640, .uid = 3, .gid = 4});
	world_put(&tar, &(struct world_entry){.name = "d/l", .type = '2', .link = "f", .uid = 5});
	world_end(&tar);
	assert_int_equal(import_layers(*state, &tar, 1, NULL), 0);
	world_layer(*state, 0, "d", path, sizeof(path));
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0710);
	assert_int_equal(st.st_gid, 2);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	world_layer(*state, 0, "d/f", path, sizeof(path));
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_uid, 3);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	world_layer(*state, 0, "d/l", path, sizeof(path));
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_uid, 5);
}

static void more_entries_or_bytes_than_allowed_are_refused(void **state)
{
	autobuf struct buf many = {0};
	autobuf struct buf big = {0};
	struct err err = {0};
	char content[1024];

	for (unsigned i = 0; i < 11; i++) {
		snprintf(content, sizeof(content), "f%u", i);
		world_put(&many, &(struct world_entry){.name = content});
	}
	world_end(&many);
	assert_int_equal(import_layers(*state, &many, 1, &err), -E2BIG);
	assert_non_null(strstr(err.text, "more than 10 entries"));

	struct image_limits few = limits;
	size_t size = 0;
	char digest[DIGEST_SIZE];

	memset(content, 'x', sizeof(content));
	content[sizeof(content) - 1] = '\0';
	world_put(&big, &(struct world_entry){.name = "f", .content = content});
	world_put(&big, &(struct world_entry){.name = "g", .content = content});
	world_end(&big);
	world_image(*state, &(struct world_image){.layers = &big, .count = 1}, digest, &size);
	world_index(*state, digest, size, NULL);
	few.bytes = 2000;
	assert_int_equal(world_import(*state, &few, &err), -EFBIG);
	assert_non_null(strstr(err.text, "entry 'g': more than 2000 bytes of files"));
	few.bytes = 2046;
	assert_int_equal(world_import(*state, &few, &err), 0);
}

static void what_is_no_tar_is_refused(void **state)
{
	static const char *const texts[] = {"x", "no tar at all, only text, of some length",
					    "\x1f\x8b\x08", "(\xb5/\xfd"};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		autobuf struct buf tar = {0};

		buf_puts(&tar, texts[i]);
		assert_int_equal(import_layers(*state, &tar, 1, &err), -EBADMSG);
	}
	autobuf struct buf tar = {0};

	world_put(&tar, &(struct world_entry){.name = "f", .content = "content"});
	tar.data[3] ^= 1; /* within the checksum */
	world_end(&tar);
	assert_int_equal(import_layers(*state, &tar, 1, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "layer sha256:"));
}

/* The canary has a place that layers can name, so it is in a /tmp of this process's own. */
static char tmp[] = "/tmp/davit-test-tmp-XXXXXX";

static int own_tmp(void **state)
{
	(void)state;
	if (!mkdtemp(tmp) || chmod(tmp, 01777) < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	return mount(tmp, "/tmp", NULL, MS_BIND, NULL);
}

static int drop_tmp(void **state)
{
	(void)state;
	return umount2("/tmp", MNT_DETACH) < 0 ? -1 : fs_remove_tree(tmp, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_entries_are_refused_or_stay_inside),
		cmocka_unit_test_setup_teardown(only_attributes_that_harm_nobody_are_kept,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(what_hides_lower_layers_has_overlayfs_form,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(directories_a_layer_only_implies_look_as_below,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(owners_modes_and_times_are_kept, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(more_entries_or_bytes_than_allowed_are_refused,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(what_is_no_tar_is_refused, world_setup,
						world_teardown),
	};

	return cmocka_run_group_tests(tests, own_tmp, drop_tmp);
}
