// SPDX-License-Identifier: GPL-2.0-or-later
/* Pure: how long a keeper waits before it starts a supervisor again. */
#pragma once

#include <stdint.h>

#define PACE_STABLE_MS 1000
#define PACE_FIRST_MS  50
#define PACE_MAX_MS    10000

/*
 * The pause after a supervisor's death. One that has served for a second is followed at once; from
 * the second on of those that did not the pauses double.
 *
 * @previous_ms	the pause before the one that died; -1: there was none
 * @served_ms	how long it has served; 0: it never has
 */
int64_t pace_next(int64_t previous_ms, int64_t served_ms);
