// SPDX-License-Identifier: GPL-2.0-or-later
/* Curves over time: one line of blocks for a terminal, a picture in SVG. Pure. */
#pragma once

#include "runtime/base/buf.h"

#include <stddef.h>

struct chart_curve {
	const char *name; /* also drawn, in SVG */
	const double *values;
	size_t count;
};

struct chart_panel {
	const char *title; /* with its unit */
	const struct chart_curve *curves;
	size_t count;
};

/* The values as eighths of a block, from 0 to @top; anything above 0 shows. */
void chart_line(struct buf *out, const double *values, size_t count, double top);

/* The panels one below the other, over @duration_s seconds. */
void chart_svg(struct buf *out, const struct chart_panel *panels, size_t count, double duration_s);
