// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading: find, read, parse, interpolate, merge, decode, check. Each step goes on after faults as
 * long as what follows can say something new.
 */
#include "manifests/check.h"
#include "manifests/decode.h"
#include "manifests/interpolate.h"
#include "manifests/loading.h"
#include "manifests/merge.h"
#include "manifests/stack_memory.h"
#include "manifests/yaml.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

static void load_close(struct loading *load)
{
	report_close(&load->report);
	stack_free(load->stack);
	arena_close(&load->arena);
}

static int summarise(const struct loading *load, struct err *err)
{
	size_t count = load->report.list->error_count;
	const char *file = load->found.count ? load->found.files[0].shown : "the manifest";

	return err_say(err, EINVAL, "%zu error%s in %s", count, count == 1 ? "" : "s", file);
}

static int load_files(struct loading *load, struct err *err)
{
	for (size_t i = 0; i < load->found.count; i++) {
		struct document document = {
			.path = load->found.files[i].path,
			.file = stack_add_file(load->stack, load->found.files[i].shown),
			.directory = load->found.directory,
			.prefix = load->found.prefix,
			.vars = &load->found.environment,
		};
		int r = document_merge(load, &document, NULL, &load->root, err);

		if (r < 0)
			return r;
		load->broken |= !document.root;
	}
	if (load->root)
		merge_prune(load->root);
	return 0;
}

/* Faults of the name point to `name:` when it is to blame. */
static int load_name(struct loading *load, struct err *err)
{
	const struct node *node = node_get(load->root, "name");
	const char *written = node && !node->faulty && node->kind == NODE_SCALAR && node->text[0] &&
					      !node_is_null(node)
				      ? node->text
				      : NULL;
	const char *name = "";
	struct err mine;
	int r = find_stack_name(load->options, &load->found, written, &name, &mine);

	if (r < 0 && written && !load->options->stack_name &&
	    !vars_get(&load->found.environment, "COMPOSE_PROJECT_NAME"))
		report_error(&load->report, node->pos, "name: %s", mine.text);
	else if (r < 0)
		return err_say(err, -r, "%s", mine.text);
	else if (node && node->kind != NODE_SCALAR)
		report_error(&load->report, node->pos, "name must be text, this is %s",
			     node_kind_name(node));
	load->stack->name = arena_text(stack_arena(load->stack), name);
	load->stack->directory = arena_text(stack_arena(load->stack), load->found.directory);
	return 0;
}

static void active_profiles(struct loading *load, struct strv *ret_profiles)
{
	const char *listed = vars_get(&load->found.environment, "COMPOSE_PROFILES");
	const char *const *chosen = load->options->profiles;

	for (; chosen && *chosen; chosen++)
		strv_add(ret_profiles, *chosen);
	if (load->options->profiles || !listed)
		return;
	char *copy = arena_text(&load->arena, listed);

	for (char *word; (word = strsep(&copy, ","));)
		if (word[0])
			strv_add(ret_profiles, word);
}

static int load_decode(struct loading *load, struct err *err)
{
	autostrv struct strv profiles = {0};
	struct decoder decoder = {
		.keep = stack_arena(load->stack),
		.scratch = &load->arena,
		.report = &load->report,
		.stack = load->stack,
		.environment = &load->found.environment,
		.profiles = &profiles,
		.prefix = load->found.prefix,
		.inputs = load->options->inputs,
		.store_dir = load->options->store_dir,
	};

	active_profiles(load, &profiles);
	int r = strv_check(&profiles, err);

	if (r < 0)
		return r;
	decode_stack(&decoder, load->root);
	if (!load->incomplete)
		check_stack(load->stack, &load->arena, &load->report);
	return 0;
}

/* Parsing a whole file in vain for its name would double the cost of most loads: a key of the top
 * level starts a line, but for a file in flow style. */
static bool may_have_name(const struct source *source)
{
	const char *end = source->text + source->len;

	for (const char *line = source->text; line && line < end;) {
		size_t left = (size_t)(end - line);
		size_t quote = *line == '"' || *line == '\'';

		if (*line == '{' || (left > quote + 4 && memcmp(line + quote, "name", 4) == 0))
			return true;
		line = memchr(line, '\n', left);
		line = line ? line + 1 : NULL;
	}
	return false;
}

