// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CRI lines; see log_format.h. They are put together in one buffer: writev() of prefixes and text
 * where they are takes twice as long for lines of a hundred bytes, and no less for long ones.
 */
#include "launcher/supervisor/log_format.h"

#include <string.h>

size_t log_format(struct log_out *out, const char *prefix, const char *bytes, size_t len)
{
	const size_t prefix_len = strlen(prefix);
	char *to = out->bytes + out->len;
	const char *end = out->bytes + out->size;
	size_t done = 0;

	while (done < len) {
		size_t limit = len - done < LOG_PART_BYTES ? len - done : LOG_PART_BYTES;
		const char *newline = memchr(bytes + done, '\n', limit);
		size_t text = newline ? (size_t)(newline - bytes) - done : limit;

		if ((size_t)(end - to) < prefix_len + text + 3)
			break;
		memcpy(to, prefix, prefix_len);
		to += prefix_len;
		*to++ = newline ? 'F' : 'P';
		*to++ = ' ';
		memcpy(to, bytes + done, text);
		to += text;
		*to++ = '\n';
		done += text + (newline ? 1 : 0);
	}
	out->len = (size_t)(to - out->bytes);
	return done;
}
