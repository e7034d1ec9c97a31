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
