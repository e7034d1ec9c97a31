// SPDX-License-Identifier: GPL-2.0-or-later
/* See pace.h. */
#include "launcher/hold/pace.h"

#define BACK_MS	  1000 /* one refusal comes back */
#define FIRST_MS  20   /* the pause after the first one */
#define SECOND_MS 200
/* Half of what there is: a process that has taken over knows of nothing that was spent. */
#define MOST 3
#define ALL  6

void pace_begin(struct pace *pace, int64_t now_ms, int64_t wait_ms)
{
	pace->next_ms = now_ms + wait_ms;
}

/* What has come back since. */
static void get_back(struct pace *pace, int64_t now_ms)
{
	for (; pace->spent > 0 && now_ms - pace->last_ms >= BACK_MS; pace->spent--)
		pace->last_ms += BACK_MS;
	if (pace->spent == 0)
		pace->last_ms = now_ms;
}

void pace_refused(struct pace *pace, int64_t now_ms)
{
	get_back(pace, now_ms);
	if (pace->spent < ALL)
		pace->spent++;
	if (pace->spent >= MOST)
		pace->next_ms = pace->last_ms + BACK_MS;
	else
		pace->next_ms = now_ms + (pace->spent == 1 ? FIRST_MS : SECOND_MS);
}
