// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses by name and names by address, as two trees of the C library: a network can have very
 * many addresses, of which few are in use.
 */
#include "runtime/network/addr_pool.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct given {
	char *name;
	uint32_t address;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct given *)a)->name, ((const struct given *)b)->name);
}

static int compare_addresses(const void *left, const void *right)
{
	uint32_t a = ((const struct given *)left)->address;
	uint32_t b = ((const struct given *)right)->address;

	return (a > b) - (a < b);
}

static void keep(void *entry)
{
	(void)entry;
}

static void entry_free(void *data)
{
	struct given *entry = data;

	free(entry->name);
	free(entry);
}

void addr_pool_init(struct addr_pool *pool, uint32_t first, uint32_t last)
{
	*pool = (struct addr_pool){.first = first, .last = last, .cursor = last};
}

void addr_pool_free(struct addr_pool *pool)
{
	tdestroy(pool->by_address, keep);
	tdestroy(pool->by_name, entry_free);
	*pool = (struct addr_pool){0};
}

static struct given *by_name(const struct addr_pool *pool, const char *name)
{
	const struct given key = {.name = (char *)name};
	struct given **found = tfind(&key, &pool->by_name, compare_names);

	return found ? *found : NULL;
}

static struct given *by_address(const struct addr_pool *pool, uint32_t address)
{
	const struct given key = {.address = address};
	struct given **found = tfind(&key, &pool->by_address, compare_addresses);

	return found ? *found : NULL;
}

static bool is_given(const struct addr_pool *pool, uint32_t address)
{
	return address >= pool->first && address <= pool->last;
}

static void drop(struct addr_pool *pool, struct given *entry)
{
	pool->given -= is_given(pool, entry->address);
	tdelete(entry, &pool->by_address, compare_addresses);
	tdelete(entry, &pool->by_name, compare_names);
	entry_free(entry);
}

/* @entry is the pool's from here on, or freed. */
static int insert(struct addr_pool *pool, struct given *entry)
{
	if (!entry->name || !tsearch(entry, &pool->by_name, compare_names)) {
		entry_free(entry);
		return -ENOMEM;
	}
	if (!tsearch(entry, &pool->by_address, compare_addresses)) {
		tdelete(entry, &pool->by_name, compare_names);
		entry_free(entry);
		return -ENOMEM;
	}
	pool->given += is_given(pool, entry->address);
	return 0;
}

static int add(struct addr_pool *pool, const char *name, uint32_t address, struct err *err)
{
	struct given *entry = malloc(sizeof(*entry));

	if (!entry)
		return err_set(err, ENOMEM, "network: address for '%s'", name);
	*entry = (struct given){strdup(name), address};
	return insert(pool, entry) < 0 ? err_set(err, ENOMEM, "network: address for '%s'", name)
				       : 0;
}

int addr_pool_take(struct addr_pool *pool, const char *name, uint32_t *ret_address, struct err *err)
{
	const struct given *entry = by_name(pool, name);
	size_t size = (size_t)pool->last - pool->first + 1;

	if (entry) {
		*ret_address = entry->address;
		return 0;
	}
	if (pool->given >= size)
		return err_say(err, EADDRNOTAVAIL,
			       "network: no address left for '%s': there are %zu", name, size);
	uint32_t address = pool->cursor;

	do
		address = address >= pool->last ? pool->first : address + 1;
	while (by_address(pool, address));
	int r = add(pool, name, address, err);

	if (r < 0)
		return r;
	*ret_address = pool->cursor = address;
	return 0;
}

int addr_pool_take_last(struct addr_pool *pool, const char *name, size_t spare, struct err *err)
{
	size_t size = (size_t)pool->last - pool->first + 1;
	uint32_t address = pool->last;

	if (by_name(pool, name))
		return 0;
	if (pool->given + spare >= size)
		return err_say(err, EADDRNOTAVAIL,
			       "network: no room for %s: there are %zu addresses", name, size);
	while (by_address(pool, address))
		address--;
	return add(pool, name, address, err);
}

uint32_t addr_pool_address(const struct addr_pool *pool, const char *name)
{
	const struct given *entry = by_name(pool, name);

	return entry ? entry->address : 0;
}

int addr_pool_fix(struct addr_pool *pool, const char *name, uint32_t address, struct err *err)
{
	struct given *mine = by_name(pool, name);
	const struct given *other = by_address(pool, address);

	if (other && other == mine)
		return 0;
	if (other)
		return err_say(err, EADDRINUSE, "network: the address for '%s' is that of '%s'",
			       name, other->name);
	if (mine)
		drop(pool, mine);
	return add(pool, name, address, err);
}

const char *addr_pool_owner(const struct addr_pool *pool, uint32_t address)
{
	const struct given *found = by_address(pool, address);

	return found ? found->name : NULL;
}

static void note_name(const void *node, VISIT visit, void *names)
{
	const struct given *entry = *(const struct given *const *)node;

	if (visit == postorder || visit == leaf)
		strv_add(names, entry->name);
}

void addr_pool_names(const struct addr_pool *pool, struct strv *names)
{
	twalk_r(pool->by_name, note_name, names);
}

void addr_pool_release(struct addr_pool *pool, const char *name)
{
	struct given *entry = by_name(pool, name);

	if (entry)
		drop(pool, entry);
}
