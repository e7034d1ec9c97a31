// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The service that a `davit run SERVICE` runs: a copy of the stack's with another name, other words
 * and none of what is only for a service that stays. Pure.
 */
#pragma once

#include "manifests/stack.h"

/* What the command line asks for; absent: as the service has it. Borrowed for the call. */
struct one_off_request {
	char *const *command; /* replaces the service's command; NULL: kept */
	size_t command_count;
	char *const *entrypoint; /* replaces entrypoint and command; NULL: kept */
	size_t entrypoint_count;
	char *const *environment; /* "NAME=value": over the service's */
	size_t environment_count;
	const char *user;
	const char *working_dir;
};

/* The name of one-off instances: "web-run"; their instances are "web-run-1", … */
#define ONE_OFF_SUFFIX "-run"

/*
 * No restarts, no health check, no published ports, one instance; dependencies stay, for the order
 * of stopping.
 *
 * @of	must outlive the result, which borrows from it
 *
 * Returns the copy, one_off_free() it; NULL without memory.
 */
struct service *one_off_service(const struct service *of, const struct one_off_request *request);

/* Only for what one_off_service() returned; accepts NULL. */
void one_off_free(struct service *service);
