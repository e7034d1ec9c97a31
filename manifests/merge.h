// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several manifests into one, by Compose's rules: mappings merge, lists append (ports and volumes
 * by what they stand for), everything else is replaced; !override replaces, !reset removes.
 */
#pragma once

#include "manifests/tree.h"

/* @over onto @base, either may be NULL. Reuses the nodes of both. */
struct node *merge_manifests(struct tree *tree, struct node *base, struct node *over);

/* The same for two services; neither is NULL. */
struct node *merge_services(struct tree *tree, struct node *base, struct node *over);

/* Removes what is marked !reset. */
void merge_prune(struct node *node);

/* Readies two `x-probe` for merging: the same forms, no method of @base where @over has another. */
void merge_probe_forms(struct tree *tree, struct node *base, struct node *over);
