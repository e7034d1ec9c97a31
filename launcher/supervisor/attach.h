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

/* Ends every exec in the instance. */
void attach_drop(struct supervisor *sup, const struct instance *instance);

/* Ends all of them. */
void attach_close(struct supervisor *sup);
