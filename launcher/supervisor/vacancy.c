// SPDX-License-Identifier: GPL-2.0-or-later
/* The end of a supervisor that nobody needs; see vacancy.h. */
#include "launcher/supervisor/vacancy.h"

#include "launcher/supervisor/apply.h"
#include "launcher/supervisor/supervisor.h"

#define LOOK_MS 10000

static void look(void *data)
{
	struct supervisor *sup = data;

	if (sup->manifest || sup->ending)
		return;
	if (http_is_used(sup->http)) {
		watch_arm(sup->vacancy, LOOK_MS);
		return;
	}
	supervisor_log(sup, "event=vacant");
	struct reply reply = apply_down(sup, NULL);

	reply_drop(&reply);
}

int vacancy_open(struct supervisor *sup, struct err *err)
{
	int r = loop_watch_timer(sup->loop, look, sup, &sup->vacancy, err);

	if (r == 0)
		watch_arm(sup->vacancy, LOOK_MS);
	return r;
}
