// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: which instance has which address of a network. An address sticks to
 * its name until released. Pure: no system calls.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct addr_pool {
	uint32_t first;	 /* addresses are given from here, in host byte order, */
	uint32_t last;	 /* to here; others can be taken by asking for them */
	uint32_t cursor; /* given last: a released address rests as long as possible */
	size_t given;	 /* of those between first and last */
	void *by_name;	 /* trees of the same entries */
	void *by_address;
};

void addr_pool_init(struct addr_pool *pool, uint32_t first, uint32_t last);

/* Accepts a zeroed one. */
void addr_pool_free(struct addr_pool *pool);

/* The address that @name has or now gets. -EADDRNOTAVAIL when all are taken. */
int addr_pool_take(struct addr_pool *pool, const char *name, uint32_t *ret_address,
		   struct err *err) must_check;

/* Gives @name this very address, also one that is never given by itself; what it had before is
 * released. -EADDRINUSE when another name has it. */
int addr_pool_fix(struct addr_pool *pool, const char *name, uint32_t address,
		  struct err *err) must_check;

/* The last free one for @name, unless it has one or fewer than @spare others would be left.
 * -EADDRNOTAVAIL then. */
int addr_pool_take_last(struct addr_pool *pool, const char *name, size_t spare,
			struct err *err) must_check;

/* What @name has; 0: nothing. */
uint32_t addr_pool_address(const struct addr_pool *pool, const char *name);

/* Who has it; NULL: nobody. Borrowed. */
const char *addr_pool_owner(const struct addr_pool *pool, uint32_t address);

/* Appends the names that have one; see strv_add() for want of memory. */
void addr_pool_names(const struct addr_pool *pool, struct strv *names);

/* Forgets @name; nothing happens when it is not known. */
void addr_pool_release(struct addr_pool *pool, const char *name);
