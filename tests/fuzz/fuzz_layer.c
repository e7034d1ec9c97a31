// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzing layers: any bytes, compressed or not, are unpacked or refused in one line, and whatever
 * they say, nothing comes to be beside the directory they are unpacked in, no device in it, and no
 * more in it than the limits allow. The place is a tmpfs that has no name, so needs no cleaning up.
 */
#include "runtime/base/cleanup.h"
#include "runtime/image/unpack.h"
#include "tests/fuzz/budget.h"
#include "tests/fuzz/refusal.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a header (POSIX pax, ustar interchange format). */
#define BLOCK_LEN    512
#define CHECKSUM_AT  148
#define CHECKSUM_LEN 8
#define MAGIC_AT     257

#define BYTES_MAX   ((int64_t)1 << 20)
#define ENTRIES_MAX 200
#define DEPTH_MAX   16
#define FOUND_MAX   (ENTRIES_MAX * DEPTH_MAX) /* with directories that are only implied */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int place = -1;
static int64_t found; /* files and directories of the layer */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		perror("fuzz_layer needs root: tmpfs");
		exit(1);
	}
	place = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	close(fs);
	return place < 0;
}

static int judge_and_remove(const char *path, const struct stat *at, int kind, struct FTW *where)
{
	if (S_ISBLK(at->st_mode) || (S_ISCHR(at->st_mode) && at->st_rdev != 0))
		abort();
	if (where->level == 1 && strcmp(path + where->base, "layer") != 0)
		abort();
	found += where->level > 1;
	return where->level > 0 ? remove(path) : 0;
}

/* Looks at all there is, and removes it. */
static void judge_place(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/.", place);
	found = 0;
	if (nftw(path, judge_and_remove, 16, FTW_DEPTH | FTW_PHYS) != 0 || found > FOUND_MAX)
		abort();
}

static int unpack(int fd, struct err *err)
{
	static const struct image_limits limits = {.bytes = BYTES_MAX,
						   .entries = ENTRIES_MAX,
						   .ratio = 100,
						   .ratio_exempt = BYTES_MAX,
						   .depth = DEPTH_MAX};
	static const struct tar_bounds bounds = {
		.ratio = 100, .ratio_exempt = BYTES_MAX, .bytes = 4 * BYTES_MAX};
	struct unpack_used used = {0};
	struct unpack_target target = {.limits = &limits, .used = &used};
	autotar struct tar *tar = NULL;
	char digest[DIGEST_SIZE];

	if (mkdirat(place, "layer", 0755) < 0)
		abort();
	autoclose int root = openat(place, "layer", O_DIRECTORY | O_CLOEXEC);

	target.root_fd = root;
	int r = tar_open(fd, TAR_ANY, &bounds, &tar, err);

	if (r == 0)
		r = unpack_tar(tar, &target, err);
	if (r == 0)
		r = tar_finish(tar, digest, err);
	if (used.bytes > BYTES_MAX || used.entries > ENTRIES_MAX)
		abort();
	return r;
}

/* What has been changed at random has a checksum that is wrong, and would get no further. */
static void repair_header(uint8_t *block)
{
	unsigned sum = 0;

	memset(block + CHECKSUM_AT, ' ', CHECKSUM_LEN);
	for (size_t i = 0; i < BLOCK_LEN; i++)
		sum += block[i];
	snprintf((char *)block + CHECKSUM_AT, CHECKSUM_LEN, "%06o", sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t layer[BUDGET_BYTES_MAX];
	int64_t start_us = budget_now_us();
	autoclose int fd = memfd_create("layer", MFD_CLOEXEC);
	struct err err = {0};

	if (len > sizeof(layer))
		return 0;
	memcpy(layer, bytes, len);
	for (size_t at = 0; at + BLOCK_LEN <= len; at += BLOCK_LEN)
		if (memcmp(layer + at + MAGIC_AT, "ustar", 5) == 0)
			repair_header(layer + at);
	if (fd < 0 || write(fd, layer, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	refusal_check(unpack(fd, &err), &err);
	judge_place();
	budget_check(start_us, bytes, len);
	return 0;
}
