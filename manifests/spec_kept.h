// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attributes that are not supported yet, as they are written. Included by stack.h.
 */
#pragma once

#include <stddef.h>

#define KEPT_MAX 16 /* attributes of a service of the class KEY_KEEP */

struct node;

struct kept {
	const char *key;
	const struct node *value; /* never null */
};

struct kept_spec {
	struct kept items[KEPT_MAX]; /* in the order of the table of keys */
	size_t count;
	const struct node *reserved_devices; /* deploy.resources.reservations.devices, or NULL */
};
