// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What every command gets (options before the command, what the terminal can do) and what every
 * command is. Commands return exit codes; only main.c exits.
 */
#pragma once

#include "launcher/cli/args.h"
#include "launcher/cli/client.h"
#include "manifests/manifest.h"

#include <stdbool.h>

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2, /* wrong usage or an invalid manifest */
	EXIT_TIMEOUT = 124,
};

struct cli {
	const char *stack_name; /* -p; NULL: the manifest's */
	struct strv files;	/* -f */
	struct strv profiles;	/* --profile */
	struct strv env_files;	/* --env-file */
	char *store_dir;	/* where external configs and secrets are; NULL: not known */
	bool want_version;
	char directory[4096]; /* where davit was called; relative names start here */
	bool tty_out;	      /* stdout is a terminal */
	bool tty_err;
	unsigned width; /* of that terminal, in characters; 0: none, or not known */
	bool colour;	/* stdout may be coloured */
	const struct command *command;
};

struct command {
	const char *name;
	const char *words; /* usage behind the options: "[SERVICE…]" */
	const char *summary;
	const struct option_spec *options;
	size_t option_count;
	bool words_end_options;
	/* @argv is without the command's name. Returns the exit code. */
	int (*run)(struct cli *cli, int argc, char **argv);
};

extern const struct command *const cli_commands[]; /* NULL-terminated, in the order of help */

/* The options before the command, also accepted behind it where the command has none alike. */
extern const struct option_spec cli_options[];
extern const size_t cli_option_count;

/* Prints "davit: TEXT" on stderr, made safe for a terminal; returns @code. */
int cli_fail(const struct err *err, int code);
int cli_complain(int code, const char *fmt, ...) format_like(2, 3);
/* That of an error at a place of the manifest; returns EXIT_FAILED. */
int cli_complain_at(struct pos pos, const struct service *service, const char *text);

/*
 * Parses a command's arguments into its values.
 *
 * Returns -1 to go on, or the exit code to end with: usage errors and --help have been printed.
 */
int cli_parse(struct cli *cli, struct args *args, void *values) must_check;

/* Ends with a usage error unless the number of words is within; -1 to go on. @most -1: no limit. */
int cli_count_words(const struct cli *cli, const struct args *args, int least, int most) must_check;

/* The manifest options the global options stand for; borrowed from @cli and the environment. */
struct manifest_options cli_manifest_options(const struct cli *cli);

/* The stack a command is about: -p or what the manifest says. Returns EXIT_DONE or the exit code
 * after a complaint. */
int cli_stack(const struct cli *cli, char **ret_name) must_check;

/*
 * The same for commands that only look: where there is no manifest, the one stack that runs on this
 * machine is meant.
 */
int cli_stack_seen(const struct cli *cli, char **ret_name) __attribute__((warn_unused_result));

void cli_drop_stack(struct stack **stack);
#define autostack __attribute__((cleanup(cli_drop_stack)))

/*
 * Loads the manifest. When that fails everything is told already, else @ret_diags is to be judged
 * and told: cli_diagnose(). Returns EXIT_DONE or the exit code.
 */
int cli_load(const struct cli *cli, struct stack **ret_stack,
	     struct diagnostics *ret_diags) must_check;

/* Prints diagnostics; returns EXIT_USAGE when there are errors among them, else EXIT_DONE. */
int cli_diagnose(const struct diagnostics *diags) must_check;

/*
 * One request to the stack's supervisor; a refusal is printed with its diagnostics.
 *
 * @ret_json	out: the answer, owned by the caller (may be NULL: the answer is not wanted)
 *
 * Returns EXIT_DONE or the exit code.
 */
int cli_call(const char *stack, const struct client_request *request,
	     struct json_t **ret_json) must_check;

/* Prints a refused answer ("error", "diagnostics"); returns the exit code it names. */
int cli_refused(const struct client_answer *answer);

/* Writes all of it to stdout; a failure (disk full, closed pipe) is an exit code. */
int cli_output(struct buf *text) must_check;

/* Appends the answer as the server gave it, indented. Returns EXIT_DONE or the exit code. */
int cli_put_json(const struct json_t *json, struct buf *out) must_check;

/* The same to stdout. */
int cli_output_json(const struct json_t *json) must_check;
