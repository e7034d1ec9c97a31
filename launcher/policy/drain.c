// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests mostly take milliseconds: looked for often at first, then ever less. */
#include "launcher/policy/drain.h"

#define PAUSE_MIN_MS 5
#define PAUSE_MAX_MS 100
/* A look comes at most so much later, in parts of what was waited, than it could have. */
#define PAUSE_PART 8

int64_t drain_limit_ms(const struct service *service, int64_t grace_ms)
{
	int64_t drain_ms = service->traffic.drain_ms;
	int64_t limit_ms = drain_ms >= 0 ? drain_ms : service->stop_grace_ms;

	return grace_ms >= 0 && grace_ms < limit_ms ? grace_ms : limit_ms;
}

int64_t drain_pause_ms(unsigned connections, int64_t waited_ms, int64_t limit_ms)
{
	int64_t pause_ms = waited_ms / PAUSE_PART;
	int64_t left_ms = limit_ms - waited_ms;

	if (connections == 0 || left_ms <= 0)
		return 0;
	if (pause_ms < PAUSE_MIN_MS)
		pause_ms = PAUSE_MIN_MS;
	if (pause_ms > PAUSE_MAX_MS)
		pause_ms = PAUSE_MAX_MS;
	return pause_ms < left_ms ? pause_ms : left_ms;
}
