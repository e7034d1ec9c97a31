// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The supervisor's documents about the stack, a service or an instance as lines for people. Pure
 * but for the clock that ages are told by.
 */
#pragma once

#include "launcher/js.h"

/* Where values begin in a line. */
#define DESCRIBE_INDENT 16

/* Append what `instance` or `service` of an answer to POST /v1/inspect has. */
void describe_instance(struct buf *out, const struct json_t *about);
void describe_service(struct buf *out, const struct json_t *about);

/* Its newest events, oldest first. */
void describe_history(struct buf *out, const struct json_t *history);

/* @version, @services: of GET /v1/version and /v1/services */
void describe_stack(struct buf *out, const struct json_t *version, const struct json_t *services);
