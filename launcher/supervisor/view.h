// SPDX-License-Identifier: GPL-2.0-or-later
/* What there is, as JSON: the elements of `ps --json` and `status --json`. Reads, never changes. */
#pragma once

#include "launcher/js.h"
#include "launcher/supervisor/instance.h"

/*
 * Appends what `ps` tells of an instance: made without the detour of a JSON value, since there may
 * be a thousand of them. The text has failed when memory lacked for any part of it.
 *
 * @state	the name of the one to tell, which may be its last
 */
void view_put_instance(struct instance *instance, const char *state, struct buf *text);
/* The same as a value. NULL without memory. Owned by the caller. */
struct json_t *view_instance(struct instance *instance) must_check;
/* What it does and lacks: of `stats --json`. */
struct json_t *view_load(struct instance *instance) must_check;
/* How the last run ended; NULL stands for JSON's null, too. */
struct json_t *view_exit(const struct instance *instance) must_check;
struct json_t *view_services(struct supervisor *sup) must_check;
/* NULL also when nothing of that name was launched. */
struct json_t *view_service(struct supervisor *sup, const char *name) must_check;
