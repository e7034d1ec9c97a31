// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is wanted of the stack, and what its instances share, as a text for a successor
 * (restore.h reads it): manifests by number, plans, services, networks, ports, ids.
 */
#pragma once

#include "runtime/base/err.h"

#include <stddef.h>

struct json_t;
struct supervisor;

/* NULL without memory. */
struct json_t *stack_text_print(struct supervisor *sup) must_check;

/* The numbers of the manifests that are in use; the caller's to free. */
int stack_text_manifests(const struct supervisor *sup, unsigned **ret_numbers, size_t *ret_count);
