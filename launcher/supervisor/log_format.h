// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an instance writes as lines in the CRI log format: "2026-01-31T23:59:59.123456789Z stdout F
 * text", P for a part of a longer line. Pure, and stateless per line: what is not a whole line yet
 * is a part, so that nothing waits in memory.
 */
#pragma once

#include <stddef.h>

/* Longer lines are cut into parts of this size. */
#define LOG_PART_BYTES 16384

struct log_out {
	char *bytes;
	size_t size; /* at least LOG_PART_BYTES + LOG_PREFIX_MAX + 1 */
	size_t len;
};

#define LOG_PREFIX_MAX 64

/*
 * Appends lines until all is taken or the next one might not fit.
 *
 * @prefix	"2026-01-31T23:59:59.123456789Z stdout ", shorter than LOG_PREFIX_MAX - 2
 *
 * Returns how many of the bytes were taken; all of them, or the caller makes room and goes on.
 */
size_t log_format(struct log_out *out, const char *prefix, const char *bytes, size_t len);
