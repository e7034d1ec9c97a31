// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `devices`: SOURCE[:TARGET[:PERMISSIONS]], or the same as a mapping.
 */
#include "manifests/decode_resources.h"

#include "runtime/base/cleanup.h"

#include <string.h>

/* Letters of "rwm", each once. */
static bool read_permissions(const char *text, struct device_spec *device)
{
	bool *const flags[] = {&device->read, &device->write, &device->mknod};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		*flags[i] = false;
	for (const char *at = text; *at; at++) {
		const char *known = strchr("rwm", *at);

		if (!known || *flags[known - "rwm"])
			return false;
		*flags[known - "rwm"] = true;
	}
	return text[0];
}

struct device_words {
	const char *source;
	const char *target;	 /* NULL: as the source */
	const char *permissions; /* NULL: all */
};

/* A second word that is no path is what other tools read it as, permissions. */
static bool split_short(struct decoder *decoder, const char *text, struct device_words *words)
{
	const char *parts[3] = {text, NULL, NULL};
	size_t count = 1;

	for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
		if (count == ARRAY_SIZE(parts))
			return false;
		parts[count++] = colon + 1;
	}
	if (count == 2 && parts[1][0] && parts[1][0] != '/') {
		parts[2] = parts[1];
		parts[1] = NULL;
	}
	words->source = arena_copy(decoder->scratch, text, strcspn(text, ":"));
	if (parts[1] && parts[1][0])
		words->target = arena_copy(decoder->scratch, parts[1], strcspn(parts[1], ":"));
	words->permissions = parts[2];
	return true;
}

static bool is_device_path(struct decoder *decoder, const struct node *node, const char *path)
{
	bool named = path[0] != '/' && strchr(path, '=');

	if (path[0] == '/' && path[1])
		return true;
	if (named)
		decode_error(decoder, node, "devices",
			     "'%.80s' is not supported yet: name the files below /dev", path);
	else
		decode_error(decoder, node, "devices",
			     "'%.80s' is not a device: its path starts with /", path);
	return false;
}

static void add_device(struct decoder *decoder, const struct node *node,
		       const struct device_words *words)
{
	struct service *service = decoder->service;
	const char *target = words->target ? words->target : words->source;
	struct device_spec device = {.read = true, .write = true, .mknod = true, .pos = node->pos};

	if (!is_device_path(decoder, node, words->source) ||
	    (words->target && !is_device_path(decoder, node, words->target)))
		return;
	if (words->permissions && !read_permissions(words->permissions, &device)) {
		decode_error(decoder, node, "devices",
			     "'%.20s' are not permissions: letters of rwm, each once",
			     words->permissions);
		return;
	}
	device.source = decode_path(decoder, "", words->source);
	device.target = decode_path(decoder, "", target);
	for (size_t i = 0; i < service->device_count; i++) {
		if (strcmp(service->devices[i].target, device.target) != 0)
			continue;
		service->devices[i] = device;
		return;
	}
	service->devices[service->device_count++] = device;
}

/* False, with an error, for what is written but no text. */
static bool member(struct decoder *decoder, const struct node *node, const char *key,
		   const char **ret_text)
{
	const struct node *value = node_get(node, key);

	if (node_is_null(value))
		return true;
	*ret_text =
		decode_scalar(decoder, value, arena_format(decoder->scratch, "devices.%s", key));
	return *ret_text != NULL;
}

static bool read_long(struct decoder *decoder, const struct node *node, struct device_words *words)
{
	const char *path = arena_format(decoder->scratch, "%s.devices", decoder->path);
	size_t errors = decoder->report->list->error_count;

	if (!keys_check(decoder->report, node, keys_device, path) ||
	    !member(decoder, node, "source", &words->source) ||
	    !member(decoder, node, "target", &words->target) ||
	    !member(decoder, node, "permissions", &words->permissions))
		return false;
	/* A misspelt one is told already. */
	if (!words->source && decoder->report->list->error_count == errors)
		decode_error(decoder, node, "devices", "needs a source");
	return words->source != NULL;
}

static void decode_device(struct decoder *decoder, const struct node *node)
{
	struct device_words words = {0};
	const char *text = NULL;

	if (node->kind == NODE_MAPPING) {
		if (read_long(decoder, node, &words))
			add_device(decoder, node, &words);
		return;
	}
	text = decode_scalar(decoder, node, "devices");
	if (text && split_short(decoder, text, &words))
		add_device(decoder, node, &words);
	else if (text)
		decode_error(decoder, node, "devices",
			     "'%.80s' is not SOURCE[:TARGET[:PERMISSIONS]]", text);
}

/* Targets are compared pair by pair: nobody has that many. */
#define DEVICES_MAX 256

void decode_devices(struct decoder *decoder, const struct node *node, const char *key)
{
	if (node->kind != NODE_SEQUENCE) {
		if (!node->faulty)
			decode_error(decoder, node, key, "must be a list, this is %s",
				     node_kind_name(node));
		return;
	}
	if (node->count > DEVICES_MAX) {
		decode_error(decoder, node, key, "has more than %d entries", DEVICES_MAX);
		return;
	}
	decoder->service->devices = arena_new(decoder->keep, struct device_spec, node->count);
	for (size_t i = 0; i < node->count; i++)
		if (decode_room(decoder, node->items[i]))
			decode_device(decoder, node->items[i]);
}
