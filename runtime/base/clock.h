// SPDX-License-Identifier: GPL-2.0-or-later
/* The clock for what lasts: nobody sets it, and it stands still while the machine sleeps. */
#pragma once

#include <stdint.h>

/* CLOCK_MONOTONIC. */
int64_t clock_now_us(void);
int64_t clock_now_ms(void);
