// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the words of a command may name: a service, an instance, or the container_name of a service.
 */
#pragma once

#include "launcher/cli/cli.h"

/*
 * Replaces each of the @count first words that is the container_name of a service, and nothing
 * else's name, by the service's own. A stack nobody answers for leaves the words as they are.
 *
 * @args	its words are @words' afterwards
 * @words	zeroed before; owned by the caller, and needed as long as @args
 *
 * Returns EXIT_DONE or the exit code after a complaint.
 */
int names_resolve(const char *stack, struct args *args, size_t count,
		  struct strv *words) must_check;

/* Complains unless @word, of which nothing was found, is a service of the stack or an instance one
 * could have. A stack nobody answers for is not complained about. */
int names_check(const char *stack, const char *word) must_check;

/* Whether an instance of an answer is one of the words, by its own name or its service's; without
 * words each is. */
bool names_wanted(const struct json_t *instance, const struct args *args);

/*
 * The beginning of a command that looks at what its words name: parses its arguments, finds the
 * stack (cli_stack_seen()), resolves the words (names_resolve()).
 *
 * @ret_stack	owned by the caller, also after a failure; as @words
 *
 * Returns -1 to go on, or the exit code to end with.
 */
int names_asked(struct cli *cli, struct args *args, void *values, char **ret_stack,
		struct strv *words) must_check;

/* names_check() for the words of which no instance is there: a word that names nothing is a slip of
 * the pen, not an empty table. */
int names_check_all(const char *stack, const struct json_t *instances,
		    const struct args *args) must_check;
