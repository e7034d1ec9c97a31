// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parts of check_stack() that are about networks and other things of instances that others
 * share. Private to this folder.
 */
#pragma once

#include "manifests/arena.h"
#include "manifests/report.h"

struct network_check {
	struct stack *stack;
	struct arena *keep; /* the stack's */
	struct arena *scratch;
	struct report *report;
};

/* The service whose instance, number @ret_index, is called @name: by its container_name, or as
 * davit and other tools call instances; NULL. */
const struct service *check_instance_named(const struct network_check *check, const char *name,
					   unsigned *ret_index);

/* Sharing what belongs to an instance needs that instance: depends_on, if it is not written. Who
 * makes it anew makes what is shared anew. */
void check_add_dependency(const struct network_check *check, struct service *service,
			  const char *target, struct pos pos);

/* Finds whose `ipc` and `pid` are shared; before dependencies are checked. */
void check_shares(const struct network_check *check);

/* Attaches services that name no network to the default one, adds the dependencies that
 * network_mode brings, and checks that what services refer to exists. Before dependencies are
 * checked. */
void check_attachments(const struct network_check *check);

/* Subnets that overlap, addresses outside of theirs or given twice. After check_attachments(). */
void check_addresses(const struct network_check *check);

/* Notes what the runtime cannot do yet of the networks that are used. Last, on a good stack. */
void check_network_notes(const struct network_check *check);
