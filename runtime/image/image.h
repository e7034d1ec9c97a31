// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The image store: a directory with the unpacked layers of images, their manifests and configs by
 * digest, and names. Read here; filled by runtime/image/image_import.h. Knows no services.
 *
 *   source ─▶ manifest, config (verified, blobs/) ─▶ layers (verified, unpacked once, layers/)
 *     ─▶ name (refs/) ─▶ image_resolve() ─▶ ordered directories for overlayfs + decoded config
 *
 * Any number of processes may use one store. Whatever dies at whatever moment leaves it consistent:
 * a layer or name is there whole or not at all, the rest is swept away by the next import or prune.
 */
#pragma once

#include "runtime/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_DIGEST_SIZE 72 /* "sha256:", 64 hex digits, terminator */

struct image_health {
	bool set;	  /* the image has a health check at all */
	struct strv test; /* {"NONE"}, {"CMD", program…}, {"CMD-SHELL", line}; empty: inherited */
	int64_t interval_ns;
	int64_t timeout_ns;
	int64_t start_period_ns;
	int64_t start_interval_ns;
	int64_t retries; /* as the durations: 0 is the engine's default */
};

/* What the image says of how to run it. Nothing of it is trusted: only these members exist, labels
 * are for showing, and no member names anything of the host. */
struct image_config {
	struct strv entrypoint;
	struct strv cmd;
	struct strv env;     /* NAME=value */
	struct strv volumes; /* absolute paths */
	struct strv exposed; /* "80/tcp" */
	struct strv labels;  /* name=value */
	char *user;	     /* NULL: not said; likewise below */
	char *working_dir;
	char *stop_signal;
	struct image_health health;
};

struct image {
	char digest[IMAGE_DIGEST_SIZE]; /* of its manifest */
	struct strv layers;		/* absolute directories, upmost first */
	struct image_config config;
	int hold_fd; /* while it is open, in whatever process, nothing of the image is removed */
};

/* Accepts a zeroed one. */
void image_free(struct image *image);

struct image_store;

/* Opens the store below @dir, making what is missing (0700). */
int image_store_open(const char *dir, struct image_store **ret_store, struct err *err) must_check;

/* Accepts NULL. */
void image_store_close(struct image_store *store);
void image_store_drop(struct image_store **store);
#define autostore __attribute__((cleanup(image_store_drop)))

/*
 * The image of a name, or of a manifest's digest, ready to be mounted; held until image_free().
 *
 * Returns -ENOENT when the store does not know it, -ESTALE when parts of it are missing or damaged
 * (importing it again mends that). May wait for a prune, which takes milliseconds.
 */
int image_resolve(struct image_store *store, const char *name, struct image *ret,
		  struct err *err) must_check;

struct image_entry {
	char *name;
	char digest[IMAGE_DIGEST_SIZE];
	int64_t stored_ms; /* when the name was given, since the epoch */
	int64_t bytes;	   /* of all its layers, those it shares included */
	size_t layers;
	bool in_use;  /* held by somebody */
	bool damaged; /* parts are missing */
};

struct image_list {
	struct image_entry *items; /* by name */
	size_t count;
};

void image_list_free(struct image_list *list);
#define autoimages __attribute__((cleanup(image_list_free)))

int image_list(struct image_store *store, struct image_list *ret, struct err *err) must_check;

/* When the name was given, or -ENOENT. */
int image_stored_at(struct image_store *store, const char *name, int64_t *ret_ms,
		    struct err *err) must_check;

struct image_swept {
	size_t names;
	size_t layers;
	int64_t bytes;
};

/*
 * Takes a name away and removes what nothing needs any more. -ENOENT when there is no such name,
 * -EBUSY when the image is in use. Waits for imports to finish, as does image_prune().
 */
int image_remove(struct image_store *store, const char *name, struct image_swept *ret,
		 struct err *err) must_check;

/* Removes what no name refers to; with @all also the names of images that are not in use. */
int image_prune(struct image_store *store, bool all, struct image_swept *ret,
		struct err *err) must_check;
