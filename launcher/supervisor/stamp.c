// SPDX-License-Identifier: GPL-2.0-or-later
/* RFC 3339 in UTC; see stamp.h. */
#include "launcher/supervisor/stamp.h"

#include <stdio.h>

const char *stamp_text(const struct timespec *at, int digits, char ret_text[static STAMP_SIZE])
{
	struct tm utc;
	char seconds[24];
	char fraction[16];

	gmtime_r(&at->tv_sec, &utc);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(fraction, sizeof(fraction), ".%09u", (unsigned)at->tv_nsec % 1000000000u);
	snprintf(ret_text, STAMP_SIZE, "%.19s%.*sZ", seconds, digits > 0 ? digits + 1 : 0,
		 fraction);
	return ret_text;
}
