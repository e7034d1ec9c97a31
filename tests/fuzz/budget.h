// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one input may cost: 100 ms of processor time for 64 KiB. Instrumentation makes some inputs
 * thirty times slower and others four times, so whoever hunts with sanitizers sets DAVIT_FUZZ_SLOW
 * to a directory: it gets the slowest inputs, to be judged by a harness without sanitizers.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BUDGET_BYTES_MAX 65536
#define BUDGET_US	 100000

static inline int64_t budget_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Keeps the input, or aborts, when more than the budget was spent since @start_us. */
static inline void budget_check(int64_t start_us, const uint8_t *bytes, size_t len)
{
	static int64_t slowest_us = BUDGET_US;
	int64_t spent_us = budget_now_us() - start_us;
	const char *directory = getenv("DAVIT_FUZZ_SLOW");
	char path[512];

	if (spent_us <= slowest_us)
		return;
	slowest_us = spent_us;
	fprintf(stderr, "slow input: %lld us\n", (long long)spent_us);
	if (!directory)
		abort();
	snprintf(path, sizeof(path), "%s/slow-%lld-us", directory, (long long)spent_us);
	FILE *file = fopen(path, "we");

	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
		abort();
}
