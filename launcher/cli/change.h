// SPDX-License-Identifier: GPL-2.0-or-later
/* What the commands that change a stack share: bodies of requests, and showing what was decided. */
#pragma once

#include "launcher/cli/cli.h"

/* "SERVICE=N" words into {"SERVICE":N}; returns EXIT_DONE or the exit code after a complaint. */
int change_parse_scale(char *const *words, size_t count, struct json_t **ret_scale) must_check;

/* A duration option as the API wants it: a number, or null when negative (not given). */
struct json_t *change_timeout(int64_t timeout_ms) must_check;

/* The words of the command line as an array; NULL after a complaint (not UTF-8). */
struct json_t *change_words(char *const *words, size_t count) must_check;

/* New volumes are filled before `up` and `run` are answered. */
#define CHANGE_TIMEOUT_MS 3600000

/*
 * Posts @body (its reference is taken; NULL: no memory) and prints changes and warnings on stderr.
 *
 * @started	gets the services of which something is started, each once; may be NULL
 *
 * Returns EXIT_DONE or the exit code.
 */
int change_post(const char *stack, const char *path, struct json_t *body,
		struct strv *started) must_check;

/* stop, start and restart differ only in these. */
struct change_lifecycle {
	const char *path;
	bool judge; /* complain of services that do not become ready */
};

struct change_lifecycle_values {
	int64_t timeout_ms;
};

int change_run(struct cli *cli, const struct change_lifecycle *lifecycle, int argc,
	       char **argv) must_check;
