// SPDX-License-Identifier: GPL-2.0-or-later
/* `exec` and `run`: additional processes in instances, and one-off instances, with the client's own
 * fds. */
#pragma once

#include "launcher/js.h"
#include "launcher/supervisor/http.h"
#include "launcher/supervisor/instance.h"

void attach_request(struct supervisor *sup, const struct json_t *request,
		    struct http_answer *answer);

/* `run`: with an upgrade like the above, or detached. */
void attach_run(struct supervisor *sup, const struct json_t *request, struct http_answer *answer);

/* Runs that were put off go on; whether there are any. */
void attach_resume(struct supervisor *sup);
bool attach_waits(const struct supervisor *sup);

/* Ends every exec in the instance. */
void attach_drop(struct supervisor *sup, const struct instance *instance);

/* Ends all of them. */
void attach_close(struct supervisor *sup);
