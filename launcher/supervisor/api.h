// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests of the control socket and the command that each is for. */
#pragma once

#include "launcher/supervisor/apply.h"
#include "launcher/supervisor/http.h"

/* An http_handler_fn; @sup is the supervisor. */
void api_handle(void *sup, const struct http_request *request, struct http_answer *answer);

/* An http_trust_fn: nobody of the stack's own instances; @sup is the supervisor. */
bool api_trusts(void *sup, int pid);

/* Puts a reply's document, which it takes, into an answer. */
void api_answer(struct http_answer *answer, const struct reply *reply);
