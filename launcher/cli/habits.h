// SPDX-License-Identifier: GPL-2.0-or-later
/* Words that people have in their fingers from Compose, and what says the same here. Pure. */
#pragma once

/*
 * @command	"up"
 * @option	as it was written, without a value: "--build", "-q"
 *
 * Returns what to do instead, or NULL.
 */
const char *habits_option(const char *command, const char *option);

/* The same of a command that is none here. */
const char *habits_command(const char *name);
