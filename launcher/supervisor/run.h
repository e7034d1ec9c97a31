// SPDX-License-Identifier: GPL-2.0-or-later
/* `run`: one-off instances, which no service wants; they end by themselves or with the stack. */
#pragma once

#include "launcher/one_off.h"
#include "launcher/supervisor/instance.h"

/* Borrowed for the call, but for the client. */
struct run_request {
	const struct service *service; /* of the present manifest */
	struct one_off_request change;
	const struct one_off_client *client; /* lives until it is told of the end; NULL: nobody
						waits */
};

/* What was asked for as JSON, for a successor; NULL without memory. */
struct json_t *run_change_print(const struct one_off_request *change) must_check;

/* The service that was made by it; one_off_free() it; NULL without memory. */
struct service *run_change_apply(const struct service *of, const struct json_t *change) must_check;

/*
 * Prepares and starts a one-off instance. Its client may be told of its end before this returns.
 *
 * @ret_name	out: the instance's
 * @fault	out: on failure, what failed; then the client is told nothing
 */
int run_one_off(struct supervisor *sup, const struct run_request *request,
		char ret_name[static INSTANCE_NAME_MAX], struct container_fault *fault) must_check;
