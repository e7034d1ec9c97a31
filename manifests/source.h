// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading input files: bounded, never blocking, regular files only, text only.
 */
#pragma once

#include "manifests/arena.h"

#define SOURCE_BYTES_MAX ((size_t)2 << 20)

struct source {
	char *text; /* terminated, in the arena; valid UTF-8 without NUL */
	size_t len;
};

/*
 * Reads a whole file into the arena.
 *
 * @shown	its name in messages
 *
 * Returns 0; -ENOENT and friends when it cannot be opened; -EINVAL when it is no regular file, too
 * large, or not UTF-8 text: err then says which and where.
 */
int source_read(struct arena *arena, const char *path, const char *shown, struct source *ret_source,
		struct err *err) must_check;

struct source_file {
	const char *path;
	const char *shown; /* its name in messages */
	size_t bytes_max;
};

/* The same for a file of any bytes. */
int source_read_bytes(struct arena *arena, const struct source_file *file,
		      struct source *ret_source, struct err *err) must_check;