/* The last file that has a `name:` decides. Faults elsewhere are not ours to tell. */
static const char *scan_name(struct loading *load)
{
	struct interpolation in = {
		.vars = &load->found.environment, .report = &load->report, .arena = &load->arena};
	struct pos nowhere = {0};

	for (size_t i = load->found.count; i-- > 0;) {
		const struct found_file *file = &load->found.files[i];
		struct source source;
		const char *name;

		if (source_read(&load->reader, file->path, file->shown, &source, NULL) < 0)
			continue;
		name = may_have_name(&source) ? yaml_top_scalar(&source, "name", &load->arena)
					      : NULL;
		if (name && name[0] && interpolate_text(&in, name, nowhere, &name, NULL) == 0)
			return name;
	}
	return NULL;
}

/* ${COMPOSE_PROJECT_NAME} is the stack's name, wherever that comes from. A name that is no good is
 * told later, with its place. */
static void know_name(struct loading *load)
{
	const char *name = NULL;

	if (find_stack_name(load->options, &load->found, scan_name(load), &name, NULL) == 0)
		vars_set(&load->found.environment, "COMPOSE_PROJECT_NAME", name, (struct pos){0});
}

static int load_run(struct loading *load, struct err *err)
{
	int r = arena_open(&load->arena, err);

	if (r < 0)
		return r;
	load->stack = stack_new(err);
	if (!load->stack)
		return -ENOMEM;
	load->tree.arena = load->warned.arena = &load->arena;
	load->reader = (struct source_reader){&load->arena, load->options->inputs};
	load->report.origins.keep = stack_arena(load->stack);
	r = find_manifest(load->options, &load->arena, &load->report, &load->found, err);
	if (r < 0)
		return r;
	know_name(load);
	r = load_files(load, err);
	if (r < 0)
		return r;
	/* Without all of the text, "there is no such service" and its like would be noise. */
	if (load->broken || !load->root)
		return 0;
	r = load_name(load, err);
	return r < 0 ? r : load_decode(load, err);
}

int manifest_load(const struct manifest_options *options, struct stack **ret_stack,
		  struct diagnostics *diags, struct err *err)
{
	__attribute__((cleanup(load_close))) struct loading load = {.options = options,
								    .report = {.list = diags}};
	int r = load_run(&load, err);

	report_sort(&load.report);
	if (r < 0)
		return r;
	if (load.report.failed)
		return err_set(err, ENOMEM, "manifest");
	if (diags->error_count)
		return summarise(&load, err);
	arena_seal(stack_arena(load.stack));
	*ret_stack = take_ptr(load.stack);
	return 0;
}

static const char *environment_get(const struct manifest_options *options, const char *name)
{
	size_t len = strlen(name);

	for (const char *const *item = options->environment; item && *item; item++)
		if (strncmp(*item, name, len) == 0 && (*item)[len] == '=')
			return *item + len + 1;
	return NULL;
}

int manifest_stack_name(const struct manifest_options *options, char **ret_name, struct err *err)
{
	autodiagnostics struct diagnostics ignored = {0};
	__attribute__((cleanup(load_close))) struct loading load = {.options = options,
								    .report = {.list = &ignored}};
	const char *variable = environment_get(options, "COMPOSE_PROJECT_NAME");
	const char *name = NULL;
	int r = arena_open(&load.arena, err);

	if (r < 0)
		return r;
	load.reader = (struct source_reader){&load.arena, options->inputs};
	load.found = (struct found){.arena = &load.arena, .directory = options->directory};
	if (!options->stack_name && !(variable && variable[0])) {
		r = find_manifest(options, &load.arena, &load.report, &load.found, err);
		name = r == 0 ? scan_name(&load) : NULL;
	} else if (variable) {
		name = variable;
	}
	if (r == 0)
		r = find_stack_name(options, &load.found, name, &name, err);
	if (r < 0)
		return r;
	*ret_name = strdup(name);
	return *ret_name ? 0 : err_set(err, ENOMEM, "manifest: stack name");
}
