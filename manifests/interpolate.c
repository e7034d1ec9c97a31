// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Substitution of variables. Recursive in the nesting of defaults, which is bounded; the length of
 * a result is bounded too, since a short manifest can repeat a long variable.
 */
#include "manifests/interpolate.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define NESTING_MAX 16

struct cursor {
	const struct interpolation *in;
	const char *at;
	struct pos pos;
	unsigned nesting;
	bool dead; /* inside an alternative that is not taken: no warnings, no required variables */
	struct err *err;
};

static int expand(struct cursor *cursor, const char *stop, struct buf *out);

#define USED_BYTES_MAX 160

static void note_used(const struct interpolation *in, const struct var *var)
{
	if (!in->used || in->used->len > USED_BYTES_MAX)
		return;
	buf_printf(in->used, "%s%.60s from ", in->used->len ? ", " : "", var->name);
	if (var->pos.file)
		buf_printf(in->used, "%s:%u:%u", var->pos.file, var->pos.line, var->pos.col);
	else
		buf_puts(in->used, "the environment");
}

static const char *lookup(const struct interpolation *in, const char *name)
{
	const struct var *var = vars_find(in->vars, name);

	if ((!var || !var->value) && in->fallback)
		var = vars_find(in->fallback, name);
	if (!var || !var->value)
		return NULL;
	note_used(in, var);
	return var->value;
}

static size_t name_length(const char *at)
{
	size_t len = 0;

	if (!isalpha((unsigned char)at[0]) && at[0] != '_')
		return 0;
	while (isalnum((unsigned char)at[len]) || at[len] == '_')
		len++;
	return len;
}

static void warn_unset(struct cursor *cursor, const char *name)
{
	const struct interpolation *in = cursor->in;

	if (!in->warned || cursor->dead || vars_get(in->warned, name))
		return;
	vars_set(in->warned, name, "", cursor->pos);
	report_warning(in->report, cursor->pos, "the variable %s is not set: an empty text is used",
		       name);
}

static int invalid(struct cursor *cursor, const char *start, const char *why)
{
	int shown = (int)strnlen(start, 40);

	return err_say(cursor->err, EINVAL, "invalid substitution '%.*s': %s (write $$ for a $)",
		       shown, start, why);
}

/* Expands the word after an operator, up to the closing brace; the caller decides on its use. */
static int expand_word(struct cursor *cursor, bool taken, struct buf *word)
{
	bool was_dead = cursor->dead;

	if (cursor->nesting == NESTING_MAX)
		return err_say(cursor->err, EINVAL, "substitutions are nested too deeply");
	cursor->nesting++;
	cursor->dead = was_dead || !taken;
	int r = expand(cursor, "}", word);

	cursor->dead = was_dead;
	cursor->nesting--;
	return r;
}

/* After the name inside braces: an operator with its word, or nothing. */
static int expand_operator(struct cursor *cursor, const char *start, const char *name,
			   struct buf *out)
{
	const char *value = lookup(cursor->in, name);
	bool colon = cursor->at[0] == ':';
	char op = cursor->at[colon];
	bool set = value && (!colon || value[0]);
	autobuf struct buf word = {0};

	if (!op || !strchr("-?+", op))
		return invalid(cursor, start, op ? "expected } or an operator" : "no } found");
	cursor->at += colon + 1;
	int r = expand_word(cursor, op == '+' ? set : !set, &word);

	if (r < 0)
		return r;
	if (cursor->at[0] != '}')
		return invalid(cursor, start, "no } found");
	cursor->at++;
	if (op == '?' && !set && !cursor->dead)
		return err_say(cursor->err, EINVAL, "the required variable %s is %s%s%s", name,
			       value ? "empty" : "not set", word.len ? ": " : "",
			       word.len ? word.data : "");
	if (op != '+' && set)
		buf_puts(out, value);
	else if (op != '?' && (op == '+') == set && word.len)
		buf_put(out, word.data, word.len);
	return 0;
}

