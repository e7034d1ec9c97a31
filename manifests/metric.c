// SPDX-License-Identifier: GPL-2.0-or-later
/* See metric.h. */
#include "manifests/metric.h"
#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 1e12
#define TEXT_MAX   64

/* What is left to read of a line, or of a selector. */
struct cursor {
	const char *at, *end;
};

struct span {
	const char *at;
	size_t len;
};

/* What is looked for: a name, and labels from '{' on or nothing. */
struct query {
	struct span name;
	struct cursor labels;
};

struct label {
	struct span name, value; /* the value as it is written, escapes and all */
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && is_blank(*cursor->at))
		cursor->at++;
}

static bool take_byte(struct cursor *cursor, char byte)
{
	skip_blanks(cursor);
	if (cursor->at == cursor->end || *cursor->at != byte)
		return false;
	cursor->at++;
	return true;
}

static struct span take_name(struct cursor *cursor)
{
	struct span name = {cursor->at, 0};

	while (cursor->at < cursor->end &&
	       (isalpha((unsigned char)*cursor->at) || *cursor->at == '_' || *cursor->at == ':' ||
		(name.len && isdigit((unsigned char)*cursor->at)))) {
		cursor->at++;
		name.len++;
	}
	return name;
}

/* name="value"; false: it is not. */
static bool take_label(struct cursor *cursor, struct label *ret)
{
	skip_blanks(cursor);
	ret->name = take_name(cursor);
	if (!ret->name.len || !take_byte(cursor, '=') || !take_byte(cursor, '"'))
		return false;
	ret->value = (struct span){cursor->at, 0};
	while (cursor->at < cursor->end && *cursor->at != '"')
		cursor->at += *cursor->at == '\\' && cursor->end - cursor->at > 1 ? 2 : 1;
	ret->value.len = (size_t)(cursor->at - ret->value.at);
	return take_byte(cursor, '"');
}

/* Goes on to the next label of a list; false at its end, *ret_bad: and that is no end. */
static bool next_label(struct cursor *cursor, struct label *ret, bool *ret_bad)
{
	*ret_bad = false;
	if (take_byte(cursor, '}'))
		return false;
	if (!take_label(cursor, ret)) {
		*ret_bad = true;
		return false;
	}
	skip_blanks(cursor);
	*ret_bad = cursor->at == cursor->end || (*cursor->at != ',' && *cursor->at != '}');
	if (!*ret_bad && *cursor->at == ',')
		cursor->at++;
	return !*ret_bad;
}

static bool equal(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* Past the labels, if there are any; false: they cannot be read. */
static bool pass_labels(struct cursor *cursor)
{
	struct label label;
	bool bad = false;

	if (!take_byte(cursor, '{'))
		return true;
	while (next_label(cursor, &label, &bad))
		;
	return !bad;
}

int metric_check(const char *metric, struct err *err)
{
	struct cursor cursor = {metric, metric + strlen(metric)};
	bool good = take_name(&cursor).len && pass_labels(&cursor) && cursor.at == cursor.end;

	return good ? 0
		    : err_say(err, EINVAL, "'%.60s' is not NAME or NAME{label=\"value\"}", metric);
}

/* Whether the labels at @sample have @wanted among them. */
static bool has_label(struct cursor sample, const struct label *wanted)
{
	struct label label;
	bool bad = false;

	if (!take_byte(&sample, '{'))
		return false;
	while (next_label(&sample, &label, &bad))
		if (equal(label.name, wanted->name))
			return equal(label.value, wanted->value);
	return false;
}

static bool has_labels(struct cursor sample, struct cursor wanted)
{
	struct label label;
	bool bad = false;

	if (!take_byte(&wanted, '{'))
		return true;
	while (next_label(&wanted, &label, &bad))
		if (!has_label(sample, &label))
			return false;
	return true;
}

int metric_number(const char *text, size_t len, int64_t *ret_milli, struct err *err)
{
	char copy[TEXT_MAX];
	char *end;

	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (!len)
		return err_say(err, EINVAL, "no number, nothing");
	snprintf(copy, sizeof(copy), "%.*s", (int)(len < TEXT_MAX ? len : TEXT_MAX - 1), text);
	if (len >= TEXT_MAX || strlen(copy) != len || strspn(copy, "0123456789.eE+-") != len)
		return err_say(err, EINVAL, "'%.20s' is no number", copy);
	double value = strtod(copy, &end);

	if (*end || end == copy)
		return err_say(err, EINVAL, "'%.20s' is no number", copy);
	if (!(value >= 0 && value <= NUMBER_MAX))
		return err_say(err, ERANGE, "%.20s is not from 0 to 1e12", copy);
	*ret_milli = (int64_t)(value * 1000 + 0.5);
	return 0;
}

/* The value behind name and labels; a time may follow. */
static int read_value(struct cursor *cursor, unsigned line, int64_t *ret_milli, struct err *err)
{
	const char *blank;

	skip_blanks(cursor);
	for (blank = cursor->at; blank < cursor->end && !isspace((unsigned char)*blank); blank++)
		;
	int r = metric_number(cursor->at, (size_t)(blank - cursor->at), ret_milli, err);

	return r < 0 ? err_prefix(err, "line %u", line) : 0;
}

/* Adds one line's sample if it is one that is wanted; 1: it was. */
static int read_line(const struct query *query, struct cursor line, unsigned number,
		     int64_t *sum_milli, struct err *err)
{
	int64_t milli = 0;

	skip_blanks(&line);
	if (!equal(take_name(&line), query->name))
		return 0;
	struct cursor sample = line;

	if (!pass_labels(&line))
		return err_say(err, EINVAL, "line %u: its labels cannot be read", number);
	if (!has_labels(sample, query->labels))
		return 0;
	int r = read_value(&line, number, &milli, err);

	if (r < 0)
		return r;
	*sum_milli += milli;
	if (*sum_milli > (int64_t)(NUMBER_MAX * 1000))
		return err_say(err, ERANGE, "line %u: the sum is more than 1e12", number);
	return 1;
}

int metric_read(const char *metric, const char *page, size_t len, int64_t *ret_milli,
		struct err *err)
{
	struct query query = {.labels = {metric, metric + strlen(metric)}};
	const char *end = page + len;
	int64_t sum_milli = 0;
	bool found = false;
	unsigned number = 1;

	query.name = take_name(&query.labels);
	for (const char *at = page; at < end; number++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		struct cursor line = {at, stop ? stop : end};
		int r = read_line(&query, line, number, &sum_milli, err);

		if (r < 0)
			return r;
		found |= r > 0;
		at = stop ? stop + 1 : end;
	}
	if (!found)
		return err_say(err, ENOENT, "no %.60s", metric);
	*ret_milli = sum_milli;
	return 0;
}
