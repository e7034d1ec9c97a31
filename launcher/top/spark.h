// SPDX-License-Identifier: GPL-2.0-or-later
/* A few numbers as a small graph, one character each: blocks, or ASCII. Pure. */
#pragma once

#include "runtime/base/buf.h"

#include <stdbool.h>

struct spark {
	const float *values;
	size_t count;
	unsigned width;
	float top; /* what fills a character; 0 or below: the greatest that is shown */
	bool ascii;
};

/* Appends `width` characters: the last of the values, behind blanks where there are fewer. */
void spark_put(struct buf *out, const struct spark *spark);
