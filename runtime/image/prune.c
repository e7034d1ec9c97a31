// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Removing from the store; see image.h. What names and users need is marked, the rest is moved out
 * of sight under the exclusive lock, and deleted without it.
 */
#include "runtime/base/cleanup.h"
#include "runtime/image/oci.h"
#include "runtime/image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Names of files that stay: the hex digits of blobs and of chain ids. */
struct marked {
	struct strv blobs;
	struct strv layers;
};

static void marked_free(struct marked *marked)
{
	strv_free(&marked->blobs);
	strv_free(&marked->layers);
}
#define automarked __attribute__((cleanup(marked_free)))

static void mark(const struct image_store *store, const char *digest, struct marked *marked)
{
	autodocument struct oci_document manifest = {0};
	autoconfig struct oci_config config = {0};
	char chain[DIGEST_SIZE] = "";

	if (strv_has(&marked->blobs, digest_hex(digest)))
		return;
	strv_add(&marked->blobs, digest_hex(digest));
	/* One that cannot be read names nothing. */
	if (store_load(store, digest, &manifest, &config, NULL) < 0)
		return;
	strv_add(&marked->blobs, digest_hex(manifest.config.digest));
	for (size_t i = 0; i < config.diff_count; i++) {
		char next[DIGEST_SIZE];

		store_chain(chain, config.diff_ids[i], next);
		memcpy(chain, next, sizeof(chain));
		strv_add(&marked->layers, digest_hex(chain));
	}
}

static int open_listing(int dir_fd, DIR **ret, struct err *err)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret = fd < 0 ? NULL : fdopendir(fd);
	if (*ret)
		return 0;
	fd_drop(&fd);
	return err_set(err, errno, "read the image store");
}

/* The digest a file of blobs/ or layers/ is named after; false for what is not ours. */
static bool digest_of_name(const char *name, char ret[DIGEST_SIZE])
{
	int len = snprintf(ret, DIGEST_SIZE, DIGEST_PREFIX "%s", name);

	return len == DIGEST_SIZE - 1 && digest_check(ret, NULL) == 0;
}

static int mark_used(const struct image_store *store, struct marked *marked, struct err *err)
{
	autodir DIR *dir = NULL;
	int r = open_listing(store->blobs_fd, &dir, err);

	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		char digest[DIGEST_SIZE];

		if (digest_of_name(entry->d_name, digest) && store_in_use(store, digest))
			mark(store, digest, marked);
	}
	return r;
}

static int mark_named(const struct image_store *store, bool all, struct marked *marked,
		      struct image_swept *swept, struct err *err)
{
	struct store_ref *refs = NULL;
	size_t count = 0;
	int r = store_list_refs(store, &refs, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (!all || store_in_use(store, refs[i].digest)) {
			mark(store, refs[i].digest, marked);
			continue;
		}
		r = store_drop_ref(store, refs[i].name, err);
		swept->names++;
	}
	store_refs_free(refs, count);
	return r;
}

static int sweep_blobs(const struct image_store *store, const struct marked *marked,
		       const struct store_trash *trash, struct err *err)
{
	autodir DIR *dir = NULL;
	int r = open_listing(store->blobs_fd, &dir, err);

	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		char digest[DIGEST_SIZE];

		if (digest_of_name(entry->d_name, digest) &&
		    !strv_has(&marked->blobs, entry->d_name))
			r = store_trash_add(trash, store->blobs_fd, entry->d_name, err);
	}
	return r;
}

static int sweep_layers(const struct image_store *store, const struct marked *marked,
			const struct store_trash *trash, struct image_swept *swept, struct err *err)
{
	autodir DIR *dir = NULL;
	int r = open_listing(store->layers_fd, &dir, err);

	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		char digest[DIGEST_SIZE];

		if (!digest_of_name(entry->d_name, digest) ||
		    strv_has(&marked->layers, entry->d_name))
			continue;
		swept->layers++;
		swept->bytes += store_layer_bytes(store, digest);
		r = store_trash_add(trash, store->layers_fd, entry->d_name, err);
	}
	return r;
}

/* With the lock held exclusively. */
static int sweep(const struct image_store *store, bool all, const struct store_trash *trash,
		 struct image_swept *swept, struct err *err)
{
	automarked struct marked marked = {0};
	int r = mark_named(store, all, &marked, swept, err);

	if (r == 0)
		r = mark_used(store, &marked, err);
	if (r == 0)
		r = strv_check(&marked.blobs, err);
	if (r == 0)
		r = strv_check(&marked.layers, err);
	/* From here on everything that is needed is known to be marked. */
	if (r == 0)
		r = sweep_blobs(store, &marked, trash, err);
	return r < 0 ? r : sweep_layers(store, &marked, trash, swept, err);
}

static int drop_name(const struct image_store *store, const char *name, struct err *err)
{
	struct store_ref ref = {0};
	int r = store_get_ref(store, name, &ref, err);
	bool used = r == 0 && store_in_use(store, ref.digest);

	store_ref_free(&ref);
	if (used)
		return err_say(err, EBUSY, "image %s is in use", name);
	/* A damaged name is one to be rid of. */
	return r < 0 && r != -EBADMSG ? r : store_drop_ref(store, name, err);
}

static int prune(struct image_store *store, const char *name, bool all, struct image_swept *ret,
		 struct err *err)
{
	struct image_swept swept = {0};
	struct store_trash trash = {.fd = -1};
	int r = store_lock(store, LOCK_EX, err);

	if (r < 0)
		return r;
	if (name)
		r = drop_name(store, name, err);
	swept.names = name && r == 0;
	if (r == 0)
		r = store_trash_begin(store, &trash, err);
	if (r == 0)
		r = sweep(store, all, &trash, &swept, err);
	store_unlock(store);
	if (trash.fd >= 0)
		store_trash_empty(store, &trash);
	if (r == 0)
		*ret = swept;
	return r;
}

int image_remove(struct image_store *store, const char *name, struct image_swept *ret,
		 struct err *err)
{
	return prune(store, name, false, ret, err);
}

int image_prune(struct image_store *store, bool all, struct image_swept *ret, struct err *err)
{
	return prune(store, NULL, all, ret, err);
}
