// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decoding what instances are made of besides their processes: images that are built, volumes,
 * configs and secrets. Private to this folder.
 */
#pragma once

#include "manifests/decode.h"

/* decode_files.c */
void decode_top_files(struct decoder *decoder, const struct node *root);
void decode_service_files(struct decoder *decoder, const struct node *service);

/* `external` as a truth value, or as a mapping with the name. */
void decode_external(struct decoder *decoder, const struct node *node, bool *ret_external,
		     const char **ret_name);

/* Reports what is written beside external: true and would have no meaning. */
void decode_external_alone(struct decoder *decoder, const struct node *node);
