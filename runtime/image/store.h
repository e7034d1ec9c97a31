// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to the store: what is where on disk, and how it gets there atomically.
 *
 *   lock      flock: shared by whoever adds or looks up, exclusive for whoever removes
 *   blobs/    HEX: manifests and configs; a manifest is flocked (shared) by those who use its image
 *   layers/   HEX of the chain id: fs/ is the tree, info says diff_id and bytes
 *   refs/     HEX of the name's hash: "name\ndigest\n"
 *   tmp/      what is being made or removed: nobody's when the lock is held exclusively
 */
#pragma once

#include "runtime/image/digest.h"
#include "runtime/image/image.h"

#include <stdbool.h>
#include <stdint.h>

#define STORE_NAME_MAX 80

struct image_store {
	char *dir; /* absolute */
	int lock_fd;
	int blobs_fd;
	int layers_fd;
	int refs_fd;
	int tmp_fd;
};

/* @operation: of flock(2). -EWOULDBLOCK with LOCK_NB. */
int store_lock(const struct image_store *store, int operation, struct err *err) must_check;
void store_unlock(const struct image_store *store);

/* A name that nobody has in tmp/. */
void store_tmp_name(char ret[STORE_NAME_MAX]);

/* Makes a directory in tmp/; the caller removes it with store_drop_tmp(), or moves it away. */
int store_make_tmp(const struct image_store *store, char ret_name[STORE_NAME_MAX], int *ret_fd,
		   struct err *err) must_check;

/* What cannot be removed stays until somebody else tries. */
void store_drop_tmp(const struct image_store *store, const char *name);

/* What is to be removed is moved to one directory in tmp/ first, which takes no time, and removed
 * when nobody has to wait for it. */
struct store_trash {
	char name[STORE_NAME_MAX];
	int fd;
};

/* With the lock held exclusively: everything in tmp/ is nobody's, and the first to go. */
int store_trash_begin(const struct image_store *store, struct store_trash *ret,
		      struct err *err) must_check;
int store_trash_add(const struct store_trash *trash, int from_fd, const char *name,
		    struct err *err) must_check;
void store_trash_empty(const struct image_store *store, struct store_trash *trash);

/* For imports: takes the shared lock, and out what is left in tmp/ unless somebody is at work. */
int store_lock_to_add(const struct image_store *store, struct err *err) must_check;

/* Whole or not at all, and on disk when it returns. */
int store_put_blob(const struct image_store *store, const char *digest, const char *bytes,
		   size_t len, struct err *err) must_check;
/* Verified. -ENOENT, -EBADMSG when it is damaged. */
int store_get_blob(const struct image_store *store, const char *digest, char **ret_bytes,
		   size_t *ret_len, struct err *err) must_check;

int store_put_ref(const struct image_store *store, const char *name, const char *digest,
		  struct err *err) must_check;

struct store_ref {
	char *name;
	char digest[DIGEST_SIZE];
	int64_t stored_ms;
};

void store_ref_free(struct store_ref *ref);

/* -ENOENT; -EBADMSG for a file that is not one of ours. */
int store_get_ref(const struct image_store *store, const char *name, struct store_ref *ret,
		  struct err *err) must_check;
int store_drop_ref(const struct image_store *store, const char *name, struct err *err) must_check;

/* All of them by name; files that are not ours are left out. */
int store_list_refs(const struct image_store *store, struct store_ref **ret, size_t *ret_count,
		    struct err *err) must_check;
void store_refs_free(struct store_ref *refs, size_t count);

/* The chain id of a layer on top of the layers below it; @below: "" for the lowest. */
void store_chain(const char *below, const char *diff_id, char ret[DIGEST_SIZE]);

bool store_has_layer(const struct image_store *store, const char *chain);

/* Moves tmp/@name/ (fs/ within) to its place, unless there is one already. The caller has made its
 * content durable, and drops tmp/@name in any case. */
int store_put_layer(const struct image_store *store, const char *chain, const char *name,
		    struct err *err) must_check;
/* Bytes of a layer's files; 0 where that is not known. */
int64_t store_layer_bytes(const struct image_store *store, const char *chain);

/* A manifest and its config, read and checked against each other. Both need freeing on success. */
struct oci_document;
struct oci_config;
int store_load(const struct image_store *store, const char *digest,
	       struct oci_document *ret_manifest, struct oci_config *ret_config,
	       struct err *err) must_check;

/* True when somebody holds the image of this manifest. */
bool store_in_use(const struct image_store *store, const char *digest);
