// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether a stack without a supervisor has left anything that there is to take down. */
#pragma once

#include <stdbool.h>

/* Its run directory, or, where somebody has removed that, its control groups. */
bool leftovers_exist(const char *stack);
