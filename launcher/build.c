// SPDX-License-Identifier: GPL-2.0-or-later
/* What a builder is told; see build.h. */
#include "launcher/build.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* An argument each, "--flag=value": no value can be taken for a flag. */
static void add_each(struct strv *argv, const char *flag, const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		strv_addf(argv, "--%s=%s", flag, list->items[i].value);
}

static void add_text(struct strv *argv, const char *flag, const char *value)
{
	if (value)
		strv_addf(argv, "--%s=%s", flag, value);
}

/* A relative one is below the context, which a builder only looks into by itself for its own
 * names. */
static void add_dockerfile(struct strv *argv, const struct build_spec *build)
{
	const char *file = build->dockerfile.value;
	const char *context = build->context.value;

	if (build->dockerfile_inline.value)
		strv_add(argv, "--file=/dev/stdin");
	else if (file && file[0] != '/' && context[0] == '/')
		strv_addf(argv, "--file=%s/%s", context, file);
	else
		add_text(argv, "file", file);
}

/* "name=address" as "name:address". */
static void add_hosts(struct strv *argv, const struct text_list *hosts)
{
	for (size_t i = 0; i < hosts->count; i++) {
		const char *text = hosts->items[i].value;
		int len = (int)strcspn(text, "=");

		strv_addf(argv, "--add-host=%.*s:%s", len, text, text + len + 1);
	}
}

static void add_ulimits(struct strv *argv, const struct build_spec *build)
{
	for (size_t i = 0; i < build->ulimit_count; i++)
		strv_addf(argv, "--ulimit=%s=%" PRId64 ":%" PRId64, build->ulimits[i].name,
			  build->ulimits[i].soft, build->ulimits[i].hard);
}

static int add_secret(struct strv *argv, const struct stack *stack, const struct file_grant *grant,
		      const char *store_dir, struct err *err)
{
	const struct file_object *object = stack_file(stack, grant->kind, grant->source);
	const char *id = strrchr(grant->target, '/') + 1;

	switch (object ? object->origin : FILE_FROM_NOWHERE) {
	case FILE_FROM_FILE:
		strv_addf(argv, "--secret=id=%s,src=%s", id, object->value);
		return 0;
	case FILE_FROM_ENVIRONMENT:
		strv_addf(argv, "--secret=id=%s,env=%s", id, object->value);
		return 0;
	case FILE_FROM_STORE:
		if (!store_dir)
			break;
		strv_addf(argv, "--secret=id=%s,src=%s/secrets/%s", id, store_dir, object->name);
		return 0;
	case FILE_FROM_CONTENT:
	case FILE_FROM_NOWHERE:
		break;
	}
	return err_say(err, EINVAL,
		       "the secret %s cannot be handed to a builder: it needs a file "
		       "or a variable",
		       grant->source);
}

/* What finished steps are used again. Builders know no stages there: all are made anew then. */
static void add_cache(struct strv *argv, const struct build_spec *build)
{
	strv_add(argv, build->no_cache || build->no_cache_filter.count ? "--no-cache" : "--layers");
	add_each(argv, "cache-from", &build->cache_from);
	add_each(argv, "cache-to", &build->cache_to);
	if (build->pull)
		strv_add(argv, "--pull-always");
}

static void add_surroundings(struct strv *argv, const struct build_spec *build)
{
	add_text(argv, "network", build->network.value);
	add_hosts(argv, &build->hosts);
	add_ulimits(argv, build);
	if (build->shm_bytes)
		strv_addf(argv, "--shm-size=%" PRId64, build->shm_bytes);
	if (build->privileged)
		strv_add(argv, "--cap-add=all");
	add_each(argv, "ssh", &build->ssh);
	/* With several, this machine's is the one to run. */
	if (build->platforms.count == 1)
		add_each(argv, "platform", &build->platforms);
}

int build_command_make(const struct stack *stack, const struct service *service,
		       const char *store_dir, struct build_command *ret, struct err *err)
{
	const struct build_spec *build = &service->build;
	int r = 0;

	*ret = (struct build_command){.input = build->dockerfile_inline.value};
	strv_add(&ret->argv, "buildah");
	strv_add(&ret->argv, "build");
	strv_addf(&ret->argv, "--tag=%s", service->image.value);
	add_each(&ret->argv, "tag", &build->tags);
	add_dockerfile(&ret->argv, build);
	add_text(&ret->argv, "target", build->target.value);
	add_each(&ret->argv, "build-arg", &build->args);
	add_each(&ret->argv, "label", &build->labels);
	add_each(&ret->argv, "build-context", &build->contexts);
	add_cache(&ret->argv, build);
	add_surroundings(&ret->argv, build);
	for (size_t i = 0; r == 0 && i < build->secret_count; i++)
		r = add_secret(&ret->argv, stack, &build->secrets[i], store_dir, err);
	strv_add(&ret->argv, build->context.value);
	return r < 0 ? r : strv_check(&ret->argv, err);
}

void build_command_free(struct build_command *command)
{
	strv_free(&command->argv);
}

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:=@,+";

	return word[0] && !word[strspn(word, plain)];
}

static void put_quoted(struct buf *out, const char *word)
{
	buf_puts(out, "'");
	for (; *word; word++)
		if (*word == '\'')
			buf_puts(out, "'\\''");
		else
			buf_put(out, word, 1);
	buf_puts(out, "'");
}

void build_command_text(const struct build_command *command, struct buf *out)
{
	if (command->input) {
		buf_puts(out, "printf %s ");
		put_quoted(out, command->input);
		buf_puts(out, " | ");
	}
	for (size_t i = 0; i < command->argv.count; i++) {
		if (i)
			buf_puts(out, " ");
		if (is_plain(command->argv.items[i]))
			buf_puts(out, command->argv.items[i]);
		else
			put_quoted(out, command->argv.items[i]);
	}
}
