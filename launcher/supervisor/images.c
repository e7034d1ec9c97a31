// SPDX-License-Identifier: GPL-2.0-or-later
/* Images of services; see images.h. */
#include "launcher/supervisor/images.h"

#include "launcher/from_image.h"
#include "launcher/paths.h"
#include "launcher/supervisor/keep.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/image/image.h"
#include "runtime/image/image_ref.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct images {
	struct keep *keep; /* borrowed */
	char kept[KEEP_NAME_MAX + 1];
	struct image image;
	struct from_image from;
	struct images *next;
};

void images_free(struct images *images)
{
	while (images) {
		struct images *next = images->next;

		keep_drop(images->keep, images->kept);
		from_image_free(&images->from);
		image_free(&images->image);
		free(images);
		images = next;
	}
}

/* Without @digest, or where that is gone, what the name stands for. */
static int find(const struct manifest *manifest, const struct service *service, const char *digest,
		struct image *ret, struct err *err)
{
	autostore struct image_store *store = NULL;
	autoref struct image_ref ref = {0};
	autofree char *dir = NULL;
	int r = image_ref_parse(service->image.value, manifest->stack->directory, &ref, err);

	if (r == 0)
		r = paths_images(&dir, err);
	if (r == 0)
		r = image_store_open(dir, &store, err);
	if (r == 0 && digest && image_resolve(store, digest, ret, NULL) == 0)
		return 0;
	if (r == 0)
		r = image_resolve(store, ref.name, ret, err);
	return r == -ENOENT ? err_say(err, ENOENT, "image %s is not in the store: davit pull",
				      service->image.value)
			    : r;
}

/* A new one of the same name takes the place of a predecessor's. */
static void hold(struct images *images, const struct manifest *manifest, size_t service)
{
	snprintf(images->kept, sizeof(images->kept), "image.%u.%zu", manifest->number, service);
	err_ignore(keep_store(images->keep, images->kept, images->image.hold_fd, NULL));
}

int images_attach(struct supervisor *sup, struct manifest *manifest, const struct service *service,
		  const char *digest, struct container_fault *fault)
{
	size_t index = (size_t)(service - manifest->stack->services);
	struct service *own = &manifest->stack->services[index];

	*fault = (struct container_fault){.item = CONTAINER_ITEM_ROOT};
	if (own->rootfs != ROOTFS_IMAGE || own->rootfs_dir)
		return 0;
	struct images *images = calloc(1, sizeof(*images));
	struct service merged = *own;

	if (!images)
		return err_set(&fault->err, ENOMEM, "image");
	images->keep = sup->keep;
	int r = find(manifest, own, digest, &images->image, &fault->err);

	if (r == 0) {
		r = from_image_apply(&merged, &images->image, &images->from, &fault->err);
		if (r < 0)
			err_prefix(&fault->err, "image %s", own->image.value);
	}
	if (r < 0) {
		images_free(images);
		return r;
	}
	hold(images, manifest, index);
	*own = merged;
	images->next = manifest->images;
	manifest->images = images;
	return 0;
}

const char *const *images_layers(const struct manifest *manifest, const char *digest)
{
	for (const struct images *images = manifest->images; images; images = images->next)
		if (digest && strcmp(images->image.digest, digest) == 0)
			return (const char *const *)images->image.layers.items;
	return NULL;
}
