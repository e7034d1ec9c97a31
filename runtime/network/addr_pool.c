// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses by name and names by address, as two trees of the C library: a network can have very
 * many addresses, of which few are in use.
 */
#include "runtime/network/addr_pool.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct given {
	char *name;
	uint32_t address;
	bool elsewhere; /* somebody else's, as of when it was asked for */
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
	pool->elsewhere -= entry->elsewhere;
	if (pool->book.disclaim && !entry->elsewhere)
		pool->book.disclaim(pool->book.data, entry->address);
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
	*entry = (struct given){.name = strdup(name), .address = address};
	return insert(pool, entry) < 0 ? err_set(err, ENOMEM, "network: address for '%s'", name)
				       : 0;
}

/* Under a name that no instance has. */
static int add_elsewhere(struct addr_pool *pool, uint32_t address, struct err *err)
{
	char name[48];

	snprintf(name, sizeof(name), "another stack's address %" PRIx32, address);
	int r = add(pool, name, address, err);

	if (r == 0) {
		by_address(pool, address)->elsewhere = true;
		pool->elsewhere++;
	}
	return r;
}

/* -EEXIST: it is somebody else's, which is remembered. */
static int claim(struct addr_pool *pool, const char *name, uint32_t address, struct err *err)
{
	int r = pool->book.claim ? pool->book.claim(pool->book.data, address, name, err) : 0;

	if (r == -EEXIST && add_elsewhere(pool, address, err) < 0)
		return -ENOMEM;
	if (r < 0)
		return r;
	r = add(pool, name, address, err);
	if (r < 0 && pool->book.disclaim)
		pool->book.disclaim(pool->book.data, address);
	return r;
}

/* Those may have come back since they were asked for. */
static void forget_elsewhere(struct addr_pool *pool)
{
	for (uint32_t address = pool->first; pool->elsewhere; address++) {
		struct given *entry = by_address(pool, address);

		if (entry && entry->elsewhere)
			drop(pool, entry);
		if (address == pool->last)
			return;
	}
}

static bool is_full(const struct addr_pool *pool, size_t spare)
{
	return pool->given + spare >= (size_t)pool->last - pool->first + 1;
}

/* There is one. */
static uint32_t next_free(const struct addr_pool *pool, uint32_t address)
{
	do
		address = address >= pool->last ? pool->first : address + 1;
	while (by_address(pool, address));
	return address;
}

int addr_pool_take(struct addr_pool *pool, const char *name, uint32_t *ret_address, struct err *err)
{
	const struct given *entry = by_name(pool, name);
	size_t size = (size_t)pool->last - pool->first + 1;
	uint32_t address = pool->cursor;
	int r = -EEXIST;

	if (entry) {
		*ret_address = entry->address;
		return 0;
	}
	for (int round = 0; r == -EEXIST && round < 2; round++) {
		while (r == -EEXIST && !is_full(pool, 0)) {
			address = next_free(pool, address);
			r = claim(pool, name, address, err);
		}
		if (r == -EEXIST)
			forget_elsewhere(pool);
	}
	if (r == -EEXIST)
		return err_say(err, EADDRNOTAVAIL,
			       "network: no address left for '%s': there are %zu", name, size);
	if (r == 0)
		*ret_address = pool->cursor = address;
	return r;
}

int addr_pool_take_last(struct addr_pool *pool, const char *name, size_t spare, struct err *err)
{
	size_t size = (size_t)pool->last - pool->first + 1;
	uint32_t address;
	int r = -EEXIST;

	if (by_name(pool, name))
		return 0;
	for (int round = 0; r == -EEXIST && round < 2; round++) {
		address = pool->last;
		while (r == -EEXIST && !is_full(pool, spare)) {
			while (by_address(pool, address))
				address--;
			r = claim(pool, name, address, err);
		}
		if (r == -EEXIST)
			forget_elsewhere(pool);
	}
	return r == -EEXIST
		       ? err_say(err, EADDRNOTAVAIL,
				 "network: no room for %s: there are %zu addresses", name, size)
		       : r;
}

bool addr_pool_is_ours(const struct addr_pool *pool, uint32_t address)
{
	const struct given *entry = by_address(pool, address);

	return entry && !entry->elsewhere;
}

uint32_t addr_pool_address(const struct addr_pool *pool, const char *name)
{
	const struct given *entry = by_name(pool, name);

	return entry ? entry->address : 0;
}

int addr_pool_fix(struct addr_pool *pool, const char *name, uint32_t address, struct err *err)
{
	struct given *other = by_address(pool, address);

	if (other && other->elsewhere) {
		drop(pool, other); /* asked for once more */
		other = NULL;
	}
	struct given *mine = by_name(pool, name);

	if (other && other == mine)
		return 0;
	if (other)
		return err_say(err, EADDRINUSE, "network: the address for '%s' is that of '%s'",
			       name, other->name);
	if (mine)
		drop(pool, mine);
	int r = claim(pool, name, address, err);

	return r == -EEXIST
		       ? err_say(err, EADDRINUSE,
				 "network: the address for '%s' is that of another stack", name)
		       : r;
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
