// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The plain fields of `build` by name: one table for who reads and who prints them. Private to this
 * folder.
 */
#pragma once

#include "manifests/spec_build.h"

enum build_kind {
	BUILD_TEXT,
	BUILD_LIST, /* a list of texts, or one text */
	BUILD_FLAG,
};

struct build_field {
	const char *key; /* NULL ends the table */
	enum build_kind kind;
	size_t offset; /* of a struct text, struct text_list or bool in struct build_spec */
};

extern const struct build_field build_fields[];
