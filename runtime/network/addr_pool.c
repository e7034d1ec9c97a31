// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses by name. At most 253 entries, so a plain array is searched: a microsecond.
 */
#include "runtime/network/addr_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void addr_pool_free(struct addr_pool *pool)
{
	for (int host = ADDR_POOL_FIRST; host <= ADDR_POOL_LAST; host++)
		free(pool->names[host]);
	*pool = (struct addr_pool){0};
}

static uint8_t find(const struct addr_pool *pool, const char *name)
{
	for (int host = ADDR_POOL_FIRST; host <= ADDR_POOL_LAST; host++)
		if (pool->names[host] && strcmp(pool->names[host], name) == 0)
			return (uint8_t)host;
	return 0;
}

static uint8_t next_host(uint8_t host)
{
	return host < ADDR_POOL_FIRST || host >= ADDR_POOL_LAST ? ADDR_POOL_FIRST
								: (uint8_t)(host + 1);
}

/* The first free one behind the one given last, or 0. */
static uint8_t find_free(const struct addr_pool *pool)
{
	uint8_t host = pool->cursor;

	for (int i = ADDR_POOL_FIRST; i <= ADDR_POOL_LAST; i++) {
		host = next_host(host);
		if (!pool->names[host])
			return host;
	}
	return 0;
}

int addr_pool_take(struct addr_pool *pool, const char *name, uint8_t *ret_host, struct err *err)
{
	uint8_t host = find(pool, name);

	if (!host) {
		host = find_free(pool);
		if (!host)
			return err_say(err, EADDRNOTAVAIL,
				       "network: no address left for '%s': a stack has %d", name,
				       ADDR_POOL_LAST - ADDR_POOL_FIRST + 1);
		pool->names[host] = strdup(name);
		if (!pool->names[host])
			return err_set(err, ENOMEM, "network: address for '%s'", name);
		pool->cursor = host;
	}
	*ret_host = host;
	return 0;
}

void addr_pool_release(struct addr_pool *pool, const char *name)
{
	uint8_t host = find(pool, name);

	if (!host)
		return;
	free(pool->names[host]);
	pool->names[host] = NULL;
}
