// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The manifest language: bytes in, `struct stack` and diagnostics out.
 *
 * Reads its input files (manifests, .env, env_file, configs, secrets) and nothing else; starts no
 * program, opens no socket, looks at no clock, so loading a hostile manifest can at worst fail.
 * Everything else it depends on (working directory, environment) is a parameter.
 */
#pragma once

#include "manifests/inputs.h"
#include "manifests/stack.h"
#include "runtime/base/buf.h"
#include "runtime/base/err.h"

enum severity {
	SEVERITY_ERROR,
	SEVERITY_WARNING,
	SEVERITY_NOTE, /* understood, but davit cannot do it yet: see diagnostics_judge() */
};

/* "error", "warning" or "note". */
const char *severity_name(enum severity severity);

/*
 * Adds "file:line:col: error: service: text", with as much of the place as is known: what is said
 * of a manifest reads so, whoever says it. Control characters stay: who prints it makes them safe.
 *
 * @lines	see strv_add() for want of memory
 * @service	NULL: it is about none
 */
void diagnostic_add(struct strv *lines, enum severity severity, struct pos pos, const char *service,
		    const char *fmt, ...) format_like(5, 6);

struct diagnostic {
	enum severity severity;
	struct pos pos; /* pos.file is owned by the list */
	char *message;	/* one line, without position and severity */
	char *line;	/* the source line at pos, NULL when not known */
	bool extended;	/* about a value that came through extends */
	char *service;	/* note: the service it is about; NULL: the whole stack */
};

struct diagnostics {
	struct diagnostic *items; /* in order of file, line, column */
	size_t count;
	size_t error_count;
	struct strv files; /* what pos.file points into */
};

/* What one item owns. */
void diagnostic_free(struct diagnostic *item);

/* Accepts an empty list. */
void diagnostics_free(struct diagnostics *list);
#define autodiagnostics __attribute__((cleanup(diagnostics_free)))

/*
 * For a launch of @services (NULL-terminated; NULL: nothing is launched): what is noted about them
 * or about the whole stack becomes an error, all other notes are dropped.
 */
void diagnostics_judge(struct diagnostics *list, const char *const *services);

/* Appends "file:line:col: error: message" and, where the source line is known, the line with a
 * caret below the place. Reads no file. */
void diagnostics_print(const struct diagnostics *list, struct buf *out);

struct manifest_options {
	const char *directory; /* absolute: where files are searched and relative names start;
				  required */
	const char *const
		*files; /* -f in order, a directory means all its *.yaml and *.yml; NULL: searched
			   as Compose does, upwards from `directory`, COMPOSE_FILE honoured */
	const char *stack_name;	      /* -p; NULL: COMPOSE_PROJECT_NAME, else `name:`, else the
					 directory's name */
	const char *const *profiles;  /* NULL-terminated; NULL: COMPOSE_PROFILES; "*" enables all */
	const char *const *env_files; /* --env-file in order, instead of .env; NULL:
					 COMPOSE_ENV_FILES, else .env unless
					 COMPOSE_DISABLE_ENV_FILE */
	const char *store_dir;	      /* where external configs and secrets are, in configs/NAME and
					 secrets/NAME; NULL: they are not looked for */
	struct inputs *inputs; /* NULL; or gets all that the load asks the file system for, or,
				  filled by inputs_read(), is asked instead of it */
	const char *const *environment; /* "NAME=value", NULL-terminated; overrides .env of the
					   project directory */
};

/*
 * Loads, interpolates, merges and validates.
 *
 * @ret_stack	out: owned by the caller, stack_free(); untouched on failure
 * @diags	out: initialised by the caller with {0}; gets every error and warning found, also on
 * success
 *
 * Returns 0; -EINVAL when diags has errors (err then summarises: "3 errors in shop.yaml"); -ENOENT
 * when no manifest is found; another -errno (err says what) when an input cannot be read at all.
 */
int manifest_load(const struct manifest_options *options, struct stack **ret_stack,
		  struct diagnostics *diags, struct err *err) must_check;

/*
 * Only the name of the stack the options lead to, reading no more than needed for it: what the
 * inspecting commands want. Faults of the manifest that do not touch its name are not reported.
 *
 * @ret_name	out: owned by the caller, free()
 */
int manifest_stack_name(const struct manifest_options *options, char **ret_name,
			struct err *err) must_check;

enum manifest_format {
	MANIFEST_YAML,
	MANIFEST_JSON,
	MANIFEST_RESOLVED, /* added to one of these: every default is written */
};

/*
 * Appends the canonical form of the resolved stack to @out: itself a valid manifest with the same
 * meaning. Returns 0 or -ENOMEM.
 */
int manifest_print(const struct stack *stack, enum manifest_format format, struct buf *out,
		   struct err *err) must_check;

/*
 * Appends one of its services as JSON {"service", "networks", "volumes"}, as manifest_print() has
 * them; the last two are what the stack says of those that it names, absent where there are none.
 * Returns 0 or -ENOMEM.
 */
int manifest_print_service(const struct stack *stack, const struct service *service,
			   struct buf *out, struct err *err) must_check;
