// SPDX-License-Identifier: GPL-2.0-or-later
/* What there is, as JSON: the elements of `ps --json` and `status --json`. Reads, never changes. */
#pragma once

#include "launcher/js.h"
#include "launcher/supervisor/instance.h"

/* NULL without memory. Owned by the caller. */
struct json_t *view_instance(struct instance *instance) must_check;
/* What it does and lacks: of `stats --json`. */
struct json_t *view_load(struct instance *instance) must_check;
/* How the last run ended; NULL stands for JSON's null, too. */
struct json_t *view_exit(const struct instance *instance) must_check;
struct json_t *view_services(struct supervisor *sup) must_check;
/* NULL also when nothing of that name was launched. */
struct json_t *view_service(struct supervisor *sup, const char *name) must_check;
