// SPDX-License-Identifier: GPL-2.0-or-later
/* The descriptors that the keeper holds, by name: a table of fixed size, so that nothing that a
 * supervisor says can make the keeper grow or fail. One per process. */
#pragma once

#include "launcher/keeper/wire.h"

#include <stdbool.h>
#include <stddef.h>

#define STORE_MAX 5120

struct stored {
	char name[WIRE_NAME_MAX + 1];
	int fd;
};

/* Takes @fd, closing what had the name. False when the table is full, or without an fd: then
 * nothing has the name. */
bool store_put(const char *name, int fd);

/* Closes and forgets. */
void store_drop(const char *name);

size_t store_count(void);

/* @at: below store_count(); the order changes with every drop. */
const struct stored *store_at(size_t at);
