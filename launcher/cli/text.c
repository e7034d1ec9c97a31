// SPDX-License-Identifier: GPL-2.0-or-later
/* Text for people; see text.h. Everything here takes hostile input. */
#include "launcher/cli/text.h"

#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* September 2001: a bare number from here on is seconds since 1970, not a duration. */
#define MOMENT_LEAST_MS INT64_C(1000000000000)

/* Length of the UTF-8 sequence at @bytes, its code point in @ret_code; 0 when it is not one
 * (truncated, overlong, surrogate, too large). */
static size_t utf8_decode(const unsigned char *bytes, size_t len, uint32_t *ret_code)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {
		{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

	for (size_t n = 0; n < ARRAY_SIZE(forms); n++) {
		if ((bytes[0] & forms[n].mask) != forms[n].lead || n >= len)
			continue;
		uint32_t code = bytes[0] & (unsigned char)~forms[n].mask;

		for (size_t i = 1; i <= n; i++) {
			if ((bytes[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (bytes[i] & 0x3f);
		}
		if (code < forms[n].least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
			return 0;
		*ret_code = code;
		return n + 1;
	}
	return 0;
}

static bool is_control(uint32_t code)
{
	return (code < 0x20 && code != '\t') || (code >= 0x7f && code < 0xa0);
}

void text_escape(struct buf *out, const char *bytes, size_t len)
{
	const unsigned char *at = (const unsigned char *)bytes;
	size_t plain = 0; /* bytes before @at not copied yet */

	for (size_t i = 0; i < len;) {
		uint32_t code = 0;
		size_t n = utf8_decode(at + i, len - i, &code);

		if (n > 0 && !is_control(code)) {
			i += n;
			continue;
		}
		buf_put(out, bytes + plain, i - plain);
		for (size_t end = i + (n ? n : 1); i < end; i++)
			buf_printf(out, "\\x%02x", at[i]);
		plain = i;
	}
	buf_put(out, bytes + plain, len - plain);
}

#define NEAREST_MAX 32

/* Edit distance with transpositions of neighbours; both shorter than NEAREST_MAX. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][NEAREST_MAX + 1];
	size_t la = strlen(a);
	size_t lb = strlen(b);

	for (unsigned j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *now = rows[i % 3];
		const unsigned *up = rows[(i + 2) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);

			best = best < up[j] + 1 ? best : up[j] + 1;
			best = best < now[j - 1] + 1 ? best : now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
				unsigned swapped = rows[(i + 1) % 3][j - 2] + 1;

				best = best < swapped ? best : swapped;
			}
			now[j] = best;
		}
	}
	return rows[la % 3][lb];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
	const char *nearest = NULL;
	size_t len = strlen(word);
	unsigned least = len <= 3 ? 2 : 3; /* must be below */

	for (; len < NEAREST_MAX && *candidates; candidates++) {
		if (strlen(*candidates) >= NEAREST_MAX)
			continue;
		unsigned d = distance(word, *candidates);

		if (d < least && d < len) {
			least = d;
			nearest = *candidates;
		}
	}
	return nearest;
}

int text_number(const char *text, int64_t *ret_number)
{
	int64_t number = 0;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	for (; isdigit((unsigned char)*text); text++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, *text - '0', &number))
			return -ERANGE;
	if (*text)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

/* The unit at *text in ms, moving behind it; 0 when there is none known. */
static int64_t duration_unit_ms(const char **text)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t len = strlen(units[i].name);

		if (strncmp(*text, units[i].name, len) == 0) {
			*text += len;
			return units[i].ms;
		}
	}
	return 0;
}

int text_duration_ms(const char *text, int64_t *ret_ms)
{
	const int64_t most_ms = INT64_C(1000) * 86400000 * 366;
	double total_ms = 0;
	const char *at = text;

	do {
		double number = 0;
		double digit = 1;
		const char *start = at;

		for (; isdigit((unsigned char)*at); at++)
			number = number * 10 + (*at - '0');
		if (at == start)
			return -EINVAL;
		if (*at == '.')
			for (at++; isdigit((unsigned char)*at); at++)
				number += (*at - '0') * (digit /= 10);
		/* A bare number means seconds, but only alone: "1m30" is a typing error. */
		bool bare = *at == '\0' && start == text;
		int64_t unit_ms = bare ? 1000 : duration_unit_ms(&at);

		if (unit_ms == 0)
			return -EINVAL;
		total_ms += number * (double)unit_ms;
		if (total_ms > (double)most_ms)
			return -ERANGE;
	} while (*at);
	*ret_ms = (int64_t)(total_ms + 0.5);
	return 0;
}

/* Reads @count digits at *at, moving behind them; -1 when they are not all digits. */
static int digits(const char **at, const char *end, int count)
{
	int number = 0;

	for (int i = 0; i < count; i++, (*at)++) {
		if (*at >= end || !isdigit((unsigned char)**at))
			return -1;
		number = number * 10 + (**at - '0');
	}
	return number;
}

static bool skip(const char **at, const char *end, const char *set)
{
	if (*at >= end || !strchr(set, **at) || **at == '\0')
		return false;
	(*at)++;
	return true;
}

/* Days since 1970-01-01 of a Gregorian date: the year is shifted to begin in March, so that the
 * leap day comes last. */
static int64_t civil_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "Z", "+01:00", "-0530" in seconds. */
static int offset_seconds(const char **at, const char *end, int64_t *ret_s)
{
	if (skip(at, end, "Zz")) {
		*ret_s = 0;
		return 0;
	}
	int sign = *at < end && **at == '-' ? -1 : 1;

	if (!skip(at, end, "+-"))
		return -EINVAL;
	int hours = digits(at, end, 2);

	(void)skip(at, end, ":");
	int minutes = digits(at, end, 2);

	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return -EINVAL;
	*ret_s = sign * (hours * 3600 + minutes * 60);
	return 0;
}

/* ".123456789", any number of digits. */
static int64_t fraction_ns(const char **at, const char *end)
{
	int64_t ns = 0;
	int64_t unit = 100000000;

	for (; *at < end && isdigit((unsigned char)**at); (*at)++, unit /= 10)
		ns += (**at - '0') * unit;
	return ns;
}

int text_time_ns(const char *text, size_t len, int64_t *ret_ns)
{
	const char *at = text;
	const char *end = text + len;
	int64_t offset_s = 0;
	int64_t ns = 0;
	int year = digits(&at, end, 4);
	int month = skip(&at, end, "-") ? digits(&at, end, 2) : -1;
	int day = skip(&at, end, "-") ? digits(&at, end, 2) : -1;
	int hour = skip(&at, end, "Tt ") ? digits(&at, end, 2) : -1;
	int minute = skip(&at, end, ":") ? digits(&at, end, 2) : -1;
	int second = skip(&at, end, ":") ? digits(&at, end, 2) : -1;

	/* Years beyond these do not fit into nanoseconds. */
	if (year < 1700 || year > 2261 || month < 1 || month > 12 || day < 1 || day > 31)
		return -EINVAL;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return -EINVAL;
	if (skip(&at, end, "."))
		ns = fraction_ns(&at, end);
	if (offset_seconds(&at, end, &offset_s) < 0 || at != end)
		return -EINVAL;
	int64_t s = civil_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;

	*ret_ns = (s - offset_s) * 1000000000 + ns;
	return 0;
}

int text_moment_ns(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	int64_t ms = 0;

	if (text_time_ns(text, strlen(text), ret_ns) == 0)
		return 0;
	if (text_duration_ms(text, &ms) < 0 || ms > INT64_MAX / 1000000)
		return -EINVAL;
	bool absolute = ms >= MOMENT_LEAST_MS && !strpbrk(text, "smhd");

	*ret_ns = absolute ? ms * 1000000 : now_ns - ms * 1000000;
	return 0;
}

void text_bytes(struct buf *out, int64_t bytes)
{
	static const char units[] = "BKMGTPE";
	double value = (double)bytes;
	size_t unit = 0;

	for (; value >= 1023.5 && units[unit + 1]; unit++)
		value /= 1024;
	if (unit == 0)
		buf_printf(out, "%" PRId64 "B", bytes);
	else
		buf_printf(out,
			   value < 9.95 && value != (double)(int64_t)value ? "%.1f%c" : "%.0f%c",
			   value, units[unit]);
}

void text_age(struct buf *out, int64_t age_ms)
{
	int64_t s = age_ms > 0 ? age_ms / 1000 : 0;

	if (s < 60)
		buf_printf(out, "%" PRId64 "s", s);
	else if (s < 3600)
		buf_printf(out, "%" PRId64 "m%" PRId64 "s", s / 60, s % 60);
	else if (s < 86400)
		buf_printf(out, "%" PRId64 "h%" PRId64 "m", s / 3600, s / 60 % 60);
	else
		buf_printf(out, "%" PRId64 "d%" PRId64 "h", s / 86400, s / 3600 % 24);
}

/* How much of a line that is too long goes on one of @most bytes. */
static size_t break_at(const char *line, size_t most)
{
	const char *blank = memrchr(line, ' ', most + 1);
	size_t len = most;

	if (blank && blank > line + strspn(line, " "))
		return (size_t)(blank - line);
	while (len > 1 && ((unsigned char)line[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void wrap_line(struct buf *out, const char *line, size_t len, size_t width, size_t indent)
{
	size_t most = width;

	while (len > most) {
		size_t part = break_at(line, most);

		buf_put(out, line, part);
		buf_printf(out, "\n%*s", (int)indent, "");
		line += part;
		len -= part;
		while (len > 0 && *line == ' ') {
			line++;
			len--;
		}
		most = width - indent;
	}
	buf_put(out, line, len);
}

void text_wrap(struct buf *out, const char *text, size_t width, size_t indent)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		wrap_line(out, text, len, width > indent ? width : len, indent);
		text += len;
		if (*text == '\n') {
			buf_puts(out, "\n");
			text++;
		}
	}
}
