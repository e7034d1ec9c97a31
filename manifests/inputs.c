// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers of the file system, kept; see inputs.h. */
#include "manifests/inputs.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "davit-inputs 1\n"

struct kept {
	struct input input; /* of these: */
	char *path;
	char *bytes;
};

struct inputs {
	struct kept *items;
	size_t count;
	size_t cap;
	bool sealed; /* read, not asked */
	bool failed; /* an answer is missing for want of memory */
};

int inputs_new(struct inputs **ret_inputs, struct err *err)
{
	struct inputs *inputs = calloc(1, sizeof(*inputs));

	if (!inputs)
		return err_set(err, ENOMEM, "inputs");
	*ret_inputs = inputs;
	return 0;
}

void inputs_free(struct inputs *inputs)
{
	if (!inputs)
		return;
	for (size_t i = 0; i < inputs->count; i++) {
		free(inputs->items[i].path);
		free(inputs->items[i].bytes);
	}
	free(inputs->items);
	free(inputs);
}

void inputs_drop(struct inputs **inputs)
{
	inputs_free(*inputs);
}

const struct input *inputs_find(const struct inputs *inputs, enum input_kind kind, const char *path)
{
	static const struct input nothing = {.error = ENOENT};

	for (size_t i = 0; inputs && i < inputs->count; i++)
		if (inputs->items[i].input.kind == kind && strcmp(inputs->items[i].path, path) == 0)
			return &inputs->items[i].input;
	return inputs && inputs->sealed ? &nothing : NULL;
}

static bool make_room(struct inputs *inputs)
{
	size_t cap = inputs->cap ? 2 * inputs->cap : 16;

	if (inputs->count < inputs->cap)
		return true;
	struct kept *items = reallocarray(inputs->items, cap, sizeof(*items));

	if (!items)
		return false;
	inputs->items = items;
	inputs->cap = cap;
	return true;
}

void inputs_add(struct inputs *inputs, const struct input *answer)
{
	if (!inputs)
		return;
	char *path = strdup(answer->path);
	char *bytes = malloc(answer->len + 1);

	if (!path || !bytes || !make_room(inputs)) {
		inputs->failed = true;
		free(path);
		free(bytes);
		return;
	}
	if (answer->len)
		memcpy(bytes, answer->bytes, answer->len);
	bytes[answer->len] = '\0';
	inputs->items[inputs->count++] =
		(struct kept){{answer->kind, path, answer->error, bytes, answer->len}, path, bytes};
}

/* "KIND ERROR PATHLEN LEN\n", the path, the bytes. */
int inputs_write(const struct inputs *inputs, struct buf *out, struct err *err)
{
	if (inputs->failed)
		return err_set(err, ENOMEM, "inputs");
	buf_puts(out, MAGIC);
	for (size_t i = 0; i < inputs->count; i++) {
		const struct input *item = &inputs->items[i].input;

		buf_printf(out, "%d %d %zu %zu\n", (int)item->kind, item->error, strlen(item->path),
			   item->len);
		buf_puts(out, item->path);
		buf_put(out, item->bytes, item->len);
	}
	return buf_check(out, err);
}

/* One item; returns what follows it, NULL when it is none. */
static const char *read_item(struct inputs *inputs, const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));
	char line[96];
	int kind, error, used = 0;
	size_t path_len, len;

	if (!newline || (size_t)(newline - at) >= sizeof(line))
		return NULL;
	memcpy(line, at, (size_t)(newline - at));
	line[newline - at] = '\0';
	if (sscanf(line, "%d %d %zu %zu%n", &kind, &error, &path_len, &len, &used) != 4 ||
	    line[used] != '\0' || kind < INPUT_BYTES || kind > INPUT_REAL)
		return NULL;
	at = newline + 1;
	size_t left = (size_t)(end - at);

	if (path_len > left || len > left - path_len || memchr(at, '\0', path_len))
		return NULL;
	autofree char *path = strndup(at, path_len);

	if (!path) {
		inputs->failed = true;
		return NULL;
	}
	inputs_add(inputs, &(struct input){(enum input_kind)kind, path, error, at + path_len, len});
	return at + path_len + len;
}

int inputs_read(const char *bytes, size_t len, struct inputs **ret_inputs, struct err *err)
{
	const size_t magic = strlen(MAGIC);
	autoinputs struct inputs *inputs = NULL;
	const char *end = bytes + len;
	int r = inputs_new(&inputs, err);

	if (r < 0)
		return r;
	if (len < magic || memcmp(bytes, MAGIC, magic) != 0)
		return err_say(err, EBADMSG, "these are no inputs of a manifest");
	for (const char *at = bytes + magic; at < end;) {
		at = read_item(inputs, at, end);
		if (inputs->failed)
			return err_set(err, ENOMEM, "inputs");
		if (!at)
			return err_say(err, EBADMSG, "the inputs of a manifest are damaged");
	}
	inputs->sealed = true;
	*ret_inputs = take_ptr(inputs);
	return 0;
}
