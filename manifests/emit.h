// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A tree as text. Plain scalars are numbers and booleans, all others are strings and are written so
 * that they stay strings. Mappings are written in the order of their keys.
 */
#pragma once

#include "manifests/tree.h"
#include "runtime/base/buf.h"

void emit_yaml(struct tree *tree, const struct node *root, struct buf *out);

/* Returns 0 or -ENOMEM. */
int emit_json(const struct node *root, struct buf *out, struct err *err) must_check;
