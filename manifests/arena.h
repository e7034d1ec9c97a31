// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that is given back all at once: one reserved range of addresses, filled from the front.
 *
 * Reserving is the only step that can fail, so the loader has one place for "out of memory" and a
 * hostile manifest has a hard bound. Whoever turns input into memory asks arena_low() first.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena {
	char *base;
	size_t used;
	size_t size;
};

/* Reserves address space; pages cost memory only once touched. Returns 0 or -ENOMEM. */
int arena_open(struct arena *arena, struct err *err) must_check;

/* Accepts a zeroed one. */
void arena_close(struct arena *arena);
#define autoarena __attribute__((cleanup(arena_close)))

/* Gives back what was reserved and not used; nothing can be allocated afterwards. */
void arena_seal(struct arena *arena);

/* True when the next piece of input must be refused. What is left then (several times the largest
 * single input) is enough to finish with the present piece. */
bool arena_low(const struct arena *arena);

/* Zeroed memory, aligned for any object; never NULL. */
void *arena_alloc(struct arena *arena, size_t bytes) __attribute__((returns_nonnull, malloc));
#define arena_new(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

/* Terminated copies of text. */
char *arena_copy(struct arena *arena, const char *text, size_t len)
	__attribute__((returns_nonnull));
char *arena_text(struct arena *arena, const char *text) __attribute__((returns_nonnull));
char *arena_format(struct arena *arena, const char *fmt, ...)
	__attribute__((returns_nonnull, format(printf, 2, 3)));

/* Makes room for one more item in a growing array. */
void arena_reserve(struct arena *arena, void **items, size_t count, size_t *cap, size_t item_bytes);
#define arena_push(arena, items, count, cap)                                                       \
	(arena_reserve((arena), (void **)&(items), (count), &(cap), sizeof(*(items))),             \
	 &(items)[(count)++])
