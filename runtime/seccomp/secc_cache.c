// SPDX-License-Identifier: GPL-2.0-or-later
/* Filters in files; see secc_cache.h. Runs in the parent only. */
#include "runtime/seccomp/secc_cache.h"

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/base/sha256.h"
#include "runtime/seccomp/profile.h"
#include "runtime/seccomp/secc_compile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf_common.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MAGIC "davit-filter 1\n"
/* Old kernels and builds leave files that nobody asks for any more. */
#define FILES_MAX 64

struct head {
	char magic[sizeof(MAGIC)];
	char name[SECC_NAME_SIZE]; /* a renamed file is none */
	uint64_t asked;
	uint64_t flags;
	uint64_t count;
};

struct file {
	struct head head;
	struct sock_filter code[BPF_MAXINSNS];
	char sum[SECC_NAME_SIZE + 1]; /* room for it, and for a file that is too long */
};

static void put(struct sha256 *hash, const void *bytes, size_t len)
{
	const uint64_t size = len;

	sha256_add(hash, &size, sizeof(size));
	sha256_add(hash, bytes, len);
}

static void put_text(struct sha256 *hash, const char *text)
{
	put(hash, text, strlen(text));
}

bool secc_cache_name(const struct secc_source *source, char ret_name[static SECC_NAME_SIZE])
{
	unsigned compiler[3];
	struct utsname kernel;
	struct sha256 hash;
	struct stat self;

	_Static_assert(SECC_NAME_SIZE == 2 * SHA256_BYTES + 1, "a name is a whole hash");
	/* The default profile is part of the executable. */
	if (uname(&kernel) < 0 || stat("/proc/self/exe", &self) < 0)
		return false;
	secc_compiler(compiler);
	sha256_begin(&hash);
	put_text(&hash, kernel.release);
	put_text(&hash, kernel.version);
	put_text(&hash, kernel.machine);
	put(&hash, compiler, sizeof(compiler));
	put(&hash, &self.st_dev, sizeof(self.st_dev));
	put(&hash, &self.st_ino, sizeof(self.st_ino));
	put(&hash, &self.st_size, sizeof(self.st_size));
	put(&hash, &self.st_mtim, sizeof(self.st_mtim));
	put(&hash, &source->capabilities, sizeof(source->capabilities));
	if (source->profile)
		put(&hash, source->profile->bytes, source->profile->len);
	sha256_end_hex(&hash, ret_name);
	return true;
}

static void sum_of(const void *bytes, size_t len, char ret_sum[static SECC_NAME_SIZE])
{
	struct sha256 hash;

	sha256_begin(&hash);
	sha256_add(&hash, bytes, len);
	sha256_end_hex(&hash, ret_sum);
}

/* Nobody else could have written it. */
static bool is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & 022);
}

static ssize_t read_file(const char *dir, const char *name, struct file *file)
{
	autoclose int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int fd =
		dir_fd < 0 ? -1 : openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 || !is_ours(fd) ? -1 : read(fd, file, sizeof(*file));
}

bool secc_cache_has(const char *dir, const char *name)
{
	autoclose int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return dir_fd >= 0 && faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The sum stands behind the code. */
static bool is_whole(const struct file *file, ssize_t len, const char *name)
{
	char sum[SECC_NAME_SIZE];
	size_t code = sizeof(struct sock_filter) * (size_t)file->head.count;

	if (len < (ssize_t)sizeof(file->head) || file->head.count == 0 ||
	    file->head.count > BPF_MAXINSNS ||
	    len != (ssize_t)(sizeof(file->head) + code + sizeof(sum)) ||
	    memcmp(file->head.magic, MAGIC, sizeof(MAGIC)) != 0 ||
	    memcmp(file->head.name, name, sizeof(file->head.name)) != 0)
		return false;
	sum_of(file, sizeof(file->head) + code, sum);
	return memcmp((const char *)file->code + code, sum, sizeof(sum)) == 0;
}

bool secc_cache_read(const char *dir, const char *name, struct secc_kept *ret_kept)
{
	autofree struct file *file = calloc(1, sizeof(*file));
	ssize_t len = file ? read_file(dir, name, file) : -1;

	if (len < 0 || !is_whole(file, len, name))
		return false;
	struct sock_filter *code = calloc(file->head.count, sizeof(*code));

	if (!code)
		return false;
	memcpy(code, file->code, file->head.count * sizeof(*code));
	*ret_kept = (struct secc_kept){file->head.asked, file->head.flags, code,
				       (unsigned short)file->head.count};
	return true;
}

/* All, when they are too many: those in use come back. */
static void make_room(const char *path)
{
	autodir DIR *dir = opendir(path);
	unsigned count = 0;

	while (dir && readdir(dir))
		count++;
	if (count <= FILES_MAX + 2)
		return;
	rewinddir(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
}

void secc_cache_write(const char *dir, const char *name, const struct secc_kept *kept)
{
	struct head head = {
		.magic = MAGIC, .asked = kept->asked, .flags = kept->flags, .count = kept->count};
	char sum[SECC_NAME_SIZE];
	autobuf struct buf bytes = {0};
	autobuf struct buf path = {0};

	memset(&head, 0, sizeof(head)); /* padding included */
	memcpy(head.magic, MAGIC, sizeof(MAGIC));
	memcpy(head.name, name, sizeof(head.name));
	head.asked = kept->asked;
	head.flags = kept->flags;
	head.count = kept->count;
	buf_put(&bytes, (const char *)&head, sizeof(head));
	buf_put(&bytes, (const char *)kept->code, kept->count * sizeof(*kept->code));
	buf_printf(&path, "%s/%s", dir, name);
	if (bytes.failed || path.failed || fs_make_dirs(dir, 0700, NULL) < 0)
		return;
	sum_of(bytes.data, bytes.len, sum);
	buf_put(&bytes, sum, sizeof(sum));
	make_room(dir);
	if (!bytes.failed)
		err_ignore(fs_write_atomic(path.data, bytes.data, bytes.len, 0600, NULL));
}
