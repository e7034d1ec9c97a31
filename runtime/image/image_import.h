// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Filling the store (runtime/image/image.h): from an OCI layout, an OCI archive, a docker archive,
 * or a registry. Blocking, and what it reads may be hostile: for a process of its own, never for an
 * event loop.
 */
#pragma once

#include "runtime/image/image.h"
#include "runtime/image/image_ref.h"

#include <stdbool.h>
#include <stdint.h>

/* What an image may cost before it is refused. */
struct image_limits {
	int64_t bytes;	       /* of all its files, holes included */
	int64_t entries;       /* files, directories, links of all its layers */
	int64_t ratio;	       /* unpacked to packed bytes of one layer … */
	int64_t ratio_exempt;  /* … once this many bytes are unpacked */
	unsigned depth;	       /* components of a path */
	int64_t archive_bytes; /* of the files of an archive that holds an image */
};

/* The defaults; never NULL. */
const struct image_limits *image_limits_default(void);

enum image_stage {
	IMAGE_STAGE_PULL,   /* a registry's blobs are fetched; `done` of them, no `total` */
	IMAGE_STAGE_READ,   /* an archive is unpacked to its blobs */
	IMAGE_STAGE_LAYER,  /* a layer is verified and unpacked */
	IMAGE_STAGE_SHARED, /* a layer is there already */
	IMAGE_STAGE_DONE,
};

struct image_progress {
	enum image_stage stage;
	size_t layer; /* from 1 */
	size_t layers;
	const char *digest; /* of the layer, at the end of the manifest */
	const char *name;   /* at the end: what it was stored by */
	int64_t done;	    /* packed bytes so far */
	int64_t total;
};

struct image_import {
	const struct image_ref *source;
	const char *name; /* the name to give; NULL: the reference's */
	bool own_name;	  /* give the one that the archive or layout has for it, if it has one */
	const char *platform;		   /* "os/arch[/variant]"; NULL: this host's */
	const struct image_limits *limits; /* NULL: the defaults */
	void (*progress)(void *context, const struct image_progress *progress); /* may be NULL */
	void *context;
};

/*
 * Imports one image of this host and names it.
 *
 * @ret_digest	out: of its manifest
 *
 * Every blob is verified before it is used; err names the blob, or the layer and its entry, that
 * something is wrong with. On failure the store is as before.
 */
int image_import(struct image_store *store, const struct image_import *import,
		 char ret_digest[IMAGE_DIGEST_SIZE], struct err *err) must_check;

/*
 * Fetches an image from a registry with skopeo, which has to be installed, and imports it. A
 * registry on a loopback address is spoken to without TLS, as engines do.
 *
 * Returns as image_import() does; -ENOPKG when there is no skopeo, -ECOMM when it fails: err has
 * its own words.
 */
int image_pull(struct image_store *store, const struct image_import *import,
	       char ret_digest[IMAGE_DIGEST_SIZE], struct err *err) must_check;
