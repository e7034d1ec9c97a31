// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * YAML text to a tree: the only face of the YAML library.
 */
#pragma once

#include "manifests/report.h"
#include "manifests/source.h"
#include "manifests/tree.h"

/*
 * Parses one document: aliases expanded, merge keys applied, duplicate keys refused.
 *
 * Returns the root, or NULL when the file is empty or faulty; faults are in the report.
 */
struct node *yaml_parse(const struct source *source, const char *file, struct tree *tree,
			struct report *report);

/*
 * Finds a top-level scalar and reads no further than it. Returns its text in the arena, or NULL
 * when it is not there or comes after a fault.
 */
char *yaml_top_scalar(const struct source *source, const char *key, struct arena *arena);
