// SPDX-License-Identifier: GPL-2.0-or-later
/* See every.h. */
#include "tests/fault/every.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t every_step(uint64_t usual)
{
	const char *every = getenv("DAVIT_FAULT_EVERY");

	return every && atoi(every) > 0 ? (uint64_t)atoi(every) : usual;
}

uint64_t every_first(uint64_t step)
{
	const char *seed = getenv("DAVIT_FAULT_SEED");
	uint64_t offset = (seed ? (uint64_t)atoll(seed) : (uint64_t)time(NULL)) % step;

	printf("# DAVIT_FAULT_EVERY=%llu DAVIT_FAULT_SEED=%llu\n", (unsigned long long)step,
	       (unsigned long long)offset);
	return offset + 1;
}
