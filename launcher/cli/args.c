// SPDX-License-Identifier: GPL-2.0-or-later
/* Arguments by table; see args.h. */
#include "launcher/cli/args.h"

#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

struct found {
	const struct option_spec *spec;
	void *values;
};

/* By its letter, or by its name when @letter is 0. */
static bool is_called(const struct option_spec *spec, char letter, const char *name, size_t len)
{
	if (letter)
		return spec->letter == letter;
	return spec->name && strlen(spec->name) == len && strncmp(spec->name, name, len) == 0;
}

static struct found find_in(const struct option_set *set, char letter, const char *name, size_t len)
{
	for (size_t i = 0; i < set->count; i++)
		if (is_called(&set->specs[i], letter, name, len))
			return (struct found){&set->specs[i], set->values};
	return (struct found){0};
}

static struct found find_option(const struct args *args, char letter, const char *name, size_t len)
{
	struct found found = find_in(&args->sets[0], letter, name, len);

	return found.spec ? found : find_in(&args->sets[1], letter, name, len);
}

static int unknown_name(struct args *args, const char *name, size_t len, struct err *err)
{
	autostrv struct strv known = {0};
	autofree char *typed = strndup(name, len);

	strv_add(&known, "help");
	for (size_t s = 0; s < ARRAY_SIZE(args->sets); s++)
		for (size_t i = 0; i < args->sets[s].count; i++)
			if (args->sets[s].specs[i].name)
				strv_add(&known, args->sets[s].specs[i].name);
	if (!typed || strv_check(&known, err) < 0)
		return err_set(err, ENOMEM, "parse arguments");
	snprintf(args->unknown, sizeof(args->unknown), "--%s", typed);
	const char *near = text_nearest(typed, (const char *const *)known.items);

	if (near)
		return err_say(err, EINVAL, "unknown option --%s; did you mean --%s?", typed, near);
	return err_say(err, EINVAL, "unknown option --%s", typed);
}

/* How the option was written, for messages. */
static const char *shown(const struct option_spec *spec, bool by_letter, char *space, size_t size)
{
	if (by_letter)
		snprintf(space, size, "-%c", spec->letter);
	else
		snprintf(space, size, "--%s", spec->name);
	return space;
}

static int store(const struct found *found, const char *value, const char *name, struct err *err)
{
	void *place = (char *)found->values + found->spec->offset;
	int r = 0;

	switch (found->spec->kind) {
	case OPTION_FLAG:
		*(bool *)place = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)place = value;
		return 0;
	case OPTION_LIST:
		strv_add(place, value);
		return strv_check(place, err);
	case OPTION_DURATION:
		r = text_duration_ms(value, place);
		if (r < 0)
			return err_say(err, EINVAL,
				       "%s: '%s' is not a duration (10, 1.5s, 250ms, 1m30s)", name,
				       value);
		return 0;
	case OPTION_NUMBER:
		if (strcmp(value, "all") == 0)
			*(int64_t *)place = -1;
		else
			r = text_number(value, place);
		if (r < 0)
			return err_say(err, EINVAL, "%s: '%s' is not a whole number", name, value);
		return 0;
	}
	return 0;
}

/* "--name", "--name=value", "--name value"; *i is the argument's index. */
static int parse_long(struct args *args, int *i, struct err *err)
{
	const char *name = args->argv[*i] + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	struct found found = find_option(args, 0, name, len);
	const char *value = equals ? equals + 1 : NULL;
	char text[64];

	if (strcmp(name, "help") == 0) {
		args->help = true;
		return 0;
	}
	if (!found.spec)
		return unknown_name(args, name, len, err);
	shown(found.spec, false, text, sizeof(text));
	if (found.spec->kind == OPTION_FLAG && value)
		return err_say(err, EINVAL, "option %s takes no value", text);
	if (found.spec->kind != OPTION_FLAG && !value)
		value = args->argv[++*i];
	if (found.spec->kind != OPTION_FLAG && !value)
		return err_say(err, EINVAL, "option %s needs a value", text);
	return store(&found, value, text, err);
}

/* "-d", "-itu root", "-uroot". */
static int parse_letters(struct args *args, int *i, struct err *err)
{
	for (const char *at = args->argv[*i] + 1; *at; at++) {
		struct found found = find_option(args, *at, NULL, 0);
		char text[64];

		if (!found.spec && *at == 'h') {
			args->help = true;
			continue;
		}
		if (!found.spec) {
			snprintf(args->unknown, sizeof(args->unknown), "-%c", *at);
			return err_say(err, EINVAL, "unknown option -%c", *at);
		}
		shown(found.spec, true, text, sizeof(text));
		if (found.spec->kind == OPTION_FLAG) {
			(void)store(&found, NULL, text, NULL); /* a flag cannot fail */
			continue;
		}
		const char *value = at[1] ? at + 1 : args->argv[++*i];

		if (!value)
			return err_say(err, EINVAL, "option %s needs a value", text);
		return store(&found, value, text, err);
	}
	return 0;
}

int args_parse(struct args *args, struct err *err)
{
	bool words_only = false;
	int r = 0;

	args->words = args->argv;
	args->word_count = 0;
	for (int i = 0; r == 0 && i < args->argc; i++) {
		char *arg = args->argv[i];

		if (words_only || arg[0] != '-' || arg[1] == '\0') {
			/* Never overtakes i: what is overwritten has been read. */
			args->words[args->word_count++] = arg;
			words_only |= args->words_end_options;
		} else if (strcmp(arg, "--") == 0) {
			words_only = true;
		} else if (arg[1] == '-') {
			r = parse_long(args, &i, err);
		} else {
			r = parse_letters(args, &i, err);
		}
	}
	return r;
}

void args_help(const struct option_spec *specs, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct option_spec *spec = &specs[i];
		char left[64];
		char letter[8] = "    ";

		if (spec->letter)
			snprintf(letter, sizeof(letter), "-%c%s", spec->letter,
				 spec->name ? ", " : "");
		snprintf(left, sizeof(left), "%s%s%s%s%s", letter, spec->name ? "--" : "",
			 spec->name ? spec->name : "", spec->value ? " " : "",
			 spec->value ? spec->value : "");
		buf_printf(out, "  %-28s %s\n", left, spec->help);
	}
}
