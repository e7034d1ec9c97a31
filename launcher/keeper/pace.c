// SPDX-License-Identifier: GPL-2.0-or-later
/* How long to wait before the next try; see pace.h. */
#include "launcher/keeper/pace.h"

int64_t pace_next(int64_t previous_ms, int64_t served_ms)
{
	if (served_ms >= PACE_STABLE_MS || previous_ms < 0)
		return 0;
	if (previous_ms == 0)
		return PACE_FIRST_MS;
	return previous_ms < PACE_MAX_MS / 2 ? 2 * previous_ms : PACE_MAX_MS;
}
