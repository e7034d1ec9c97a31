// SPDX-License-Identifier: GPL-2.0-or-later
/* Provenance of values; see origin.h. Pointers are compared, never texts. */
#include "manifests/origin.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Chains of extends are short; longer ones are cut rather than kept for every link. */
#define WAY_BYTES_MAX 600

static size_t bucket_of(const char *file)
{
	return (uintptr_t)file / alignof(max_align_t) % ORIGIN_BUCKETS;
}

const char *origin_add(struct origins *origins, const char *file, const char *way)
{
	const char *before = origin_way(origins, file);
	struct origin *origin = arena_new(origins->keep, struct origin, 1);

	*origin = (struct origin){.file = arena_text(origins->keep, file), .way = before};
	if (!before || strlen(before) < WAY_BYTES_MAX)
		origin->way = arena_format(origins->keep, "%s%s%.300s", before ? before : "",
					   before ? ", " : "", way);
	struct origin **bucket = &origins->buckets[bucket_of(origin->file)];

	origin->next = *bucket;
	*bucket = origin;
	return origin->file;
}

const char *origin_way(const struct origins *origins, const char *file)
{
	const struct origin *origin = origins->buckets[bucket_of(file)];

	while (origin && origin->file != file)
		origin = origin->next;
	return origin ? origin->way : NULL;
}
