// SPDX-License-Identifier: GPL-2.0-or-later
/* What the supervisor is asked for, and what other commands of davit print. Blocks, for a moment.
 */
#pragma once

#include "launcher/top/model.h"

struct ask {
	const char *stack;
	const char *program; /* davit itself */
};

/* Whom a look is at. */
struct ask_look {
	const struct strv *names; /* those of which all is asked for; NULL: of everybody */
	bool both;		  /* of the others processor time and memory; else: */
	const char *reads;	  /* see order_reads() */
};

/*
 * The next answer into the model.
 *
 * Returns 0; -ENOTCONN when the stack does not run; other errors of a moment.
 */
int ask_stats(const struct ask *ask, const struct ask_look *look, struct model *model,
	      struct err *err) must_check;

/* One instance more, or fewer, of a service. @ret_told: what was done, in words. */
int ask_scale(const struct ask *ask, const char *service, int by, struct buf *ret_told,
	      struct err *err) must_check;

/* What `davit WORDS` prints, complaints included; NULL-terminated. */
int ask_command(const struct ask *ask, const char *const *words, struct buf *out,
		struct err *err) must_check;
