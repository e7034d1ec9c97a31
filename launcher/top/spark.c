// SPDX-License-Identifier: GPL-2.0-or-later
/* See spark.h. */
#include "launcher/top/spark.h"

#define LEVELS 8

static const char *const blocks[LEVELS + 1] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const signs[LEVELS + 1] = {" ", ".", ".", ":", "-", "=", "+", "*", "#"};

static float greatest(const float *values, size_t count)
{
	float most = 0;

	for (size_t i = 0; i < count; i++)
		most = values[i] > most ? values[i] : most;
	return most;
}

/* Whatever there is shows, however little. */
static unsigned level_of(float value, float top)
{
	if (!(value > 0) || !(top > 0))
		return 0;
	if (value >= top)
		return LEVELS;
	return 1 + (unsigned)(value / top * (LEVELS - 1));
}

void spark_put(struct buf *out, const struct spark *spark)
{
	size_t shown = spark->count < spark->width ? spark->count : spark->width;
	const float *values = spark->values + spark->count - shown;
	float top = spark->top > 0 ? spark->top : greatest(values, shown);

	buf_printf(out, "%*s", (int)(spark->width - shown), "");
	for (size_t i = 0; i < shown; i++)
		buf_puts(out, (spark->ascii ? signs : blocks)[level_of(values[i], top)]);
}
