// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `GET /v1/logs/INSTANCE`: the last lines of an instance's log, as many as a person looks at. Who
 * wants more, or all, reads the files.
 */
#pragma once

#include "launcher/supervisor/apply.h"

struct reply recent_answer(const struct supervisor *sup, const char *instance);
