// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands: each checks its whole request first, then changes what is desired; settle() does the
 * rest. launcher/API.md has the documents.
 */
#pragma once

#include "launcher/js.h"
#include "runtime/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct service;
struct supervisor;

/* What a command answers: the HTTP status, and a JSON document owned by the receiver. */
struct reply {
	unsigned status;
	struct json_t *document;
};

/* A status: nothing is decided, the command is to be given again once new volumes are filled. */
#define REPLY_LATER 1

/* "one line" with an HTTP status and the exit code the command line is to end with. */
struct reply reply_error(unsigned status, int exit_code, const char *fmt, ...) format_like(3, 4);

void reply_drop(struct reply *reply);

struct reply apply_up(struct supervisor *sup, const struct json_t *request);
/* What `up` would change, which changes nothing. */
struct reply apply_plan(struct supervisor *sup, const struct json_t *request);
struct reply apply_down(struct supervisor *sup, const struct json_t *request);
struct reply apply_scale(struct supervisor *sup, const struct json_t *request);
struct reply apply_stop(struct supervisor *sup, const struct json_t *request);
struct reply apply_start(struct supervisor *sup, const struct json_t *request);
struct reply apply_restart(struct supervisor *sup, const struct json_t *request);
struct reply apply_kill(struct supervisor *sup, const struct json_t *request);

/* False, with the refusal, when a service cannot have so many instances. */
bool apply_scale_fits(const struct service *service, int64_t replicas, struct reply *refusal);

/* Makes an event of a service's new number of instances, if it is one. */
void apply_tell_scale(struct supervisor *sup, const char *service, unsigned from, unsigned to);

struct observed;
struct reconcile_plan;
struct stack;

/* [{"action","instance"}] */
struct json_t *apply_print_plan(const struct stack *stack, const struct reconcile_plan *plan,
				const struct observed *observed);

/* {"changes":[…]}: the difference between desired and observed. */
struct reply apply_changes(struct supervisor *sup);
