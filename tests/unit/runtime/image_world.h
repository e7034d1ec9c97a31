// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Images for tests: tar streams written header by header, so that they can be as wrong as need be,
 * and OCI layouts and stores made of them below a directory of the test's own.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/image/digest.h"
#include "runtime/image/image_import.h"

#include <stdint.h>

/* What is zero has a harmless value: a regular file of root, 0644. */
struct world_entry {
	const char *name;
	char type; /* of a ustar header: '0' file, '1' hard link, '2' symlink, '5' directory … */
	const char *link;
	const char *content;
	unsigned mode;
	unsigned uid;
	unsigned gid;
	const char *size;  /* the size field, where it is not the content's: 11 octal digits */
	const char *owner; /* the uid field, likewise: 7 octal digits */
	const char *pax;   /* "key=value", put into an extended header in front */
	const char *xattr_value; /* the value of `pax` where it has NULs */
	size_t xattr_len;
};

/* Appends one entry, or the two blocks that end a stream. */
void world_put(struct buf *tar, const struct world_entry *entry);
void world_end(struct buf *tar);

struct world {
	char top[64];	 /* removed at the end */
	char layout[80]; /* an OCI layout */
	char store[80];
};

/* For cmocka: setup and teardown; *state is the struct world. */
int world_setup(void **state);
int world_teardown(void **state);

/* Writes a blob to the layout. */
void world_blob(const struct world *world, const char *bytes, size_t len, char ret[DIGEST_SIZE]);

struct world_image {
	const struct buf *layers; /* whole tar streams, lowest first */
	size_t count;
	const char *config;   /* the member "config"; NULL: {} */
	const char *platform; /* the architecture; NULL: this host's */
};

/* Writes an image's blobs. @ret: of its manifest. */
void world_image(const struct world *world, const struct world_image *image, char ret[DIGEST_SIZE],
		 size_t *ret_size);

/* index.json: one manifest of that digest, tagged unless @tag is NULL. */
void world_index(const struct world *world, const char *digest, size_t size, const char *tag);

void world_write(const struct world *world, const char *name, const char *text, size_t len);

/* Imports the layout (as "oci:LAYOUT") into the store. */
int world_import(const struct world *world, const struct image_limits *limits, struct err *err);

/* The reference that world_import() uses. */
void world_name(const struct world *world, char *ret, size_t size);

/* A path below the first layer's tree of the only image, the upmost being 0. */
void world_layer(const struct world *world, size_t layer, const char *path, char *ret, size_t size);
