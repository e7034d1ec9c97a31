// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory given back all at once. A plain bump pointer over a reserved mapping; under
 * AddressSanitizer the gaps between objects are poisoned, so that overruns are still found.
 */
#include "manifests/arena.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(start, bytes)   ASAN_POISON_MEMORY_REGION((start), (bytes))
#define UNPOISON(start, bytes) ASAN_UNPOISON_MEMORY_REGION((start), (bytes))
#define GAP_BYTES	       16
#else
#define POISON(start, bytes)   ((void)0)
#define UNPOISON(start, bytes) ((void)0)
#define GAP_BYTES	       0
#endif

#define ARENA_BYTES ((size_t)128 << 20)
#define LOW_BYTES   ((size_t)32 << 20)
#define ALIGNMENT   16

int arena_open(struct arena *arena, struct err *err)
{
	void *base = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return err_set(err, errno, "manifest: reserve memory");
	*arena = (struct arena){.base = base, .size = ARENA_BYTES};
	POISON(arena->base, arena->size);
	return 0;
}

void arena_close(struct arena *arena)
{
	if (arena->base) {
		UNPOISON(arena->base, arena->size);
		munmap(arena->base, arena->size);
	}
	*arena = (struct arena){0};
}

void arena_seal(struct arena *arena)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t keep = (arena->used + page) / page * page;

	if (keep >= arena->size)
		return;
	UNPOISON(arena->base + keep, arena->size - keep);
	munmap(arena->base + keep, arena->size - keep);
	arena->size = keep;
}

bool arena_low(const struct arena *arena)
{
	return arena->size - arena->used < LOW_BYTES;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	size_t start = arena->used;

	/* Input is bounded before it gets here: see arena_low(). */
	assert(bytes <= arena->size - start - ALIGNMENT - GAP_BYTES);
	arena->used = (start + bytes + GAP_BYTES + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	UNPOISON(arena->base + start, bytes);
	return arena->base + start;
}

char *arena_copy(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (len)
		memcpy(copy, text, len);
	return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(len >= 0);

	char *text = arena_alloc(arena, (size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, args);
	va_end(args);
	return text;
}

void arena_reserve(struct arena *arena, void **items, size_t count, size_t *cap, size_t item_bytes)
{
	if (count < *cap)
		return;
	size_t wanted = *cap ? *cap * 2 : 8;
	void *grown = arena_alloc(arena, wanted * item_bytes);

	if (count)
		memcpy(grown, *items, count * item_bytes);
	*items = grown;
	*cap = wanted;
}
