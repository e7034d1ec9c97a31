// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of many possible faults a run of a test tries. */
#pragma once

#include <stdint.h>

/* One in @usual, or what DAVIT_FAULT_EVERY says (1: all). */
uint64_t every_step(uint64_t usual);

/* The first of them, from 1 on: DAVIT_FAULT_SEED, or by the clock. Prints how to get the same. */
uint64_t every_first(uint64_t step);
