// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a value came to where it is used: through extends, include or a variable.
 *
 * A position names its file by pointer. A value that came from elsewhere has a pointer of its own,
 * to the same name, and the way it came is found by that pointer: positions stay three words.
 */
#pragma once

#include "manifests/arena.h"
#include "manifests/stack.h"

struct origin {
	const char *file;
	const char *way; /* "extended at shop.yaml:9:5" */
	struct origin *next;
};

#define ORIGIN_BUCKETS 1024

struct origins {
	struct arena *keep;			/* lives as long as the positions */
	struct origin *buckets[ORIGIN_BUCKETS]; /* by pointer: there may be one per value */
};

/* A pointer of its own for the file @file, to which @way led; ways that led to @file before come
 * first. */
const char *origin_add(struct origins *origins, const char *file, const char *way);

/* The way to a position, or NULL when it is simply where it was written. */
const char *origin_way(const struct origins *origins, const char *file);
