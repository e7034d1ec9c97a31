// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One layer: a tar stream ─▶ a directory, in overlayfs form. The stream may be hostile: every name
 * is resolved by the kernel below the directory (openat2, RESOLVE_IN_ROOT), never as a path of the
 * host; ".." is refused, devices are dropped, attributes that mean something to the kernel too.
 */
#pragma once

#include "runtime/image/image_import.h"
#include "runtime/image/tar.h"

#include <stdbool.h>
#include <stdint.h>

/* What an image has used up of its limits so far. */
struct unpack_used {
	int64_t bytes;
	int64_t entries;
};

struct unpack_target {
	int root_fd;	      /* an empty directory */
	const int *lower_fds; /* the layers below it, upmost first: what a directory that the
				 layer only implies looks like */
	size_t lower_count;
	bool archive; /* no layer but an archive with an image in it: no whiteouts, no owners */
	const struct image_limits *limits;
	struct unpack_used *used;
	void (*tick)(void *context, int64_t packed); /* once per entry; may be NULL */
	void *tick_context;
};

/* Unpacks the whole stream. err names the entry that was refused. */
int unpack_tar(struct tar *tar, const struct unpack_target *target, struct err *err) must_check;

/* A name of a stream as it may be shown: at most @size bytes, nothing in it but ASCII. */
const char *unpack_shown(const char *name, char *text, size_t size);
