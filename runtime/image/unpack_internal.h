// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to the unpack*.c files: names and places in the layer that is being unpacked. A place is
 * an open parent directory and a name in it that is no link, no "." and no "..".
 */
#pragma once

#include "runtime/image/unpack.h"

#include <limits.h>
#include <sys/stat.h>

/* The mark of a directory that hides what lower layers have of it. */
#define UNPACK_OPAQUE "trusted.overlay.opaque"

struct unpack {
	const struct unpack_target *target;
	int parent_fd; /* of the directory below; -1: none */
	char parent[PATH_MAX];
	struct unpack_time *times; /* of directories: their entries change them until the end */
	size_t time_count;
};

struct unpack_time {
	char *path;
	struct timespec mtime;
};

struct unpack_path {
	char text[PATH_MAX]; /* "a/b/c", without "." and "..", "" for the root */
};

struct unpack_place {
	int parent_fd; /* borrowed until the next place is looked for */
	const char *name;
	bool hidden; /* a whiteout was there: what lower layers have of it stays hidden */
};

/* Takes a stream's name apart. -EINVAL for "..", -ENAMETOOLONG, -ELOOP when it is too deep. */
int unpack_normalise(const char *name, unsigned depth, struct unpack_path *ret,
		     struct err *err) must_check;

/* Finds the place of a path that is not the root. Missing parents are made where @make says so,
 * looking as in the layers below; otherwise -ENOENT. */
int unpack_find(struct unpack *unpack, struct unpack_path *path, bool make,
		struct unpack_place *ret, struct err *err) must_check;

/* Makes the place free for another thing; a directory stays for a directory. */
int unpack_clear(struct unpack *unpack, struct unpack_place *place, bool for_directory,
		 struct err *err) must_check;

/* True for overlayfs' mark that a name of lower layers is hidden. */
bool unpack_is_whiteout(const struct stat *st);

/* Makes one entry at its place. */
int unpack_make(struct unpack *unpack, struct tar *tar, const struct tar_entry *entry,
		struct unpack_path *path, struct err *err) must_check;
