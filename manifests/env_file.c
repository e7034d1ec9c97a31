// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The .env format as Compose reads it. Unquoted and double-quoted values are substituted,
 * single-quoted ones are literal; quoted values may span lines.
 */
#include "manifests/env_file.h"

#include "manifests/interpolate.h"

#include <ctype.h>
#include <string.h>

/* What execve() takes by default, strings and pointers together. */
#define ENVIRONMENT_BYTES_MAX ((size_t)2 << 20)

struct env_reader {
	const char *at;
	struct pos pos;
	const struct vars *inherited;
	struct vars *vars;
	struct report *report;
};

static void skip_blanks(struct env_reader *reader)
{
	while (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\r')
		reader->at++;
}

static void skip_line(struct env_reader *reader)
{
	reader->at += strcspn(reader->at, "\n");
	if (*reader->at)
		reader->at++;
	reader->pos.line++;
}

static size_t key_length(const char *at)
{
	size_t len = 0;

	if (isdigit((unsigned char)at[0]))
		return 0;
	while (isalnum((unsigned char)at[len]) || (at[len] && strchr("_.-", at[len])))
		len++;
	return len;
}

/* The character an escape in double quotes stands for; 0: keep the backslash. */
static char unescape(char escaped)
{
	switch (escaped) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case '"':
	case '\\':
		return escaped;
	default:
		return 0;
	}
}

/* At the opening quote. Returns the content with escapes resolved, or NULL when it never ends. */
static char *read_quoted(struct env_reader *reader)
{
	struct arena *arena = reader->vars->arena;
	char quote = *reader->at++;
	char *text = NULL;
	size_t len = 0;
	const char *end = reader->at;

	while (*end && *end != quote)
		end += *end == '\\' && quote == '"' && end[1] ? 2 : 1;
	if (!*end)
		return NULL;
	/* "\$" becomes "$$": the substitution that follows makes it one dollar. */
	text = arena_alloc(arena, (size_t)(end - reader->at) + 1);
	while (reader->at < end) {
		char escaped = *reader->at == '\\' && quote == '"' ? reader->at[1] : 0;
		char plain = escaped ? unescape(escaped) : 0;

		reader->pos.line += *reader->at == '\n';
		text[len++] = escaped == '$' ? '$' : plain ? plain : *reader->at;
		reader->at += plain ? 2 : 1;
	}
	reader->at = end + 1;
	return text;
}

static char *read_unquoted(struct env_reader *reader)
{
	size_t len = strcspn(reader->at, "\n");

	for (size_t i = 1; i < len; i++)
		if (reader->at[i] == '#' && isblank((unsigned char)reader->at[i - 1]))
			len = i;
	if (reader->at[0] == '#')
		len = 0;
	while (len && isspace((unsigned char)reader->at[len - 1]))
		len--;
	char *text = arena_copy(reader->vars->arena, reader->at, len);

	reader->at += len;
	return text;
}

static const char *substitute(struct env_reader *reader, const char *text, struct pos pos)
{
	struct interpolation in = {.vars = reader->inherited,
				   .fallback = reader->vars,
				   .report = reader->report,
				   .arena = reader->vars->arena};
	struct err err;

	if (interpolate_text(&in, text, pos, &text, &err) < 0) {
		report_error(reader->report, pos, "%s", err.text);
		return NULL;
	}
	return text;
}

/* After "NAME=". */
static void read_value(struct env_reader *reader, const char *name, struct pos pos)
{
	const char *value;

	skip_blanks(reader);
	bool literal = *reader->at == '\'';

	if (*reader->at == '\'' || *reader->at == '"') {
		value = read_quoted(reader);
		if (!value) {
			report_error(reader->report, pos, "the quote of %s is never closed", name);
			reader->at += strlen(reader->at);
			return;
		}
		skip_blanks(reader);
		if (*reader->at && *reader->at != '\n' && *reader->at != '#') {
			report_error(reader->report, pos, "text after the closing quote of %s",
				     name);
			return;
		}
	} else {
		value = read_unquoted(reader);
	}
	if (!literal)
		value = substitute(reader, value, pos);
	if (value)
		vars_set(reader->vars, name, value, pos);
}

static void read_line(struct env_reader *reader)
{
	skip_blanks(reader);
	if (strncmp(reader->at, "export", 6) == 0 && isblank((unsigned char)reader->at[6])) {
		reader->at += 6;
		skip_blanks(reader);
	}
	if (!*reader->at || *reader->at == '\n' || *reader->at == '#')
		return;

	struct pos pos = reader->pos;
	size_t len = key_length(reader->at);

	if (!len) {
		report_error(reader->report, pos, "expected NAME=value");
		return;
	}
	const char *name = arena_copy(reader->vars->arena, reader->at, len);

	reader->at += len;
	skip_blanks(reader);
	if (*reader->at == '=' || *reader->at == ':') {
		reader->at++;
		read_value(reader, name, pos);
	} else if (!*reader->at || *reader->at == '\n' || *reader->at == '#') {
		const char *value = vars_get(reader->inherited, name);

		if (value)
			vars_set(reader->vars, name, value, pos);
	} else {
		report_error(reader->report, pos, "expected '=' after %s", name);
	}
}

/* A name alone takes the inherited value here, too. */
static void read_raw_line(struct env_reader *reader)
{
	skip_blanks(reader);
	size_t len = strcspn(reader->at, "\r\n");
	size_t name_len = strcspn(reader->at, "=\r\n");

	if (!len || *reader->at == '#')
		return;
	const char *name = arena_copy(reader->vars->arena, reader->at, name_len);

	if (!name_len || strpbrk(name, " \t"))
		report_error(reader->report, reader->pos, "expected NAME=value");
	else if (name_len < len)
		vars_set(reader->vars, name,
			 arena_copy(reader->vars->arena, reader->at + name_len + 1,
				    len - name_len - 1),
			 reader->pos);
	else if (vars_get(reader->inherited, name))
		vars_set(reader->vars, name, vars_get(reader->inherited, name), reader->pos);
}

static void read_lines(struct env_reader *reader, void (*read)(struct env_reader *reader))
{
	if (strncmp(reader->at, "\xef\xbb\xbf", 3) == 0)
		reader->at += 3;
	while (*reader->at && !arena_low(reader->vars->arena) &&
	       reader->vars->bytes < ENVIRONMENT_BYTES_MAX) {
		read(reader);
		skip_line(reader);
	}
	if (*reader->at)
		report_error(reader->report, reader->pos, "more than %zu MiB of variables",
			     ENVIRONMENT_BYTES_MAX >> 20);
}

void env_file_parse(const struct source *source, const char *file, const struct vars *inherited,
		    struct vars *vars, struct report *report)
{
	struct env_reader reader = {.at = source->text,
				    .pos = {.file = file, .line = 1, .col = 1},
				    .inherited = inherited,
				    .vars = vars,
				    .report = report};

	read_lines(&reader, read_line);
}

void env_file_parse_raw(const struct source *source, const char *file, const struct vars *inherited,
			struct vars *vars, struct report *report)
{
	struct env_reader reader = {.at = source->text,
				    .pos = {.file = file, .line = 1, .col = 1},
				    .inherited = inherited,
				    .vars = vars,
				    .report = report};

	read_lines(&reader, read_raw_line);
}
