// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shapes values come in, whatever they mean: what the decode_*.c files read them with. Private
 * to this folder; part of decode.h.
 */
#pragma once

#include "manifests/decode.h"

/* Calls the decoder of every field that is present, in the order of the table. */
void decode_fields(struct decoder *decoder, const struct node *mapping,
		   const struct decode_field *fields, size_t count);

/* Checks keys and decodes fields of a mapping one level deeper. */
void decode_mapping(struct decoder *decoder, const struct node *node, const char *key,
		    const struct decode_schema *schema);

/* "PATH.KEY: MESSAGE" at the node. */
void decode_error(struct decoder *decoder, const struct node *node, const char *key,
		  const char *fmt, ...) format_like(4, 5);

/* The same as a note: the value is understood, but nothing can be done with it yet. */
void decode_note(struct decoder *decoder, const struct node *node, const char *key, const char *fmt,
		 ...) format_like(4, 5);

/* The text of a scalar, or NULL with an error. Borrowed from the tree. */
const char *decode_scalar(struct decoder *decoder, const struct node *node, const char *key);
void decode_text(struct decoder *decoder, const struct node *node, const char *key,
		 struct text *ret_text);

/* The same where nothing else than text is meant: NULL with an error also for what YAML takes for a
 * number, true or false, such as the 1.10 of which other tools make 1.1. */
const char *decode_string(struct decoder *decoder, const struct node *node, const char *key);
bool decode_bool(struct decoder *decoder, const struct node *node, const char *key, bool fallback);

/* False, with an error, when the text is no number in the range. */
bool decode_int(struct decoder *decoder, const struct node *node, const char *key,
		struct decode_range range, int64_t *ret_value);
void decode_duration(struct decoder *decoder, const struct node *node, const char *key,
		     int64_t *ret_ms);

/* A duration that is not 0. */
void decode_period(struct decoder *decoder, const struct node *node, const char *key,
		   int64_t *ret_ms);

/* Which of @words (NULL ends them) the text is; false, with an error that names them, otherwise. */
bool decode_choice(struct decoder *decoder, const struct node *node, const char *key,
		   const char *const *words, unsigned *ret_index);

/* A list of texts; with @single a lone text is a list of one. */
void decode_list(struct decoder *decoder, const struct node *node, const char *key, bool single,
		 struct text_list *ret_list);

/* A mapping, or a list of NAME=value; @value of a bare name is NULL. */
typedef void decode_pair_fn(struct decoder *decoder, const char *name, const char *value,
			    struct pos pos, void *ctx);
void decode_pairs(struct decoder *decoder, const struct node *node, const char *key,
		  decode_pair_fn *each, void *ctx);

/* A decode_pair_fn for labels and annotations; ctx: the struct vars that gets them. */
void decode_label(struct decoder *decoder, const char *name, const char *value, struct pos pos,
		  void *ctx);
void decode_labels(struct decoder *decoder, const struct node *node, const char *key,
		   struct text_list *ret_labels);

/* False once the stack is as large as it may become; that is reported once. */
bool decode_room(struct decoder *decoder, const struct node *node);

/* Absolute, without ".", ".." and double slashes; relative ones start at @directory. */
char *decode_path(struct decoder *decoder, const char *directory, const char *path);
