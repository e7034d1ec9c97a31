// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the word at the cursor may become, by the command tables: what a shell asks when the key for
 * it is pressed. Pure; whose names there are is asked of the caller.
 */
#pragma once

#include "launcher/cli/cli.h"

enum complete_names {
	COMPLETE_STACKS,
	COMPLETE_SERVICES,
	COMPLETE_INSTANCES,
};

struct complete_source {
	const struct command *const *commands; /* NULL-terminated */
	const struct option_spec *options;     /* those of all commands */
	size_t option_count;
	/* Appends the names there are of that kind; what cannot be found out is left out.
	 * @typed: what was typed before the command, "-p" and "-f" taken in */
	void (*names)(void *context, enum complete_names kind, struct cli *typed,
		      struct strv *ret_names);
	void *context;
};

/*
 * Appends a line per candidate, "WORD" or "WORD\tDESCRIPTION", whatever part of it is typed
 * already; a line ":files" when the names of files are candidates, too.
 *
 * @words	everything behind "davit" up to the cursor; the last one is being typed, maybe ""
 */
int complete_line(char *const *words, size_t count, const struct complete_source *source,
		  struct buf *out, struct err *err) must_check;
