// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of descriptors; see store.h. Memory is touched as far as the table was ever full. */
#include "launcher/keeper/store.h"

#include "runtime/base/cleanup.h"

#include <string.h>

static struct stored table[STORE_MAX];
static size_t count;

static struct stored *find(const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

void store_drop(const char *name)
{
	struct stored *stored = find(name);

	if (!stored)
		return;
	fd_drop(&stored->fd);
	*stored = table[--count];
}

bool store_put(const char *name, int fd)
{
	store_drop(name);
	if (fd < 0)
		return false;
	if (count == STORE_MAX) {
		fd_drop(&fd);
		return false;
	}
	table[count] = (struct stored){.fd = fd};
	snprintf(table[count++].name, sizeof(table->name), "%s", name);
	return true;
}

size_t store_count(void)
{
	return count;
}

const struct stored *store_at(size_t at)
{
	return &table[at];
}
