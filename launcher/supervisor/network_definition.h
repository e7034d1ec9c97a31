// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything a network is made from, as text that is compared: one that is in use does not change.
 * It is part of the state of a stack. Pure.
 */
#pragma once

#include "manifests/stack.h"

/* The definition of what is defined elsewhere, with its name. */
#define NETWORK_JOINED "external "

/* The caller's to free; NULL: no memory. */
char *network_definition(const struct stack *stack, const struct network *network);

/* The first one of that family; NULL: none is written. Borrowed. */
const struct subnet_spec *network_subnet(const struct network *network, unsigned char family);
