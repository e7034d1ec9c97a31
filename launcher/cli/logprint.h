// SPDX-License-Identifier: GPL-2.0-or-later
/* How log records look: prefixes, colours, times, and nothing that could command a terminal. */
#pragma once

#include "launcher/cli/logset.h"

struct logprint {
	bool colour;
	bool escape; /* stdout is a terminal */
	bool no_prefix;
	bool timestamps;
	bool json; /* an object per line, and nothing of the above */
};

/* Appends one record as a line. @width: of the longest instance name. */
void logprint_record(const struct logprint *style, const char *instance, size_t width,
		     const struct log_record *record, struct buf *out);

/* Writes all records there are to stdout. Returns 0 or -errno. */
int logprint_drain(const struct logprint *style, struct logset *set, struct err *err) must_check;