static int expand_braces(struct cursor *cursor, const char *start, struct buf *out)
{
	size_t len = name_length(cursor->at);

	if (!len)
		return invalid(cursor, start, "no variable name after ${");
	const char *name = arena_copy(cursor->in->arena, cursor->at, len);

	cursor->at += len;
	if (cursor->at[0] != '}')
		return expand_operator(cursor, start, name, out);
	cursor->at++;
	const char *value = lookup(cursor->in, name);

	if (!value)
		warn_unset(cursor, name);
	buf_puts(out, value ? value : "");
	return 0;
}

/* At a dollar sign. */
static int expand_dollar(struct cursor *cursor, struct buf *out)
{
	const char *start = cursor->at++;

	if (cursor->at[0] == '$') {
		buf_puts(out, "$");
		cursor->at++;
		return 0;
	}
	if (cursor->at[0] == '{') {
		cursor->at++;
		return expand_braces(cursor, start, out);
	}
	size_t len = name_length(cursor->at);

	if (!len)
		return invalid(cursor, start, "no variable name after $");
	const char *name = arena_copy(cursor->in->arena, cursor->at, len);
	const char *value = lookup(cursor->in, name);

	cursor->at += len;
	if (!value)
		warn_unset(cursor, name);
	buf_puts(out, value ? value : "");
	return 0;
}

/* Up to the end of the text or to one of the characters of @stop. */
static int expand(struct cursor *cursor, const char *stop, struct buf *out)
{
	while (cursor->at[0] && !strchr(stop, cursor->at[0])) {
		size_t literal = strcspn(cursor->at, stop[0] ? "$}" : "$");
		int r = 0;

		buf_put(out, cursor->at, literal);
		cursor->at += literal;
		if (cursor->at[0] == '$')
			r = expand_dollar(cursor, out);
		if (r < 0)
			return r;
		if (out->len > TREE_TEXT_MAX || arena_low(cursor->in->arena))
			return err_say(cursor->err, EINVAL, "the text is longer than %zu KiB",
				       TREE_TEXT_MAX >> 10);
	}
	return buf_check(out, cursor->err);
}

int interpolate_text(const struct interpolation *in, const char *text, struct pos pos,
		     const char **ret_text, struct err *err)
{
	struct cursor cursor = {.in = in, .at = text, .pos = pos, .err = err};
	autobuf struct buf out = {0};

	if (!strchr(text, '$')) {
		*ret_text = text;
		return 0;
	}
	int r = expand(&cursor, "", &out);

	if (r < 0)
		return r;
	*ret_text = arena_copy(in->arena, out.data ? out.data : "", out.len);
	return 0;
}

static void interpolate_scalar(const struct interpolation *in, struct tree *tree, struct node *node)
{
	struct err err;
	const char *text = NULL;

	if (!strchr(node->text, '$'))
		return;
	if (tree_full(tree)) {
		report_error(in->report, node->pos, "the manifest is too large");
		node->faulty = true;
		return;
	}
	autobuf struct buf used = {0};
	struct interpolation mine = *in;

	mine.used = &used;
	if (interpolate_text(&mine, node->text, node->pos, &text, &err) < 0) {
		report_error(in->report, node->pos, "%s", err.text);
		node->faulty = true;
		return;
	}
	if (used.len)
		node->pos.file = origin_add(&in->report->origins, node->pos.file, used.data);
	node->text = text;
	node->plain = false;
	tree->text_bytes += strlen(text);
}

void interpolate_tree(const struct interpolation *in, struct tree *tree, struct node *node)
{
	if (!node)
		return;
	if (node->kind == NODE_SCALAR)
		interpolate_scalar(in, tree, node);
	for (size_t i = 0; i < node->count; i++)
		interpolate_tree(in, tree,
				 node->kind == NODE_MAPPING ? node->pairs[i].value
							    : node->items[i]);
}
