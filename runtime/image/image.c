// SPDX-License-Identifier: GPL-2.0-or-later
/* Images of the store for their users: looked up, held, listed; see image.h. */
#include "runtime/image/image.h"

#include "runtime/base/cleanup.h"
#include "runtime/image/oci.h"
#include "runtime/image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

_Static_assert(IMAGE_DIGEST_SIZE == DIGEST_SIZE, "a digest is a digest");

void image_free(struct image *image)
{
	strv_free(&image->layers);
	image_config_free(&image->config);
	/* 0 is what a zeroed one has; no image is held by standard input. */
	if (image->hold_fd > 0)
		close(image->hold_fd);
	*image = (struct image){0};
}

/* The layers of @config, upmost first. -ESTALE names one that is missing. */
static int list_layers(const struct image_store *store, const struct oci_config *config,
		       struct strv *ret, struct err *err)
{
	autostrv struct strv chains = {0};
	char chain[DIGEST_SIZE] = "";

	for (size_t i = 0; i < config->diff_count; i++) {
		char next[DIGEST_SIZE];

		store_chain(chain, config->diff_ids[i], next);
		memcpy(chain, next, sizeof(chain));
		if (!store_has_layer(store, chain))
			return err_say(err, ESTALE, "layer %s is missing: fetch it again",
				       config->diff_ids[i]);
		strv_add(&chains, chain);
	}
	for (size_t i = chains.count; i > 0; i--)
		strv_addf(ret, "%s/layers/%s/fs", store->dir, digest_hex(chains.items[i - 1]));
	return chains.failed ? err_set(err, ENOMEM, "list layers") : strv_check(ret, err);
}

/* While it is open the image is in use: image_prune() cannot lock it exclusively. */
static int hold(const struct image_store *store, const char *digest, int *ret_fd, struct err *err)
{
	autoclose int fd = openat(store->blobs_fd, digest_hex(digest),
				  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_SH) < 0)
		return err_set(err, errno == ENOENT ? ESTALE : errno, "hold image %s", digest);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int resolve_digest(const struct image_store *store, const char *digest, struct image *ret,
			  struct err *err)
{
	autodocument struct oci_document manifest = {0};
	autoconfig struct oci_config config = {0};
	struct image image = {.hold_fd = -1};
	int r = store_load(store, digest, &manifest, &config, err);

	if (r == -ENOENT || r == -EBADMSG || r == -EMEDIUMTYPE) {
		struct err why = err ? *err : (struct err){0};

		return err_say(err, ESTALE, "%s: fetch it again", why.text);
	}
	if (r == 0)
		r = list_layers(store, &config, &image.layers, err);
	if (r == 0)
		r = hold(store, digest, &image.hold_fd, err);
	if (r < 0) {
		image_free(&image);
		return r;
	}
	memcpy(image.digest, digest, sizeof(image.digest));
	image.config = config.run;
	config.run = (struct image_config){0};
	*ret = image;
	return 0;
}

int image_resolve(struct image_store *store, const char *name, struct image *ret, struct err *err)
{
	struct store_ref ref = {0};
	bool digest = digest_check(name, NULL) == 0;
	int r = store_lock(store, LOCK_SH, err);

	if (r < 0)
		return r;
	if (digest)
		memcpy(ref.digest, name, sizeof(ref.digest));
	else
		r = store_get_ref(store, name, &ref, err);
	if (r == -EBADMSG)
		r = err_say(err, ESTALE, "stored name %s is damaged", name);
	if (r == 0) {
		r = resolve_digest(store, ref.digest, ret, err);
		if (r < 0)
			err_prefix(err, "image %s", name);
	}
	store_unlock(store);
	store_ref_free(&ref);
	return r;
}

int image_stored_at(struct image_store *store, const char *name, int64_t *ret_ms, struct err *err)
{
	struct store_ref ref = {0};
	int r = store_get_ref(store, name, &ref, err);

	if (r < 0)
		return r;
	*ret_ms = ref.stored_ms;
	store_ref_free(&ref);
	return 0;
}

void image_list_free(struct image_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].name);
	free(list->items);
	*list = (struct image_list){0};
}

static void describe(const struct image_store *store, struct image_entry *entry)
{
	autodocument struct oci_document manifest = {0};
	autoconfig struct oci_config config = {0};
	char chain[DIGEST_SIZE] = "";

	entry->damaged = store_load(store, entry->digest, &manifest, &config, NULL) < 0;
	entry->layers = config.diff_count;
	for (size_t i = 0; i < config.diff_count; i++) {
		char next[DIGEST_SIZE];

		store_chain(chain, config.diff_ids[i], next);
		memcpy(chain, next, sizeof(chain));
		entry->bytes += store_layer_bytes(store, chain);
		entry->damaged = entry->damaged || !store_has_layer(store, chain);
	}
	entry->in_use = store_in_use(store, entry->digest);
}

int image_list(struct image_store *store, struct image_list *ret, struct err *err)
{
	struct store_ref *refs = NULL;
	struct image_list list = {0};
	size_t count = 0;
	int r = store_lock(store, LOCK_SH, err);

	if (r < 0)
		return r;
	r = store_list_refs(store, &refs, &count, err);
	if (r == 0 && count) {
		list.items = calloc(count, sizeof(*list.items));
		r = list.items ? 0 : err_set(err, ENOMEM, "list images");
	}
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct image_entry *entry = &list.items[list.count++];

		entry->name = take_ptr(refs[i].name);
		entry->stored_ms = refs[i].stored_ms;
		memcpy(entry->digest, refs[i].digest, sizeof(entry->digest));
		describe(store, entry);
	}
	store_unlock(store);
	store_refs_free(refs, count);
	if (r < 0)
		return r;
	*ret = list;
	return 0;
}
