// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The revision of a service: a hash of all that shapes one of its instances. Pure.
 *
 * An instance is replaced when the revision of its service is another one. Left out because they
 * are applied without a new instance: replicas, depends_on, profiles, ports, positions.
 */
#pragma once

#include "manifests/stack.h"

#define REVISION_HEX   64
#define REVISION_SHOWN 12 /* of these to people, and to programs */

struct revision {
	char hex[REVISION_HEX + 1]; /* lower case, terminated */
};

/*
 * @stack	gives the names that volumes have in the store
 * @service	of @stack
 *
 * Equal revisions mean equal instances: every value goes into the hash with its field and length,
 * so no two different services have the same text. Cannot fail, allocates nothing.
 */
void revision_of(const struct stack *stack, const struct service *service,
		 struct revision *ret_revision);
