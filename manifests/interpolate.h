// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `${…}` in manifests and .env files: $V ${V} ${V:-d} ${V-d} ${V:?e} ${V?e} ${V:+a} ${V+a}, nested,
 * and $$ for a dollar sign.
 */
#pragma once

#include "manifests/report.h"
#include "manifests/tree.h"
#include "manifests/vars.h"

struct interpolation {
	const struct vars *vars;
	const struct vars *fallback; /* asked for what vars does not have; may be NULL */
	struct vars *warned;	     /* names already warned about; NULL: no warnings */
	struct report *report;
	struct arena *arena;
	struct buf *used; /* gets where the values come from: "TAG from .env:2:1"; may be NULL */
};

/*
 * Substitutes in one text.
 *
 * @ret_text	out: in the arena, or @text itself when there was nothing to do; untouched on
 * failure
 *
 * Returns 0 or -EINVAL, err saying what is wrong.
 */
int interpolate_text(const struct interpolation *in, const char *text, struct pos pos,
		     const char **ret_text, struct err *err) must_check;

/* Substitutes in every value of a tree; keys stay as they are. Faults go into the report. A
 * value remembers, as its origin, the variables it came from. */
void interpolate_tree(const struct interpolation *in, struct tree *tree, struct node *node);
