// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `security_opt` and `userns_mode`.
 */
#include "manifests/decode_resources.h"
#include "manifests/scalar.h"
#include "manifests/source.h"

#include "runtime/base/cleanup.h"

#include <string.h>

/* An option, its name apart from its value; value NULL: none was written. */
struct option {
	const struct node *node;
	const char *name;
	const char *value;
};

typedef void option_fn(struct decoder *decoder, const struct option *option);

static void option_error(struct decoder *decoder, const struct option *option, const char *words)
{
	decode_error(decoder, option->node, "security_opt", "'%.80s' %s", option->node->text,
		     words);
}

static void option_privileges(struct decoder *decoder, const struct option *option)
{
	struct security_spec *security = &decoder->service->security;
	bool denied = true;
	bool old_word = false;

	if (option->value && scalar_bool(option->value, &denied, &old_word, NULL) < 0) {
		option_error(decoder, option,
			     "is not no-new-privileges, no-new-privileges:true or "
			     "no-new-privileges:false");
		return;
	}
	security->new_privileges = !denied;
	security->new_privileges_pos = option->node->pos;
}

static void name_profile(struct decoder *decoder, const char *value)
{
	struct security_spec *security = &decoder->service->security;
	bool relative = value[0] != '/' && value[0] != '~';

	security->seccomp = SECCOMP_FILE;
	security->seccomp_path = decode_path(decoder, decoder->stack->directory, value);
	security->seccomp_shown =
		arena_format(decoder->keep, "%s%s", relative ? decoder->prefix : "", value);
}

static void option_seccomp(struct decoder *decoder, const struct option *option)
{
	struct security_spec *security = &decoder->service->security;
	const char *value = option->value ? option->value : "";

	if (!value[0] || value[0] == '{') {
		option_error(decoder, option, "is not seccomp=unconfined or seccomp=FILE");
		return;
	}
	security->seccomp_pos = option->node->pos;
	security->seccomp_path = NULL;
	security->seccomp_shown = NULL;
	if (strcmp(value, "unconfined") == 0)
		security->seccomp = SECCOMP_UNCONFINED;
	else if (strcmp(value, "builtin") == 0)
		security->seccomp = SECCOMP_DEFAULT;
	else
		name_profile(decoder, value);
}

static void option_paths(struct decoder *decoder, const struct option *option)
{
	struct security_spec *security = &decoder->service->security;

	if (!option->value || strcmp(option->value, "unconfined") != 0) {
		option_error(decoder, option, "is not systempaths=unconfined");
		return;
	}
	security->unmasked = true;
	security->unmasked_pos = option->node->pos;
}

/* Profiles of security modules add walls, and davit's own stand without them. */
static void option_module(struct decoder *decoder, const struct option *option)
{
	if (!option->value)
		option_error(decoder, option, "has no value behind its name");
	else if (strcmp(option->value, "unconfined") != 0 && strcmp(option->value, "disable") != 0)
		report_warning(decoder->report, option->node->pos,
			       "%s.security_opt: %s has no effect: davit sets no profiles of "
			       "security modules",
			       decoder->path, option->name);
}

static void option_windows(struct decoder *decoder, const struct option *option)
{
	option_error(decoder, option, "is not supported: it is for Windows");
}

static void option_later(struct decoder *decoder, const struct option *option)
{
	option_error(decoder, option, "is not supported yet");
}

/* A key table beside it, so that misspelt names find their neighbour. */
static const struct key_info option_names[] = {
	{"apparmor"},	 {"credentialspec"}, {"label"},	 {"no-new-privileges"}, {"seccomp"},
	{"systempaths"}, {"mask"},	     {"unmask"}, {"writable-cgroups"},	{NULL},
};

static option_fn *const option_decoders[] = {
	option_module, option_windows, option_module, option_privileges, option_seccomp,
	option_paths,  option_later,   option_later,  option_later,
};

_Static_assert(ARRAY_SIZE(option_names) == ARRAY_SIZE(option_decoders) + 1,
	       "every option has a decoder");

static void decode_option(struct decoder *decoder, const struct node *node)
{
	const char *text = decode_scalar(decoder, node, "security_opt");

	if (!text)
		return;
	size_t len = strcspn(text, "=:");
	const struct option option = {.node = node,
				      .name = arena_copy(decoder->scratch, text, len),
				      .value = text[len] ? text + len + 1 : NULL};

	for (size_t i = 0; i < ARRAY_SIZE(option_decoders); i++) {
		if (strcmp(option_names[i].name, option.name) != 0)
			continue;
		option_decoders[i](decoder, &option);
		return;
	}
	const char *near = keys_nearest(option_names, option.name);

	decode_error(decoder, node, "security_opt", "'%.60s' is not an option%s%s%s", option.name,
		     near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* What is in it shapes the instances as the manifest does, so it is read with that. */
static void read_profile(struct decoder *decoder, const struct node *node)
{
	struct security_spec *security = &decoder->service->security;
	struct source source;
	struct err err;

	if (source_read(&(struct source_reader){decoder->scratch, decoder->inputs},
			security->seccomp_path, security->seccomp_shown, &source, &err) < 0)
		decode_error(decoder, node, "security_opt", "%s", err.text);
	else
		security->seccomp_profile = arena_copy(decoder->keep, source.text, source.len);
}

void decode_security_opt(struct decoder *decoder, const struct node *node, const char *key)
{
	const struct security_spec *security = &decoder->service->security;
	const struct node *profile = NULL;
	const char *path = NULL;

	if (node->kind != NODE_SEQUENCE) {
		if (!node->faulty)
			decode_error(decoder, node, key, "must be a list, this is %s",
				     node_kind_name(node));
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		decode_option(decoder, node->items[i]);
		if (security->seccomp_path != path)
			profile = node->items[i];
		path = security->seccomp_path;
	}
	/* Only the last one counts: the others need not exist. */
	if (path)
		read_profile(decoder, profile);
}

void decode_userns_mode(struct decoder *decoder, const struct node *node, const char *key)
{
	struct service *service = decoder->service;
	const char *text = decode_scalar(decoder, node, key);

	if (!text || strcmp(text, "auto") == 0)
		return;
	service->userns_pos = node->pos;
	if (strcmp(text, "host") == 0) {
		service->userns_mode = USERNS_HOST;
	} else if (strncmp(text, "keep-id", 7) == 0 && (!text[7] || text[7] == ':')) {
		decode_error(decoder, node, key,
			     "keep-id is not supported: a stack's ids are its own, not those of "
			     "whoever runs davit; write host or auto, and user for who the program "
			     "runs as");
	} else if (text[0]) {
		decode_error(decoder, node, key, "'%.60s' is not host or auto", text);
	}
}
