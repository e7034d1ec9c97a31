// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: which instance has which address of a network. An address sticks to
 * its name until released. Several stacks may give addresses of one network: then each asks a book
 * that they have in common. Pure: no system calls but those of the book.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addr_book {
	/* 0: it is ours from here on; -EEXIST: somebody else has it */
	int (*claim)(void *data, uint32_t address, const char *name, struct err *err);
	void (*disclaim)(void *data, uint32_t address);
	void *data;
};

struct addr_pool {
	uint32_t first;	 /* addresses are given from here, in host byte order, */
	uint32_t last;	 /* to here; others can be taken by asking for them */
	uint32_t cursor; /* given last: a released address rests as long as possible */
	size_t given;	 /* of those between first and last */
	void *by_name;	 /* trees of the same entries */
	void *by_address;
	struct addr_book book; /* zeroed: nobody else is there */
	size_t elsewhere;      /* known to be somebody else's */
};

void addr_pool_init(struct addr_pool *pool, uint32_t first, uint32_t last);

/* Accepts a zeroed one. What it has claimed stays claimed. */
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

/* Whether @address is somebody's of ours. */
bool addr_pool_is_ours(const struct addr_pool *pool, uint32_t address);

/* What @name has; 0: nothing. */
uint32_t addr_pool_address(const struct addr_pool *pool, const char *name);

/* Who has it; NULL: nobody. Borrowed. */
const char *addr_pool_owner(const struct addr_pool *pool, uint32_t address);

/* Appends the names that have one; see strv_add() for want of memory. */
void addr_pool_names(const struct addr_pool *pool, struct strv *names);

/* Forgets @name; nothing happens when it is not known. */
void addr_pool_release(struct addr_pool *pool, const char *name);
