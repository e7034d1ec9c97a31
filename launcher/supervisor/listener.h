// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The listener over TCP, on request: the status page, metrics, and of the API what only looks, plus
 * a few commands for who has the token. Everybody who can connect may look; browsers only for
 * themselves (guard.h). It outlives a supervisor: the keeper has the socket, the run directory
 * what was asked for.
 */
#pragma once

#include "launcher/supervisor/apply.h"

struct listener;

/* `POST /v1/listen`: opens it, changes it, or with no address closes it. */
struct reply listener_set(struct supervisor *sup, const struct json_t *request);

/* A predecessor's goes on. One that cannot is told in the log, and stays wanted. */
void listener_restore(struct supervisor *sup);

/* {"address","url","token_file"}; NULL: there is none. */
struct json_t *listener_view(const struct supervisor *sup);

/* With the stack: nothing of it stays. */
void listener_close(struct supervisor *sup);
