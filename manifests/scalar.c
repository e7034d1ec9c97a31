// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers, sizes, durations and signals. Whole-number arithmetic with explicit bounds: "0.1" cores
 * must be 100 thousandths everywhere.
 */
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/sig.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A decimal number as value * 10^-9, so that fractions stay exact. */
struct decimal {
	int64_t whole;
	int64_t nano;
};

/* Reads digits[.digits]; returns the characters read, 0 when there is no number or it is huge. */
static size_t read_decimal(const char *text, struct decimal *decimal)
{
	size_t at = 0;
	int64_t scale = 100000000;

	*decimal = (struct decimal){0};
	for (; isdigit((unsigned char)text[at]); at++)
		if (__builtin_mul_overflow(decimal->whole, 10, &decimal->whole) ||
		    __builtin_add_overflow(decimal->whole, text[at] - '0', &decimal->whole))
			return 0;
	if (text[at] != '.')
		return at;
	size_t dot = at++;

	for (; isdigit((unsigned char)text[at]); at++, scale /= 10)
		decimal->nano += (text[at] - '0') * scale;
	return at == 1 || at == dot + 1 ? 0 : at;
}

/* decimal * unit, where unit is a whole number; -1 when it is too large. */
static int64_t scale_decimal(struct decimal decimal, int64_t unit)
{
	__extension__ __int128 value =
		(__int128)decimal.whole * unit + (__int128)decimal.nano * unit / 1000000000;

	return value > INT64_MAX ? -1 : (int64_t)value;
}

bool scalar_is_typed(const char *text)
{
	struct decimal unused;
	size_t len = read_decimal(text, &unused);

	return (len > 0 && !text[len]) || strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
}

bool scalar_is_remote(const char *text)
{
	static const char *const prefixes[] = {"git@", "github.com/", "service:", "target:"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return strstr(text, "://") != NULL;
}

int scalar_int(const char *text, int64_t min, int64_t max, int64_t *ret_value, struct err *err)
{
	bool negative = text[0] == '-';
	struct decimal decimal;
	size_t len = read_decimal(text + negative, &decimal);
	int64_t value = negative ? -decimal.whole : decimal.whole;

	if (!len || strchr(text, '.') || text[negative + len] || value < min || value > max) {
		if (max == INT64_MAX)
			return err_say(err, EINVAL,
				       "'%.60s' is not a whole number of at least %" PRId64, text,
				       min);
		return err_say(err, EINVAL,
			       "'%.60s' is not a whole number from %" PRId64 " to %" PRId64, text,
			       min, max);
	}
	*ret_value = value;
	return 0;
}

int scalar_bool(const char *text, bool *ret_value, bool *ret_old_word, struct err *err)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "n", "y"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(text, words[i]) != 0)
			continue;
		*ret_value = i % 2;
		*ret_old_word = i > 1;
		return 0;
	}
	return err_say(err, EINVAL, "'%.60s' is neither true nor false", text);
}

static int64_t duration_unit_ns(const char *text, size_t *ret_len)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"\xc2\xb5s", 1000},
		{"ms", 1000000},
		{"s", 1000000000},
		{"m", 60000000000},
		{"h", 3600000000000},
		{"d", 86400000000000},
		{"w", 604800000000000},
	};
	size_t len = strcspn(text, "0123456789.");

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].name) != len || memcmp(units[i].name, text, len) != 0)
			continue;
		*ret_len = len;
		return units[i].ns;
	}
	return 0;
}

int scalar_duration_ms(const char *text, int64_t *ret_ms, struct err *err)
{
	const char *at = text;
	int64_t total_ns = 0;
	bool valid = *at != '\0';

	if (strcmp(text, "0") == 0) {
		*ret_ms = 0;
		return 0;
	}
	while (valid && *at) {
		struct decimal decimal;
		size_t len = read_decimal(at, &decimal);
		size_t unit_len = 0;
		int64_t unit_ns = len ? duration_unit_ns(at + len, &unit_len) : 0;
		int64_t part_ns = unit_ns ? scale_decimal(decimal, unit_ns) : -1;

		valid = part_ns >= 0 && !__builtin_add_overflow(total_ns, part_ns, &total_ns);
		at += len + unit_len;
	}
	if (!valid)
		return err_say(err, EINVAL,
			       "'%.60s' is not a duration: write for example 1m30s or 500ms", text);
	*ret_ms = total_ns / 1000000;
	return 0;
}

int scalar_bytes(const char *text, int64_t *ret_bytes, struct err *err)
{
	static const char units[] = "bkmgt";
	struct decimal decimal;
	size_t len = read_decimal(text, &decimal);
	const char *unit = text + len;
	const char *found = NULL;
	bool valid = len > 0;

	while (*unit == ' ')
		unit++;
	if (*unit)
		found = strchr(units, tolower((unsigned char)*unit));
	if (*unit)
		valid = valid && found &&
			(!unit[1] || (*found != 'b' && (strcasecmp(unit + 1, "b") == 0 ||
							strcasecmp(unit + 1, "ib") == 0)));
	int64_t value =
		valid ? scale_decimal(decimal, (int64_t)1 << (found ? 10 * (found - units) : 0))
		      : -1;

	if (value < 0)
		return err_say(err, EINVAL,
			       "'%.60s' is not a size: write for example 64m or 1.5g (units b k m "
			       "g t)",
			       text);
	*ret_bytes = value;
	return 0;
}

int scalar_mcpu(const char *text, int64_t *ret_mcpu, struct err *err)
{
	struct decimal decimal;
	size_t len = read_decimal(text, &decimal);

	if (!len || text[len] || decimal.whole > 1000000)
		return err_say(err, EINVAL,
			       "'%.60s' is not a number of cores: write for example 0.5", text);
	int64_t mcpu = decimal.whole * 1000 + decimal.nano / 1000000;

	*ret_mcpu = !mcpu && decimal.nano ? 1 : mcpu;
	return 0;
}

int scalar_milli(const char *text, int64_t min, int64_t max, int64_t *ret_milli, struct err *err)
{
	struct decimal decimal;
	size_t len = read_decimal(text, &decimal);
	int64_t milli =
		len && decimal.whole <= max ? decimal.whole * 1000 + decimal.nano / 1000000 : -1;

	if (!len || text[len] || milli < min * 1000 || milli > max * 1000)
		return err_say(err, EINVAL, "'%.60s' is not a number from %" PRId64 " to %" PRId64,
			       text, min, max);
	*ret_milli = milli;
	return 0;
}

int scalar_signal(const char *text, int *ret_signal, struct err *err)
{
	int number = sig_number(text);

	if (!number)
		return err_say(err, EINVAL, "'%.60s' is not a signal: write for example SIGTERM",
			       text);
	*ret_signal = number;
	return 0;
}
