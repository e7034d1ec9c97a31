// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A tar stream, compressed or not, entry by entry; libarchive's narrow face. Gives what the stream
 * says, whatever that is: who unpacks it judges. Bounds what a small file may expand to, and knows
 * the digest of the decompressed stream in the end.
 */
#pragma once

#include "runtime/image/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum tar_filter {
	TAR_PLAIN,
	TAR_GZIP,
	TAR_ZSTD,
	TAR_ANY, /* one of them */
};

enum tar_kind {
	TAR_FILE,
	TAR_DIR,
	TAR_SYMLINK,
	TAR_HARDLINK,
	TAR_FIFO,
	TAR_DEVICE,
	TAR_OTHER,
};

/* Borrowed until the next call. */
struct tar_entry {
	enum tar_kind kind;
	const char *name;
	const char *link; /* SYMLINK, HARDLINK: where to; else "" */
	unsigned mode;
	int64_t uid;
	int64_t gid;
	int64_t size;
	struct timespec mtime;
};

struct tar_bounds {
	int64_t ratio;
	int64_t ratio_exempt;
	int64_t bytes; /* of the decompressed stream */
};

struct tar;

/* @fd: borrowed, read from its offset. */
int tar_open(int fd, enum tar_filter filter, const struct tar_bounds *bounds, struct tar **ret,
	     struct err *err) must_check;

/* Accepts NULL. */
void tar_close(struct tar *tar);
void tar_drop(struct tar **tar);
#define autotar __attribute__((cleanup(tar_drop)))

/* 1: an entry; 0: the end; -errno. */
int tar_next(struct tar *tar, struct tar_entry *ret, struct err *err) must_check;

struct tar_block {
	const void *bytes;
	size_t len;
	int64_t offset; /* in the file; what is between blocks is a hole */
};

/* The entry's content. 1: a block; 0: the end; -errno. */
int tar_read(struct tar *tar, struct tar_block *ret, struct err *err) must_check;

struct tar_xattr {
	const char *name;
	const void *value;
	size_t size;
};

/* The entry's extended attributes, one by one; false: no more. */
bool tar_xattr(struct tar *tar, struct tar_xattr *ret);

/* Packed bytes read so far. */
int64_t tar_packed(const struct tar *tar);

/* Reads the rest of the stream. @ret_digest: of all of it, decompressed. */
int tar_finish(struct tar *tar, char ret_digest[DIGEST_SIZE], struct err *err) must_check;
