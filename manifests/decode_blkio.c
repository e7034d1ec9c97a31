// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `blkio_config`: what a service may do with block devices. Each list is of mappings with a path
 * and a weight or a rate.
 */
#include "manifests/decode_resources.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <string.h>

#define WEIGHT_MIN 10
#define WEIGHT_MAX 1000
/* Paths are compared pair by pair: nobody has that many. */
#define DEVICES_MAX 256

static const struct blkio_list {
	const char *key;
	const char *member;
	const struct key_info *keys;
	enum blkio_kind kind;
} lists[] = {
	{"weight_device", "weight", keys_blkio_weight, BLKIO_WEIGHT},
	{"device_read_bps", "rate", keys_blkio_rate, BLKIO_READ_BPS},
	{"device_write_bps", "rate", keys_blkio_rate, BLKIO_WRITE_BPS},
	{"device_read_iops", "rate", keys_blkio_rate, BLKIO_READ_IOPS},
	{"device_write_iops", "rate", keys_blkio_rate, BLKIO_WRITE_IOPS},
};

static bool read_value(struct decoder *decoder, const struct node *node, const char *key,
		       enum blkio_kind kind, int64_t *ret_value)
{
	const char *text = NULL;
	struct err err;

	if (kind == BLKIO_WEIGHT)
		return decode_int(decoder, node, key, (struct decode_range){WEIGHT_MIN, WEIGHT_MAX},
				  ret_value);
	if (kind == BLKIO_READ_IOPS || kind == BLKIO_WRITE_IOPS)
		return decode_int(decoder, node, key, (struct decode_range){0, UINT32_MAX},
				  ret_value);
	text = decode_scalar(decoder, node, key);
	if (!text || scalar_bytes(text, ret_value, &err) == 0)
		return text;
	decode_error(decoder, node, key, "%s", err.text);
	return false;
}

/* A later one of the same device counts, as where files are merged. */
static void add_device(struct blkio_spec *blkio, const struct blkio_device *device)
{
	for (size_t i = 0; i < blkio->device_count; i++) {
		struct blkio_device *old = &blkio->devices[i];

		if (old->kind != device->kind || strcmp(old->path, device->path) != 0)
			continue;
		*old = *device;
		return;
	}
	blkio->devices[blkio->device_count++] = *device;
}

static bool read_path(struct decoder *decoder, const struct node *node, const char *key,
		      char **ret_path)
{
	const char *text = decode_scalar(decoder, node, key);

	if (text && text[0] != '/')
		decode_error(decoder, node, key, "'%.80s' is not a device: its path starts with /",
			     text);
	else if (text)
		*ret_path = decode_path(decoder, "", text);
	return *ret_path;
}

static void decode_entry(struct decoder *decoder, const struct node *node,
			 const struct blkio_list *list, const char *key)
{
	struct blkio_device device = {.kind = list->kind, .pos = node->pos};
	const struct node *path = node_get(node, "path");
	const struct node *value = node_get(node, list->member);
	size_t errors = decoder->report->list->error_count;

	if (!keys_check(decoder->report, node, list->keys,
			arena_format(decoder->scratch, "%s.%s", decoder->path, key)))
		return;
	if ((node_is_null(path) || node_is_null(value)) &&
	    decoder->report->list->error_count == errors)
		decode_error(decoder, node, key, "needs a path and a %s", list->member);
	if (node_is_null(path) || node_is_null(value))
		return;
	const char *path_key = arena_format(decoder->scratch, "%s.path", key);
	const char *value_key = arena_format(decoder->scratch, "%s.%s", key, list->member);

	if (read_path(decoder, path, path_key, &device.path) &&
	    read_value(decoder, value, value_key, list->kind, &device.value))
		add_device(&decoder->service->limits.blkio, &device);
}

static void decode_entries(struct decoder *decoder, const struct node *node,
			   const struct blkio_list *list, const char *key)
{
	if (node->kind != NODE_SEQUENCE && !node->faulty)
		decode_error(decoder, node, key, "must be a list, this is %s",
			     node_kind_name(node));
	else if (node->kind == NODE_SEQUENCE && node->count > DEVICES_MAX)
		decode_error(decoder, node, key, "has more than %d entries", DEVICES_MAX);
	else if (node->kind == NODE_SEQUENCE)
		for (size_t i = 0; i < node->count; i++)
			if (decode_room(decoder, node->items[i]))
				decode_entry(decoder, node->items[i], list, key);
}

/* Those of every list that will be decoded. */
static size_t count_entries(const struct node *node)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct node *one = node_get(node, lists[i].key);

		count += one && one->kind == NODE_SEQUENCE && one->count <= DEVICES_MAX ? one->count
											: 0;
	}
	return count;
}

void decode_blkio(struct decoder *decoder, const struct node *node, const char *key)
{
	struct blkio_spec *blkio = &decoder->service->limits.blkio;
	const char *path = arena_format(decoder->scratch, "%s.%s", decoder->path, key);
	const struct node *weight = node_get(node, "weight");

	if (!keys_check(decoder->report, node, keys_blkio, path))
		return;
	blkio->pos = node->pos;
	blkio->devices = arena_new(decoder->keep, struct blkio_device, count_entries(node));
	if (!node_is_null(weight) &&
	    read_value(decoder, weight, arena_format(decoder->scratch, "%s.weight", key),
		       BLKIO_WEIGHT, &blkio->weight))
		blkio->weight_pos = weight->pos;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct node *one = node_get(node, lists[i].key);

		if (!node_is_null(one))
			decode_entries(decoder, one, &lists[i],
				       arena_format(decoder->scratch, "%s.%s", key, lists[i].key));
	}
}
