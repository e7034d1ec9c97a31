// SPDX-License-Identifier: GPL-2.0-or-later
/* Which records of a log are wanted: those of a span of time whose text matches. */
#pragma once

#include "launcher/cli/span.h"
#include "runtime/base/buf.h"

#include <regex.h>

struct log_record {
	int64_t time_ns;
	bool is_stderr;
	struct buf text; /* without newline; arbitrary bytes */
};

struct log_filter {
	struct span span;
	bool has_pattern;
	regex_t pattern;
};

#define LOG_FILTER_ALL ((struct log_filter){.span = SPAN_ALWAYS})

/* @pattern	an extended regular expression; -EINVAL when it is not one */
int log_filter_pattern(struct log_filter *filter, const char *pattern, struct err *err) must_check;
void log_filter_free(struct log_filter *filter);
#define autofilter __attribute__((cleanup(log_filter_free)))

/* @filter	NULL: everything is wanted */
bool log_filter_passes(const struct log_filter *filter, const struct log_record *record);
