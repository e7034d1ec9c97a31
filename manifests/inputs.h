// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a load has asked the file system for, with the answers: loaded again from these alone, the
 * same options give the same stack, whatever has become of the files meanwhile.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/base/err.h"

#include <stdbool.h>

struct inputs;

/* An empty one, which a load fills. Returns 0 or -ENOMEM. */
int inputs_new(struct inputs **ret_inputs, struct err *err) must_check;

/* Accepts NULL. */
void inputs_free(struct inputs *inputs);
void inputs_drop(struct inputs **inputs);
#define autoinputs __attribute__((cleanup(inputs_drop)))

/* Appends them in a form of our own: they may be secret. Fails as @out does, or with -ENOMEM where
 * an answer could not be kept. */
int inputs_write(const struct inputs *inputs, struct buf *out, struct err *err) must_check;

/* What inputs_write() wrote: a load asks nothing else any more. -EBADMSG: it is something else. */
int inputs_read(const char *bytes, size_t len, struct inputs **ret_inputs,
		struct err *err) must_check;

/* ---- for the loader ---- */

enum input_kind {
	INPUT_BYTES, /* of a file */
	INPUT_TYPE,  /* "d" for a directory, else "f" */
	INPUT_NAMES, /* in a directory, each with a NUL behind it */
	INPUT_REAL,  /* the path without symbolic links */
};

struct input {
	enum input_kind kind;
	const char *path;
	int error; /* 0, or why there is no answer */
	const char *bytes;
	size_t len;
};

/* The answer, when there is one. Of what was read nothing else is there: then -ENOENT is the
 * answer to everything. NULL: the file system is to be asked. @inputs may be NULL. Borrowed, until
 * the next inputs_add(). */
const struct input *inputs_find(const struct inputs *inputs, enum input_kind kind,
				const char *path);

/* Keeps an answer of the file system. @inputs may be NULL. */
void inputs_add(struct inputs *inputs, const struct input *answer);
