// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `GET /v1/instances` piece by piece: reading what an instance uses takes the kernel some time, and
 * of a thousand at once so much that others would wait. Between two pieces instances may come and
 * go: each one that is there all the while is in the list, once.
 */
#pragma once

#include "launcher/supervisor/http.h"

struct supervisor;

/* Makes @answer one that is read from the list; a plain refusal where there is no memory. */
void listing_answer(struct supervisor *sup, struct http_answer *answer);
