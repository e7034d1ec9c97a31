// SPDX-License-Identifier: GPL-2.0-or-later
/* Error values; see err.h. Runs in every process, between clone and exec too: never allocates. */
#include "runtime/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void err_fill(struct err *err, int errnum, const char *why, const char *fmt, va_list args)
	format_like(4, 0);

/* (iscntrl() asks the locale) */
static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static void err_fill(struct err *err, int errnum, const char *why, const char *fmt, va_list args)
{
	err->code = errnum;
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	for (char *at = err->text; *at; at++)
		if (is_control((unsigned char)*at))
			*at = '?';
	if (!why)
		return;
	size_t used = strlen(err->text);

	snprintf(err->text + used, sizeof(err->text) - used, ": %s", why);
}

int err_set(struct err *err, int errnum, const char *fmt, ...)
{
	int saved = errno;

	if (errnum <= 0)
		errnum = EINVAL;
	if (err) {
		/* strerror() may allocate and translate; this table lookup does neither
		 * (glibc 2.32). */
		const char *why = strerrordesc_np(errnum);
		va_list args;

		va_start(args, fmt);
		err_fill(err, errnum, why ? why : "unknown error", fmt, args);
		va_end(args);
	}
	errno = saved;
	return -errnum;
}

int err_say(struct err *err, int errnum, const char *fmt, ...)
{
	int saved = errno;

	if (errnum <= 0)
		errnum = EINVAL;
	if (err) {
		va_list args;

		va_start(args, fmt);
		err_fill(err, errnum, NULL, fmt, args);
		va_end(args);
	}
	errno = saved;
	return -errnum;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char context[ERR_TEXT_MAX];
	struct err whole = {0};
	va_list args;

	if (!err)
		return -EINVAL;
	va_start(args, fmt);
	vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
	int r = err_say(&whole, err->code, "%s: %s", context, err->text);

	*err = whole;
	return r;
}

bool err_is_shortage(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -ENOBUFS;
}
