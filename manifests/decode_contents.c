// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What configs and secrets hold: read once, together with the manifest, so that every instance of a
 * revision gets the same. What cannot be read is noted with each service that is given it: it stops
 * a launch of that service, and nothing else.
 */
#include "manifests/decode_files.h"
#include "manifests/source.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

/* More belongs into a volume. */
#define CONTENT_BYTES_MAX ((size_t)1 << 20)

static int read_file(struct decoder *decoder, const char *path, const char *shown,
		     struct file_object *object, struct err *err)
{
	struct source source;
	const struct source_file file = {path, shown, CONTENT_BYTES_MAX,
					 stack_writable_above(decoder->stack, path)};
	int r = source_read_bytes(&(struct source_reader){decoder->keep, decoder->inputs}, &file,
				  &source, err);

	if (r < 0)
		return r;
	object->bytes = source.text;
	object->len = source.len;
	return 0;
}

static int read_stored(struct decoder *decoder, struct file_object *object, struct err *err)
{
	const char *directory = object->kind == FILE_SECRET ? "secrets" : "configs";
	const char *path = arena_format(decoder->scratch, "%s/%s/%s", decoder->store_dir, directory,
					object->name);
	int r = read_file(decoder, path, path, object, err);

	return r == -ENOENT ? err_say(err, ENOENT,
				      "it is external and not in the store: put it "
				      "into %s",
				      path)
			    : r;
}

static int read_variable(struct decoder *decoder, struct file_object *object, struct err *err)
{
	const char *value = vars_get(decoder->environment, object->value);

	if (!value)
		return err_say(err, ENOENT, "the variable %.80s is not set", object->value);
	if (strlen(value) > CONTENT_BYTES_MAX)
		return err_say(err, EFBIG, "the variable %.80s is larger than %zu MiB",
			       object->value, CONTENT_BYTES_MAX >> 20);
	object->bytes = arena_text(decoder->keep, value);
	object->len = strlen(value);
	return 0;
}

/* Returns 0, also where there is no store to look into. */
static int read_object(struct decoder *decoder, struct file_object *object, struct err *err)
{
	switch (object->origin) {
	case FILE_FROM_FILE:
		return read_file(decoder, object->value, object->written, object, err);
	case FILE_FROM_ENVIRONMENT:
		return read_variable(decoder, object, err);
	case FILE_FROM_STORE:
		return decoder->store_dir ? read_stored(decoder, object, err) : 0;
	case FILE_FROM_CONTENT:
		object->bytes = object->value;
		object->len = strlen(object->value);
		return 0;
	case FILE_FROM_NOWHERE:
		break;
	}
	return 0;
}

struct trial {
	bool made;
	struct err err;
};

static void read_grants(struct decoder *decoder, const struct service *service,
			struct trial *trials)
{
	struct stack_files *files = &decoder->stack->files_given;

	for (size_t i = 0; i < service->files.count; i++) {
		const struct file_grant *grant = &service->files.items[i];
		const struct file_object *object =
			stack_file(decoder->stack, grant->kind, grant->source);

		if (!object || !object->value == (object->origin != FILE_FROM_STORE))
			continue; /* told already */
		struct trial *trial = &trials[object - files->items];

		if (!trial->made)
			(void)!read_object(decoder, &files->items[object - files->items],
					   &trial->err);
		trial->made = true;
		if (trial->err.code)
			report_note(decoder->report, object->value_pos, "services.%s.%s: %.80s: %s",
				    service->name,
				    grant->kind == FILE_SECRET ? "secrets" : "configs",
				    grant->source, trial->err.text);
	}
}

void decode_contents(struct decoder *decoder)
{
	struct stack *stack = decoder->stack;
	struct trial *trials = arena_new(decoder->scratch, struct trial, stack->files_given.count);

	for (size_t i = 0; i < stack->service_count; i++) {
		if (!stack->services[i].enabled)
			continue;
		decoder->report->service = stack->services[i].name;
		read_grants(decoder, &stack->services[i], trials);
	}
	decoder->report->service = NULL;
}
