// SPDX-License-Identifier: GPL-2.0-or-later
/* See wall.h. */
#include "launcher/supervisor/wall.h"

#include "runtime/base/cleanup.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Returns the zone before: owned by the caller; NULL: the host's. Without memory the host's zone
 * counts. */
static char *enter(const char *tz)
{
	const char *own = getenv("TZ");
	char *before = own ? strdup(own) : NULL;

	(void)setenv("TZ", tz, 1);
	tzset();
	return before;
}

static void leave(const char *before)
{
	if (before)
		(void)setenv("TZ", before, 1);
	else
		(void)unsetenv("TZ");
	tzset();
}

/* As POSIX writes a zone down itself: "CET-1CEST". */
static bool has_offset(const char *tz)
{
	return !strchr(tz, '/') && strpbrk(tz, "0123456789");
}

bool wall_knows(const char *tz)
{
	const char *dir = getenv("TZDIR");
	char path[PATH_MAX];
	struct stat file;

	if (strcmp(tz, "UTC") == 0 || has_offset(tz))
		return true;
	snprintf(path, sizeof(path), "%s/%s", dir ? dir : "/usr/share/zoneinfo", tz);
	return stat(path, &file) == 0 && S_ISREG(file.st_mode);
}

struct tm wall_clock(const char *tz, time_t at)
{
	autofree char *before = enter(tz);
	struct tm shown = {0};

	(void)localtime_r(&at, &shown);
	leave(before);
	return shown;
}

time_t wall_moment(const char *tz, const struct tm *shown)
{
	autofree char *before = enter(tz);
	struct tm tm = *shown;

	tm.tm_isdst = -1;
	time_t moment = mktime(&tm);

	leave(before);
	return moment;
}
