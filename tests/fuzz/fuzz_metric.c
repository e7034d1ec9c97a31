// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzing what an instance says of itself to x-autoscale: a gauge's name up to the first line's
 * end, and a page behind it.
 */
#include "manifests/metric.h"
#include "tests/fuzz/budget.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	int64_t start_us = budget_now_us();
	const uint8_t *line_end = memchr(bytes, '\n', len);
	size_t name_len = line_end ? (size_t)(line_end - bytes) : 0;
	int64_t milli = 0;
	struct err err;

	if (len > BUDGET_BYTES_MAX || !line_end)
		return 0;
	char *name = strndup((const char *)bytes, name_len);
	const char *page = (const char *)line_end + 1;
	size_t page_len = len - name_len - 1;

	if (!name)
		abort();
	if (metric_check(name, &err) == 0 && metric_read(name, page, page_len, &milli, &err) == 0 &&
	    milli < 0)
		abort();
	if (metric_number(page, page_len, &milli, &err) == 0 && milli < 0)
		abort();
	free(name);
	budget_check(start_us, bytes, len);
	return 0;
}
