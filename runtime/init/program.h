// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What davit-init and davit-enter have in common: their words and the program they run. Both are
 * static, allocate nothing, and know of davit only what is said here.
 *
 * usage: NAME COUNT CANDIDATE… ARGV…: the COUNT candidates are tried in their order. Descriptor 3
 * gets a struct container_fault when none can be run, and is closed when one is.
 */
#pragma once

#define STATUS_FD 3

/* davit-enter only. */
#define HANDOVER_FD    4
#define ENTER_TERMINAL 't'

/* The first word of the program's own, after the candidates; NULL when the words are no such. */
char **program_words(int argc, char **argv);

/* Runs the first of the @candidates, which end at @argv, that can be run. */
_Noreturn void program_run(char *const *candidates, char *const *argv, char *const *envp);
