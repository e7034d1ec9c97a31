// SPDX-License-Identifier: GPL-2.0-or-later
/* One way of quoting for another; see quoted.h. */
#include "manifests/quoted.h"

#include <string.h>

static bool begins(const char *at, const char *end, const char *with)
{
	const size_t len = strlen(with);

	return (size_t)(end - at) >= len && memcmp(at, with, len) == 0;
}

/* What is one character of the text. */
static size_t piece(const char *at, const char *end, bool single)
{
	const bool pair = single ? begins(at, end, "''") : *at == '\\' && at + 1 < end;

	return pair ? 2 : 1;
}

bool quoted_is_misread(const char *raw, size_t len, bool single)
{
	const char *end = raw + len;

	for (const char *at = raw; at < end; at += piece(at, end, single))
		if (single ? begins(at, end, "''''")
			   : begins(at, end, "\\\\\\\n") || begins(at, end, "\\\\\\\r"))
			return true;
	return false;
}

void quoted_rewrite(const char *raw, size_t len, bool single, struct buf *text)
{
	const char *end = raw + len;
	size_t bytes;

	buf_puts(text, "\"");
	for (const char *at = raw; at < end; at += bytes) {
		bytes = piece(at, end, single);
		if (single ? *at == '\\' : begins(at, end, "\\\\"))
			buf_puts(text, "\\x5c");
		else if (single && *at == '"')
			buf_puts(text, "\\x22");
		else
			buf_put(text, at, single ? 1 : bytes);
	}
	buf_puts(text, "\"");
}
