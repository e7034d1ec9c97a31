// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding a manifest as Compose does. Names are tried, directories are listed; the only files
 * opened here are .env files.
 */
#include "manifests/find.h"

#include "manifests/env_file.h"
#include "manifests/lookup.h"
#include "manifests/source.h"
#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *find_join(struct arena *arena, const char *directory, const char *name)
{
	size_t len = strlen(directory);
	bool slash = len && directory[len - 1] == '/';

	if (name[0] == '/' || !len)
		return arena_text(arena, name);
	return arena_format(arena, "%s%s%s", directory, slash ? "" : "/", name);
}

static void add_file(struct found *found, const char *path, const char *shown)
{
	*arena_push(found->arena, found->files, found->count, found->cap) =
		(struct found_file){.path = path, .shown = shown};
}

const char *find_parent(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return "";
	return slash == path ? "/" : arena_copy(arena, path, (size_t)(slash - path));
}

/* The project is where the first file is. */
static void set_directory(struct found *found, const char *directory, const char *shown)
{
	found->directory = lookup_real(found->inputs, found->arena, directory);
	if (!shown[0] || strcmp(shown, ".") == 0)
		found->prefix = "";
	else
		found->prefix = find_join(found->arena, shown, "");
}

/* By name, but overrides after what they override: "compose.override.yaml" would sort first. */
static int by_role_and_name(const void *left, const void *right)
{
	const char *a = *(char *const *)left;
	const char *b = *(char *const *)right;
	bool a_last = strstr(a, ".override.") != NULL;
	bool b_last = strstr(b, ".override.") != NULL;

	return a_last != b_last ? a_last - b_last : strcmp(a, b);
}

static int add_directory(struct found *found, const char *path, const char *shown, struct err *err)
{
	char **names = NULL;
	size_t before = found->count;
	size_t count = 0;
	int r = lookup_yaml(found->inputs, found->arena, path, &names);

	if (r < 0)
		return err_set(err, -r, "cannot list '%s'", shown);
	while (names[count])
		count++;
	qsort(names, count, sizeof(*names), by_role_and_name);
	for (char **name = names; *name; name++) {
		const char *full = find_join(found->arena, path, *name);
		bool here = strcmp(shown, ".") == 0;

		if (lookup_is_file(found->inputs, full))
			add_file(found, full, here ? *name : find_join(found->arena, shown, *name));
	}
	if (found->count == before)
		return err_say(err, ENOENT, "no *.yaml or *.yml file in '%s'", shown);
	if (!found->directory)
		set_directory(found, path, shown);
	return 0;
}

static int add_named(struct found *found, const char *base, const char *name, struct err *err)
{
	const char *path = find_join(found->arena, base, name);
	bool is_dir = false;

	if (strcmp(name, "-") == 0)
		return err_say(err, EINVAL,
			       "a manifest on standard input is not supported: name a file");
	int r = lookup_type(found->inputs, path, &is_dir);

	if (r < 0)
		return err_set(err, -r, "cannot read '%s'", name);
	if (is_dir)
		return add_directory(found, path, name, err);
	add_file(found, path, arena_text(found->arena, name));
	if (!found->directory)
		set_directory(found, find_parent(found->arena, path),
			      find_parent(found->arena, name));
	return 0;
}

/* COMPOSE_FILE: names with a separator between them. */
static int add_listed(struct found *found, const char *base, const char *list, struct err *err)
{
	const char *separator = vars_get(&found->environment, "COMPOSE_PATH_SEPARATOR");
	char *copy = arena_text(found->arena, list);

	if (!separator || !separator[0])
		separator = ":";
	while (copy) {
		char *cut = strstr(copy, separator);

		if (cut)
			*cut = '\0';
		int r = copy[0] ? add_named(found, base, copy, err) : 0;

		if (r < 0)
			return err_prefix(err, "COMPOSE_FILE");
		copy = cut ? cut + strlen(separator) : NULL;
	}
	return found->count ? 0 : err_say(err, ENOENT, "COMPOSE_FILE names no file");
}

