// SPDX-License-Identifier: GPL-2.0-or-later
/* Which records are wanted; see logfilter.h. */
#include "launcher/cli/logfilter.h"

#include <errno.h>

int log_filter_pattern(struct log_filter *filter, const char *pattern, struct err *err)
{
	int code = regcomp(&filter->pattern, pattern, REG_EXTENDED | REG_NOSUB);
	char why[128];

	if (code) {
		regerror(code, &filter->pattern, why, sizeof(why));
		return err_say(err, EINVAL, "'%s' is not a regular expression: %s", pattern, why);
	}
	filter->has_pattern = true;
	return 0;
}

void log_filter_free(struct log_filter *filter)
{
	if (filter->has_pattern)
		regfree(&filter->pattern);
	filter->has_pattern = false;
}

bool log_filter_passes(const struct log_filter *filter, const struct log_record *record)
{
	if (!filter)
		return true;
	if (record->time_ns < filter->span.since_ns || record->time_ns >= filter->span.until_ns)
		return false;
	if (!filter->has_pattern)
		return true;
	/* The text may contain NULs: its bounds are given, not found. */
	regmatch_t bounds = {.rm_so = 0, .rm_eo = (regoff_t)record->text.len};

	return regexec(&filter->pattern, record->text.data ? record->text.data : "", 1, &bounds,
		       REG_STARTEND) == 0;
}
