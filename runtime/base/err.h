// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One error convention for the whole tree.
 *
 * A fallible function returns 0 or a negative errno and, on failure, fills the `struct err`
 * its caller passed as last parameter. The struct lives on the stack, owns nothing and is
 * plain bytes, so a cloned child can send it through a pipe to its parent as it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define ERR_TEXT_MAX 480

struct err {
	int code;		 /* positive errno; 0 when nothing failed */
	char text[ERR_TEXT_MAX]; /* one line: a control character of what it quotes is a '?' */
};

#define must_check	       __attribute__((warn_unused_result))
#define format_like(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * Records a failure: "<formatted text>: <description of errnum>".
 *
 * @err		may be NULL when the caller does not care for the text
 * @errnum	positive errno; 0 is recorded as EINVAL
 *
 * Returns -errnum. Allocates nothing: safe between clone and exec. Keeps errno.
 */
int err_set(struct err *err, int errnum, const char *fmt, ...) format_like(3, 4);

/* Like err_set(), for failures the errno description would say nothing of: the text stands alone.
 */
int err_say(struct err *err, int errnum, const char *fmt, ...) format_like(3, 4);

/*
 * Puts context in front of a recorded failure: "<formatted text>: <what was there>".
 * Does nothing when @err is NULL. Returns -err->code.
 */
int err_prefix(struct err *err, const char *fmt, ...) format_like(2, 3);

/* Whether it was for want of what there may be at another time: memory, descriptors. @r: -errno */
bool err_is_shortage(int r);

/* A failure that is ignored on purpose, the reason beside the call: gcc's warn_unused_result does
 * not take (void) for an answer. */
static inline void err_ignore(int r)
{
	(void)r;
}