/* The first of the names that exists in @directory is added. */
static bool add_first(struct found *found, const char *directory, const char *shown_directory,
		      const char *const *names)
{
	for (; *names; names++) {
		const char *path = find_join(found->arena, directory, *names);

		if (!lookup_is_file(found->inputs, path))
			continue;
		add_file(found, path, find_join(found->arena, shown_directory, *names));
		return true;
	}
	return false;
}

static int search_upwards(struct found *found, const char *base, struct err *err)
{
	static const char *const names[] = {"compose.yaml", "compose.yml", "docker-compose.yml",
					    "docker-compose.yaml", NULL};
	static const char *const overrides[] = {"compose.override.yaml", "compose.override.yml",
						"docker-compose.override.yml",
						"docker-compose.override.yaml", NULL};
	const char *directory = arena_text(found->arena, base);
	const char *shown = "";

	while (!add_first(found, directory, shown, names)) {
		if (strcmp(directory, "/") == 0)
			return err_say(err, ENOENT,
				       "no compose.yaml in '%s' or any directory above: name a "
				       "manifest with -f",
				       base);
		directory = find_parent(found->arena, directory);
		shown = directory;
	}
	add_first(found, directory, shown, overrides);
	set_directory(found, directory, shown);
	return 0;
}

static int read_variables(struct found *found, const struct found_file *file, struct vars *vars,
			  struct err *err)
{
	struct source source;
	int r = source_read(&(struct source_reader){found->arena, found->inputs}, file->path,
			    file->shown, &source, err);

	if (r < 0)
		return r;
	report_source(found->report, file->shown, source.text, source.len);
	env_file_parse(&source, file->shown, &found->environment, vars, found->report);
	return 0;
}

static int read_dotenv(struct found *found, const char *directory, const char *shown,
		       struct vars *vars, struct err *err)
{
	const struct found_file file = {.path = find_join(found->arena, directory, ".env"),
					.shown = find_join(found->arena, shown, ".env")};
	int r = read_variables(found, &file, vars, err);

	return r == -ENOENT || r == -ENOTDIR ? 0 : r;
}

/* In order, later ones over earlier ones; a named file must be there. */
static int read_named(struct found *found, const struct manifest_options *options, const char *name,
		      struct vars *vars, struct err *err)
{
	const struct found_file file = {.path = find_join(found->arena, options->directory, name),
					.shown = name};

	return read_variables(found, &file, vars, err);
}

/* What stands instead of .env: --env-file, else COMPOSE_ENV_FILES. */
static int read_chosen(struct found *found, const struct manifest_options *options,
		       struct vars *vars, bool *ret_chosen, struct err *err)
{
	const char *listed = vars_get(&found->environment, "COMPOSE_ENV_FILES");
	char *copy = arena_text(found->arena, listed ? listed : "");
	bool named = options->env_files && options->env_files[0];
	int r = 0;

	*ret_chosen = named || copy[0];
	for (const char *const *name = options->env_files; named && *name && r == 0; name++)
		r = read_named(found, options, *name, vars, err);
	if (named)
		return r < 0 ? err_prefix(err, "--env-file") : 0;
	for (char *name; r == 0 && (name = strsep(&copy, ","));)
		if (name[0])
			r = read_named(found, options, name, vars, err);
	return r < 0 ? err_prefix(err, "COMPOSE_ENV_FILES") : 0;
}

/* COMPOSE_DISABLE_ENV_FILE: whether the .env of the project is left alone. */
static int dotenv_disabled(const struct found *found, bool *ret_disabled, struct err *err)
{
	static const char *const words[] = {"", "0", "false", "1", "true"};
	const char *text = vars_get(&found->environment, "COMPOSE_DISABLE_ENV_FILE");

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(text ? text : "", words[i]) == 0) {
			*ret_disabled = i >= 3;
			return 0;
		}
	return err_say(err, EINVAL, "COMPOSE_DISABLE_ENV_FILE: '%.80s' is neither true nor false",
		       text);
}

static void take_environment(struct found *found, const char *const *environment)
{
	struct pos nowhere = {0};

	for (; environment && *environment; environment++) {
		size_t len = strcspn(*environment, "=");

		if ((*environment)[len] && len)
			vars_set(&found->environment, arena_copy(found->arena, *environment, len),
				 arena_text(found->arena, *environment + len + 1), nowhere);
	}
}

