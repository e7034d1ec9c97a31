// SPDX-License-Identifier: GPL-2.0-or-later
/* Layers that need not be fetched; see stand_ins.h. With the store's lock held. */
#include "runtime/image/stand_ins.h"

#include "runtime/base/cleanup.h"
#include "runtime/image/oci.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* As large as the layer, without taking any room; 1 when it is new. */
static int make_one(int blobs_fd, const struct oci_descriptor *layer, struct err *err)
{
	autoclose int fd = openat(blobs_fd, digest_hex(layer->digest),
				  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0 || ftruncate(fd, layer->size) < 0)
		return err_set(err, errno, "stand-in for layer %s", layer->digest);
	return 1;
}

/* Of the layers of one image. */
static int make_of(const struct image_store *store, const char *digest, int blobs_fd,
		   struct err *err)
{
	autodocument struct oci_document manifest = {0};
	autoconfig struct oci_config config = {0};
	char chain[DIGEST_SIZE] = "";
	int made = 0;

	/* One that cannot be read spares nothing. */
	if (store_load(store, digest, &manifest, &config, NULL) < 0)
		return 0;
	for (size_t i = 0; i < config.diff_count && i < manifest.count; i++) {
		char next[DIGEST_SIZE];

		store_chain(chain, config.diff_ids[i], next);
		memcpy(chain, next, sizeof(chain));
		if (!store_has_layer(store, chain))
			break;
		int r = make_one(blobs_fd, &manifest.items[i], err);

		if (r < 0)
			return r;
		made += r;
	}
	return made;
}

int stand_ins_make(const struct image_store *store, int blobs_fd, struct err *err)
{
	struct store_ref *refs = NULL;
	size_t count = 0;
	int made = 0;
	int r = store_list_refs(store, &refs, &count, err);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = make_of(store, refs[i].digest, blobs_fd, err);
		made += r;
	}
	store_refs_free(refs, count);
	return r < 0 ? r : made;
}
