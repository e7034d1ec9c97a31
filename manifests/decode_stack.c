// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The top level of a manifest.
 */
#include "manifests/decode_files.h"
#include "manifests/decode_networks.h"

#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* Services at the top, and nothing that belongs there. */
static bool is_first_version(const struct node *root)
{
	bool image = false;

	if (root->kind != NODE_MAPPING)
		return false;
	for (const struct key_info *key = keys_top; key->name; key++)
		if (node_get(root, key->name))
			return false;
	for (size_t i = 0; i < root->count && !image; i++)
		image = node_get(root->pairs[i].value, "image") ||
			node_get(root->pairs[i].value, "build");
	return image;
}

void decode_stack(struct decoder *decoder, const struct node *root)
{
	const struct node *services = node_get(root, "services");
	const struct node *volumes = node_get(root, "volumes");

	decoder->path = "";
	if (is_first_version(root)) {
		report_error(decoder->report, root->pos,
			     "the first version of the format is not supported: write services: "
			     "above all services, and indent them");
		return;
	}
	if (!keys_check(decoder->report, root, keys_top, ""))
		return;
	decode_networks(decoder, root);
	if (!node_is_null(volumes))
		decode_top_volumes(decoder, volumes, "volumes");
	decode_top_files(decoder, root);
	if (node_is_null(services))
		report_error(decoder->report, root->pos, "a manifest needs services");
	else
		decode_services(decoder, services);
	decode_donated_mounts(decoder);
	decode_contents(decoder);
}
