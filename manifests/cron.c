// SPDX-License-Identifier: GPL-2.0-or-later
/* Cron lines as sets of bits; see cron.h. */
#include "manifests/cron.h"

#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct cron_field {
	const char *name;
	unsigned min, max;
	const char *const *words; /* of min, min + 1, …; NULL ends them */
};

static const char *const month_words[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
					  "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const day_words[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const struct cron_field fields[FIELDS] = {
	[MINUTE] = {"minute", 0, 59, NULL},
	[HOUR] = {"hour", 0, 23, NULL},
	[DAY] = {"day of the month", 1, 31, NULL},
	[MONTH] = {"month", 1, 12, month_words},
	[WEEKDAY] = {"day of the week", 0, 7, day_words},
};

/* One number or word; returns the characters read, 0 when it is neither or out of range. */
static size_t read_value(const char *text, const struct cron_field *field, unsigned *ret_value)
{
	size_t len = 0;
	unsigned value = 0;

	for (unsigned i = 0; field->words && field->words[i]; i++) {
		if (strncasecmp(text, field->words[i], 3) != 0 || isalnum((unsigned char)text[3]))
			continue;
		*ret_value = field->min + i;
		return 3;
	}
	while (isdigit((unsigned char)text[len]) && len < 3)
		value = value * 10 + (unsigned)(text[len++] - '0');
	if (!len || value < field->min || value > field->max)
		return 0;
	*ret_value = value;
	return len;
}

/* "/15"; returns the characters read, 0 where there is none; SIZE_MAX when it is faulty. */
static size_t read_step(const char *text, unsigned *ret_step)
{
	static const struct cron_field step = {"step", 1, 59, NULL};
	size_t len;

	if (*text != '/')
		return 0;
	len = read_value(text + 1, &step, ret_step);
	return len ? len + 1 : SIZE_MAX;
}

/* "*", "5", "1-5", each with "/2" behind it where it makes sense. Returns the characters read. */
static size_t read_part(const char *text, const struct cron_field *field, uint64_t *set)
{
	unsigned first = field->min;
	unsigned last = field->max;
	unsigned step = 1;
	size_t len = text[0] == '*' ? 1 : read_value(text, field, &first);
	bool single = len && text[0] != '*' && text[len] != '-' && text[len] != '/';

	if (!len)
		return 0;
	if (single)
		last = first;
	if (text[0] != '*' && text[len] == '-') {
		size_t more = read_value(text + len + 1, field, &last);

		if (!more || last < first)
			return 0;
		len += more + 1;
	}
	size_t stepped = read_step(text + len, &step);

	if (stepped == SIZE_MAX)
		return 0;
	for (unsigned value = first; value <= last; value += step)
		*set |= UINT64_C(1) << value;
	return len + stepped;
}

static bool read_field(const char *text, size_t len, const struct cron_field *field, uint64_t *set)
{
	char copy[128];
	const char *at = copy;

	*set = 0;
	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	for (;;) {
		size_t part = read_part(at, field, set);

		at += part;
		if (!part || (*at && *at != ','))
			return false;
		if (!*at)
			return true;
		at++;
	}
}

static const char *nickname(const char *text)
{
	static const char *const names[][2] = {
		{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
		{"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
		{"@hourly", "0 * * * *"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(text, names[i][0]) == 0)
			return names[i][1];
	return text;
}

int cron_parse(const char *text, struct cron_times *ret_cron, struct err *err)
{
	uint64_t sets[FIELDS] = {0};
	bool starred[FIELDS] = {false};
	const char *at = nickname(text);

	for (size_t i = 0; i < FIELDS; i++) {
		at += strspn(at, " \t");
		size_t len = strcspn(at, " \t");

		if (!len)
			return err_say(err, EINVAL,
				       "'%.60s' is not a time: write MINUTE HOUR DAY MONTH "
				       "WEEKDAY, for example 30 8 * * 1-5",
				       text);
		if (!read_field(at, len, &fields[i], &sets[i]))
			return err_say(err, EINVAL,
				       "'%.*s' is no %s: %u to %u, ranges, lists, steps",
				       (int)(len < 60 ? len : 60), at, fields[i].name,
				       fields[i].min, fields[i].max);
		starred[i] = at[0] == '*';
		at += len;
	}
	if (at[strspn(at, " \t")])
		return err_say(err, EINVAL, "'%.60s' has more than the five fields of a time",
			       text);
	ret_cron->minutes = sets[MINUTE];
	ret_cron->hours = (uint32_t)sets[HOUR];
	ret_cron->days = (uint32_t)sets[DAY];
	ret_cron->months = (uint32_t)sets[MONTH];
	/* Sunday is 0 and 7. */
	ret_cron->weekdays = (uint32_t)((sets[WEEKDAY] | sets[WEEKDAY] >> 7) & 0x7f);
	ret_cron->either_day = !starred[DAY] && !starred[WEEKDAY];
	return 0;
}

bool cron_is_ever(const struct cron_times *cron)
{
	static const unsigned char lengths[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	for (unsigned month = 1; month < ARRAY_SIZE(lengths); month++) {
		uint64_t days = (UINT64_C(2) << lengths[month]) - 1;

		if (cron->months >> month & 1 && (cron->either_day || cron->days & days))
			return true;
	}
	return false;
}
