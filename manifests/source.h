// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading input files: bounded, never blocking, regular files only, text only.
 */
#pragma once

#include "manifests/arena.h"
#include "manifests/inputs.h"

#define SOURCE_BYTES_MAX ((size_t)2 << 20)

struct source {
	char *text; /* terminated, in the arena; valid UTF-8 without NUL */
	size_t len;
};

/* Where what is read goes, and where else it is kept (see inputs.h; NULL: nowhere). */
struct source_reader {
	struct arena *arena;
	struct inputs *inputs;
};

/*
 * Reads a whole file into the arena.
 *
 * @shown	its name in messages
 *
 * Returns 0; -ENOENT and friends when it cannot be opened; -EINVAL when it is no regular file, too
 * large, or not UTF-8 text: err then says which and where.
 */
int source_read(const struct source_reader *reader, const char *path, const char *shown,
		struct source *ret_source, struct err *err) must_check;

struct source_file {
	const char *path;
	const char *shown; /* its name in messages */
	size_t bytes_max;
	const char *top; /* above it: links below lead nowhere else; NULL: all are followed */
};

/* The same for a file of any bytes. */
int source_read_bytes(const struct source_reader *reader, const struct source_file *file,
		      struct source *ret_source, struct err *err) must_check;
