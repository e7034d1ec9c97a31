// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything that is true of one service, or of one instance: the document of `davit inspect`.
 * Reads, never changes.
 */
#pragma once

#include "launcher/supervisor/apply.h"

/* POST /v1/inspect {"service"} or {"instance"}: see launcher/API.md. */
struct reply inspect_answer(struct supervisor *sup, const struct json_t *request);
