// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What instances use, for who looks at them again and again: `GET /v1/stats` has all that the
 * kernel tells of each, `POST /v1/stats` that of some, and of the others only what is cheap.
 */
#pragma once

#include "launcher/js.h"
#include "launcher/supervisor/http.h"

struct supervisor;

void loads_answer(struct supervisor *sup, struct http_answer *answer);

/* @body	has "instances": those of which all is told; "others": what is read of the others,
 *		without it both that are cheap */
void loads_answer_some(struct supervisor *sup, const struct json_t *body,
		       struct http_answer *answer);
