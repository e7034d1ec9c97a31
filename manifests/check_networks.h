// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parts of check_stack() that are about networks. Private to this folder.
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

/* Attaches services that name no network to the default one, adds the dependencies that
 * network_mode brings, and checks that what services refer to exists. Before dependencies are
 * checked. */
void check_attachments(const struct network_check *check);

/* Subnets that overlap, addresses outside of theirs or given twice. After check_attachments(). */
void check_addresses(const struct network_check *check);

/* Notes what the runtime cannot do yet of the networks that are used. Last, on a good stack. */
void check_network_notes(const struct network_check *check);
