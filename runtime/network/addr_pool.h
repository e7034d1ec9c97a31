// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: which instance has which address of the stack's /24. An address
 * sticks to its name until released. Pure: no system calls. Zero-initialise.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdint.h>

#define ADDR_POOL_FIRST 2 /* .0 is the net, .1 the gateway, .255 the broadcast address */
#define ADDR_POOL_LAST	254

struct addr_pool {
	char *names[ADDR_POOL_LAST + 1]; /* by host part; NULL: free */
	uint8_t cursor; /* given last: a released address rests as long as possible */
};

void addr_pool_free(struct addr_pool *pool);

/* The host part that @name has or now gets. -EADDRNOTAVAIL when all are taken. */
int addr_pool_take(struct addr_pool *pool, const char *name, uint8_t *ret_host,
		   struct err *err) must_check;

/* Forgets @name; nothing happens when it is not known. */
void addr_pool_release(struct addr_pool *pool, const char *name);
