// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the loader asks the file system besides the bytes of files. Answers are kept in @inputs and,
 * where they are there already, taken from it; NULL: neither. Private to this folder.
 */
#pragma once

#include "manifests/arena.h"
#include "manifests/inputs.h"

/* There is something of that name, and it is no directory. */
bool lookup_is_file(struct inputs *inputs, const char *path);

/* Returns 0 or -errno. */
int lookup_type(struct inputs *inputs, const char *path, bool *ret_is_dir) must_check;

/* Names of YAML files in a directory, in no order; @ret_names: NULL-terminated, in the arena.
 * Returns 0 or -errno. */
int lookup_yaml(struct inputs *inputs, struct arena *arena, const char *path,
		char ***ret_names) must_check;

/* The path without symbolic links, as it is where that cannot be had. In the arena. */
char *lookup_real(struct inputs *inputs, struct arena *arena, const char *path);
