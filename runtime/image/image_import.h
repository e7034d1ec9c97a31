// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Filling the store (runtime/image/image.h): from an OCI layout, an OCI archive, a docker archive,
 * or a registry. Blocking, and what it reads may be hostile: for a process of its own, never for an
 * event loop.
 */
#pragma once

#include "runtime/image/image.h"
#include "runtime/image/image_ref.h"

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
	int64_t done;	    /* packed bytes so far */
	int64_t total;
};

struct image_import {
	const struct image_ref *source;	   /* of this host */
	const char *name;		   /* the name to give; NULL: the source's own */
	const char *platform;		   /* "os/arch[/variant]"; NULL: this host's */
	const struct image_limits *limits; /* NULL: the defaults */
	void (*progress)(void *context, const struct image_progress *progress); /* may be NULL */
	void *context;
};

/*
 * Imports one image and names it.
 *
 * @ret_digest	out: of its manifest
 *
 * Every blob is verified before it is used; err names the blob, or the layer and its entry, that
 * something is wrong with. On failure the store is as before.
 */
int image_import(struct image_store *store, const struct image_import *import,
		 char ret_digest[IMAGE_DIGEST_SIZE], struct err *err) must_check;
