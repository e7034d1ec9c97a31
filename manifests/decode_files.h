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

/* decode_build.c */
decode_fn decode_image, decode_build;

/* The name of an image that is built and not called anything. */
void decode_built_image(struct decoder *decoder);

/* decode_files.c: the secrets of a build, whose targets are as those of a service */
decode_fn decode_build_secrets;

/* decode_ulimits.c */
void decode_ulimit_list(struct decoder *decoder, const struct node *node, const char *key,
			struct ulimit_spec **ret_items, size_t *ret_count);

/* decode_contents.c: after all services and files are decoded */
void decode_contents(struct decoder *decoder);

/* decode_volume.c */
decode_fn decode_top_volumes;

/* decode_mounts.c: what the forms of mounts share; false: a fault was reported */
struct mount_spec decode_new_mount(enum mount_kind kind, struct pos pos);
void decode_add_mount(struct decoder *decoder, const struct mount_spec *mount);
bool decode_mount_target(struct decoder *decoder, const struct node *node, const char *key,
			 const char *text, struct mount_spec *mount);
bool decode_mount_source(struct decoder *decoder, const struct node *node, const char *key,
			 const char *text, struct mount_spec *mount);

/* False when @word is none. */
bool decode_propagation(const char *word, struct mount_spec *mount);

/* decode_volumes_from.c: the second once all services are decoded */
decode_fn decode_volumes_from;
void decode_donated_mounts(struct decoder *decoder);

/* decode_mount_long.c */
decode_fn decode_long_mount;

/* decode_tmpfs.c */
bool decode_tmpfs_mode(struct decoder *decoder, const struct node *node, const char *text,
		       int *ret_mode);
bool decode_tmpfs_size(struct decoder *decoder, const struct node *node, const char *text,
		       int64_t *ret_bytes);