/* Adds what .env says and the caller's environment does not. */
static void add_missing(struct found *found, const struct vars *dotenv)
{
	for (const struct var *var = dotenv->first; var; var = var->next)
		if (var->value && !vars_get(&found->environment, var->name))
			vars_set(&found->environment, var->name, var->value, var->pos);
}

static int find_files(const struct manifest_options *options, struct found *found, struct err *err)
{
	const char *listed = vars_get(&found->environment, "COMPOSE_FILE");

	if (options->files && options->files[0]) {
		for (const char *const *name = options->files; *name; name++) {
			int r = add_named(found, options->directory, *name, err);

			if (r < 0)
				return r;
		}
		return 0;
	}
	if (listed && listed[0])
		return add_listed(found, options->directory, listed, err);
	return search_upwards(found, options->directory, err);
}

/* COMPOSE_FILE itself may be written in the .env beside the caller. */
static void take_file_list(struct found *found, const struct vars *vars)
{
	static const char *const names[] = {"COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR"};
	struct pos nowhere = {0};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = vars_get(vars, names[i]);

		if (value && !vars_get(&found->environment, names[i]))
			vars_set(&found->environment, names[i], value, nowhere);
	}
}

/* .env may lie beside the caller and, where that is elsewhere, beside the first manifest. */
static int find_with_dotenv(const struct manifest_options *options, struct found *found,
			    struct vars *project, struct err *err)
{
	bool named = options->files && options->files[0];
	struct vars here = {.arena = found->arena};
	int r = named ? 0 : read_dotenv(found, options->directory, "", &here, err);

	if (r < 0)
		return r;
	take_file_list(found, &here);
	r = find_files(options, found, err);
	if (r < 0)
		return r;
	if (named || strcmp(found->directory, options->directory) != 0)
		return read_dotenv(found, found->directory, found->prefix, project, err);
	*project = here;
	return 0;
}

int find_manifest(const struct manifest_options *options, struct arena *arena,
		  struct report *report, struct found *ret_found, struct err *err)
{
	struct found found = {.arena = arena,
			      .report = report,
			      .inputs = options->inputs,
			      .environment = {.arena = arena}};
	struct vars project = {.arena = arena};
	bool chosen = false;
	bool disabled = false;

	take_environment(&found, options->environment);
	int r = dotenv_disabled(&found, &disabled, err);

	if (r == 0)
		r = read_chosen(&found, options, &project, &chosen, err);
	if (r < 0)
		return r;
	if (chosen || disabled) {
		take_file_list(&found, &project);
		r = find_files(options, &found, err);
	} else {
		r = find_with_dotenv(options, &found, &project, err);
	}
	if (r < 0)
		return r;
	add_missing(&found, &project);
	*ret_found = found;
	return 0;
}

char *find_normalise(struct arena *arena, const char *name)
{
	char *clean = arena_text(arena, name);
	size_t len = 0;

	for (; *name; name++) {
		int low = tolower((unsigned char)*name);
		bool first = isdigit(low) || (low >= 'a' && low <= 'z');

		if (first || (len && (low == '_' || low == '-')))
			clean[len++] = (char)low;
	}
	clean[len] = '\0';
	return clean;
}

int find_stack_name(const struct manifest_options *options, const struct found *found,
		    const char *written, const char **ret_name, struct err *err)
{
	const char *variable = vars_get(&found->environment, "COMPOSE_PROJECT_NAME");
	const char *chosen = options->stack_name       ? options->stack_name
			     : variable && variable[0] ? variable
						       : written;
	const char *slash = strrchr(found->directory, '/');
	const char *name = find_normalise(found->arena, chosen ? chosen : slash ? slash + 1 : "");

	if (chosen && strcmp(name, chosen) != 0)
		return err_say(err, EINVAL,
			       "'%.80s' is not a stack name: small letters, digits, _ and -, "
			       "starting with a letter or digit",
			       chosen);
	if (!name[0])
		return err_say(err, EINVAL,
			       "the directory '%.200s' gives no stack name: write name: in the "
			       "manifest",
			       found->directory);
	if (strlen(name) > 63)
		return err_say(err, EINVAL, "the stack name '%.80s' is longer than 63 characters",
			       name);
	*ret_name = name;
	return 0;
}
