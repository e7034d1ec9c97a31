// SPDX-License-Identifier: GPL-2.0-or-later
/* Completion by the command tables; see complete.h. */
#include "launcher/cli/complete.h"

#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

struct line {
	const struct complete_source *source;
	struct cli typed;
	const struct command *command;	   /* NULL: none yet */
	size_t word_count;		   /* behind the command, options left aside */
	const char *literal;		   /* the first of them */
	const struct option_spec *pending; /* the next word is its value */
	bool ended;			   /* nothing is an option any more */
	struct buf *out;
};

static const struct command *command_named(const struct complete_source *source, const char *name)
{
	for (size_t i = 0; source->commands[i]; i++)
		if (strcmp(source->commands[i]->name, name) == 0)
			return source->commands[i];
	return NULL;
}

static const struct option_spec *find_in(const struct option_spec *specs, size_t count,
					 const char *word)
{
	for (size_t i = 0; i < count; i++)
		if ((specs[i].name && strncmp(word, "--", 2) == 0 &&
		     strcmp(word + 2, specs[i].name) == 0) ||
		    (specs[i].letter && word[1] == specs[i].letter && !word[2]))
			return &specs[i];
	return NULL;
}

static const struct option_spec *find_option(const struct line *line, const char *word)
{
	const struct command *command = line->command;
	const struct option_spec *spec =
		command ? find_in(command->options, command->option_count, word) : NULL;

	return spec ? spec : find_in(line->source->options, line->source->option_count, word);
}

/* The values that say whose names are meant. */
static void keep_value(struct line *line, const char *value)
{
	const char *name = line->pending->name;

	if (name && strcmp(name, "project-name") == 0)
		line->typed.stack_name = value;
	if (name && strcmp(name, "file") == 0)
		strv_add(&line->typed.files, value);
	line->pending = NULL;
}

static void take_option(struct line *line, const char *word)
{
	const struct option_spec *spec = find_option(line, word);

	if (strcmp(word, "--") == 0)
		line->ended = true;
	else if (spec && spec->kind != OPTION_FLAG)
		line->pending = spec;
}

/* A word in front of the cursor. */
static void take(struct line *line, const char *word)
{
	if (line->pending) {
		keep_value(line, word);
	} else if (word[0] == '-' && word[1] && !line->ended) {
		take_option(line, word);
	} else if (!line->command) {
		line->command = command_named(line->source, word);
		line->ended = !line->command;
	} else {
		if (line->word_count++ == 0)
			line->literal = word;
		line->ended |= line->command->words_end_options;
	}
}

static void put_names(struct line *line, enum complete_names kind, const char *suffix)
{
	autostrv struct strv names = {0};

	line->source->names(line->source->context, kind, &line->typed, &names);
	for (size_t i = 0; i < names.count; i++)
		buf_printf(line->out, "%s%s\n", names.items[i], suffix);
}

static void put_options(struct line *line, const struct option_spec *specs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (specs[i].name)
			buf_printf(line->out, "--%s\t%s\n", specs[i].name, specs[i].help);
}

/* What a value's name in help promises: "SERVICE", "FILE|DIR". */
static void put_named(struct line *line, const char *what)
{
	if (strstr(what, "SERVICE"))
		put_names(line, COMPLETE_SERVICES, strstr(what, "SERVICE=") ? "=" : "");
	if (strstr(what, "INSTANCE"))
		put_names(line, COMPLETE_INSTANCES, "");
	if (strstr(what, "STACK"))
		put_names(line, COMPLETE_STACKS, "");
	if (strstr(what, "FILE") || strstr(what, "DIR"))
		buf_puts(line->out, ":files\n");
}

/* The words of a usage that stand for themselves: "load" and "rm" of "load FILE | rm NAME…". */
static void put_literals(struct line *line, const char *usage)
{
	const char *const between = " |[]";

	for (usage += strspn(usage, between); *usage; usage += strspn(usage, between)) {
		size_t len = strcspn(usage, between);

		if (islower((unsigned char)usage[0]))
			buf_printf(line->out, "%.*s\n", (int)len, usage);
		usage += len;
	}
}

static void put_commands(struct line *line)
{
	const struct command *const *commands = line->source->commands;

	for (size_t i = 0; commands[i]; i++)
		buf_printf(line->out, "%s\t%s\n", commands[i]->name, commands[i]->summary);
}

/* What comes behind one of those words, up to the next "|" that stands alone. */
static void put_behind(struct line *line, const char *usage)
{
	size_t len = strlen(line->literal);
	autofree char *part = NULL;

	for (const char *at = usage; at; at = strstr(at, " | ") ? strstr(at, " | ") + 3 : NULL) {
		const char *end = strstr(at, " | ");

		if (strncmp(at, line->literal, len) != 0 || at[len] != ' ')
			continue;
		part = strndup(at, end ? (size_t)(end - at) : strlen(at));
		if (part)
			put_named(line, part);
		return;
	}
}

static void put_words(struct line *line)
{
	const char *usage = line->command->words;
	bool many = strstr(usage, "…") != NULL;

	if (line->command->words_end_options && line->word_count > 0) {
		buf_puts(line->out, ":files\n"); /* of a command that runs inside */
	} else if (line->word_count > 0 && islower((unsigned char)usage[0])) {
		put_behind(line, usage);
	} else if (line->word_count == 0 || many) {
		put_literals(line, usage);
		if (islower((unsigned char)usage[0]))
			return;
		if (strstr(usage, "[COMMAND]") == usage)
			put_commands(line);
		put_named(line, usage);
	}
}

static void put_candidates(struct line *line, const char *word)
{
	const struct command *command = line->command;

	if (line->pending) {
		put_named(line, line->pending->value);
	} else if (word[0] == '-' && !line->ended) {
		if (command)
			put_options(line, command->options, command->option_count);
		put_options(line, line->source->options, line->source->option_count);
		buf_puts(line->out, "--help\tshow this\n");
	} else if (command) {
		put_words(line);
	} else if (!line->ended) {
		put_commands(line);
	}
}

int complete_line(char *const *words, size_t count, const struct complete_source *source,
		  struct buf *out, struct err *err)
{
	struct line line = {.source = source, .out = out};

	for (size_t i = 0; i + 1 < count; i++)
		take(&line, words[i]);
	put_candidates(&line, count > 0 ? words[count - 1] : "");
	int r = strv_check(&line.typed.files, err);

	strv_free(&line.typed.files);
	return r < 0 ? r : buf_check(out, err);
}
