// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Command line arguments by table: one row per option says its letter, name, kind and where its
 * value goes; parsing and help are made of the same rows. Pure.
 */
#pragma once

#include "runtime/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum option_kind {
	OPTION_FLAG,	 /* bool */
	OPTION_TEXT,	 /* const char *, borrowed from argv; the last one wins */
	OPTION_LIST,	 /* struct strv, appended */
	OPTION_DURATION, /* int64_t milliseconds */
	OPTION_NUMBER,	 /* int64_t from 0; "all" is -1 */
};

struct option_spec {
	char letter;	  /* 0: none */
	const char *name; /* without the dashes; NULL: none */
	enum option_kind kind;
	size_t offset;	   /* of the value in the caller's struct */
	const char *value; /* what help calls the value; NULL for flags */
	const char *help;
};

struct option_set {
	const struct option_spec *specs;
	size_t count;
	void *values; /* the struct the offsets count in */
};

struct args {
	int argc;
	char **argv;		   /* without the program's or command's own name; is reordered */
	struct option_set sets[2]; /* looked up in this order; count 0: unused */
	bool words_end_options;	   /* everything behind the first word is a word */
	char **words;		   /* out: the rest, in order, inside argv */
	size_t word_count;
	bool help;	  /* out: -h or --help was there */
	char unknown[32]; /* out: the option that there is none of, such as "-q"; "": all are known
			   */
};

/* Returns 0; -EINVAL with a one-line reason ("unknown option --wiat; did you mean --wait?");
 * -ENOMEM. */
int args_parse(struct args *args, struct err *err) must_check;

/* Appends one aligned line per option. */
void args_help(const struct option_spec *specs, size_t count, struct buf *out);
