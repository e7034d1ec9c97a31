// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A command somewhere in the stack with our stdin, stdout and stderr: what exec and run share
 * (launcher/API.md has the protocol). Ours are handed over as they are; where we have a terminal it
 * stays ours, and the supervisor gives us the side of the keyboard of one of the instance's own.
 */
#pragma once

#include "launcher/js.h"

#include <stdbool.h>

/* As env(1): whatever fails that is not the command. */
#define SESSION_FAILED 125

struct session_request {
	const char *path;	   /* "/v1/exec" */
	const struct json_t *body; /* borrowed */
	bool tty;
	const char *what; /* "exec": in front of complaints */
};

/* A terminal inside is for those who have one here. */
bool session_wants_tty(bool no_tty);

/* Returns the command's exit code, 128 + N after signal N, or SESSION_FAILED after a complaint. */
int session_run(const char *stack, const struct session_request *request)
	__attribute__((warn_unused_result));
