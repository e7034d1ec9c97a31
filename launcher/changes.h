// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a service is other than before: the fields of its manifest that differ, old and new, in the
 * manifest's words, those that make its instances other ones first. Pure. What may be secret (below
 * environment, build, headers, driver_opts, post_start or pre_stop; what configs and secrets hold)
 * is named and not told.
 */
#pragma once

#include "launcher/js.h"
#include "manifests/stack.h"

/* A service as it was, or is. Borrowed. */
struct changes_side {
	const struct stack *stack;
	const struct service *service;
};

/*
 * @ret	out: {"fields":[{"field","from","to"}],"more"}, owned by the caller: the first fields that
 *	differ, and how many more there are. A side is null where the field is not written, and
 *	CHANGES_HIDDEN where it may be secret; long values and names are cut.
 *
 * Returns 0 or -ENOMEM.
 */
int changes_between(const struct changes_side *before, const struct changes_side *after,
		    struct json_t **ret, struct err *err) must_check;

#define CHANGES_HIDDEN "(not shown)"

/* Appends the names of the fields: "image, environment.MODE and 3 more". */
void changes_names(const struct json_t *changes, struct buf *out);
