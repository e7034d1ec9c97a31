// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `configs` and `secrets`: files that instances get without an image or a bind. Both are the same
 * thing but for where they are put.
 */
#pragma once

#include "manifests/spec.h"

enum file_kind {
	FILE_CONFIG,
	FILE_SECRET,
};

/* Where the bytes are taken from when a stack is launched. */
enum file_origin {
	FILE_FROM_NOWHERE,     /* a faulty one: the loader refuses it */
	FILE_FROM_FILE,	       /* `value` is an absolute path */
	FILE_FROM_ENVIRONMENT, /* `value` is the name of a variable of the caller */
	FILE_FROM_CONTENT,     /* `value` is the content */
	FILE_FROM_STORE,       /* external: `name` in davit's own directory of configs or secrets */
};

/* One entry of the top-level `configs` or `secrets`. */
struct file_object {
	enum file_kind kind;
	char *key;  /* the name services refer to */
	char *name; /* `name:`, else STACK_key, else the key where it is external */
	enum file_origin origin;
	char *value;	   /* NULL: from the store */
	char *written;	   /* the same as it is written in the manifest */
	const char *bytes; /* what it holds; NULL: not read, because no service that is enabled has
			      it, or because it cannot be, which is noted */
	size_t len;
	struct text_list labels;
	struct pos pos;
	struct pos value_pos; /* of the key where there is no value */
};

struct stack_files {
	struct file_object *items; /* configs by key, then secrets by key */
	size_t count;
};

/* One entry of a service's `configs` or `secrets`. */
struct file_grant {
	enum file_kind kind;
	char *source;	       /* the key of a file_object of the same kind */
	char *target;	       /* absolute, normalised path in the instance, never "/" */
	int64_t uid;	       /* -1: of the service's user */
	int64_t gid;	       /* -1: of the service's user */
	unsigned mode;	       /* default 0444 */
	struct pos pos;	       /* of the entry */
	struct pos source_pos; /* of the source inside it */
};

struct service_files {
	struct file_grant *items; /* configs, then secrets, in manifest order */
	size_t count;
};
