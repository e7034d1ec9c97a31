// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which files make up the manifest, where its project directory is, and what ${…} sees: the part
 * of loading that comes before the first byte of YAML.
 */
#pragma once

#include "manifests/manifest.h"
#include "manifests/report.h"
#include "manifests/vars.h"

struct found_file {
	const char *path;  /* absolute */
	const char *shown; /* as the user named it */
};

struct found {
	struct arena *arena;
	struct report *report;
	struct inputs *inputs; /* see manifest.h */
	struct found_file *files;
	size_t count;
	size_t cap;
	const char *directory;	 /* of the project, absolute */
	const char *prefix;	 /* what user-visible names of files below it start with */
	struct vars environment; /* the caller's, over .env */
};

/* Joins a directory and a name below it; an absolute name stays as it is. In the arena. */
const char *find_join(struct arena *arena, const char *directory, const char *name);

/* Everything before the last slash, without it: "" for a bare name, "/" for "/x". */
const char *find_parent(struct arena *arena, const char *path);

/*
 * Finds the files and reads .env.
 *
 * @ret_found	out: everything in @arena
 * @report	faults of .env go there
 *
 * Returns 0, -ENOENT when there is no manifest, or another -errno.
 */
int find_manifest(const struct manifest_options *options, struct arena *arena,
		  struct report *report, struct found *ret_found, struct err *err) must_check;

/*
 * The stack's name: chosen, else COMPOSE_PROJECT_NAME, else @written, else the directory's.
 *
 * @written	the interpolated `name:`, or NULL
 *
 * Returns 0 or -EINVAL. A chosen or written name must be valid; a directory's is made so.
 */
int find_stack_name(const struct manifest_options *options, const struct found *found,
		    const char *written, const char **ret_name, struct err *err) must_check;

/* Lower case, of [a-z0-9_-], starting with a letter or digit; may be "". In the arena. */
char *find_normalise(struct arena *arena, const char *name);
