// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The JSON documents of images: index, manifest, config, and the manifest.json of a docker archive.
 * Text to values and back; opens no file. Everything read is checked here: media types, digests,
 * sizes, counts.
 */
#pragma once

#include "runtime/image/digest.h"
#include "runtime/image/image.h"

#define OCI_JSON_BYTES_MAX ((size_t)4 << 20)
#define OCI_LAYERS_MAX	   128

enum oci_media {
	OCI_MEDIA_OTHER,
	OCI_MEDIA_INDEX,
	OCI_MEDIA_MANIFEST,
	OCI_MEDIA_CONFIG,
	OCI_MEDIA_LAYER,
	OCI_MEDIA_LAYER_GZIP,
	OCI_MEDIA_LAYER_ZSTD,
};

struct oci_descriptor {
	enum oci_media media;
	char *media_type;
	char digest[DIGEST_SIZE];
	int64_t size;
	char *ref_name; /* the rest may be NULL */
	char *os;
	char *architecture;
	char *variant;
};

/* An index (items: its manifests) or a manifest (items: its layers, lowest first). */
struct oci_document {
	enum oci_media media; /* OCI_MEDIA_INDEX or OCI_MEDIA_MANIFEST */
	struct oci_descriptor config;
	struct oci_descriptor *items;
	size_t count;
};

void oci_document_free(struct oci_document *document);
#define autodocument __attribute__((cleanup(oci_document_free)))

/* @media: what the descriptor that led here says it is. A document that could be read as both, or
 * that says otherwise of itself, is refused. */
int oci_document_parse(const char *bytes, size_t len, enum oci_media media,
		       struct oci_document *ret, struct err *err) must_check;

struct oci_config {
	struct image_config run;
	char *os;
	char *architecture;
	char *variant; /* may be NULL */
	char (*diff_ids)[DIGEST_SIZE];
	size_t diff_count;
};

void oci_config_free(struct oci_config *config);
#define autoconfig __attribute__((cleanup(oci_config_free)))

int oci_config_parse(const char *bytes, size_t len, struct oci_config *ret,
		     struct err *err) must_check;

void image_config_free(struct image_config *config);

/* One image of a docker archive: names of files in it. */
struct oci_saved {
	char *config;
	struct strv layers;
	struct strv tags;
};

/* The image of manifest.json that @tag names; NULL where there is only one. */
int oci_saved_parse(const char *bytes, size_t len, const char *tag, struct oci_saved *ret,
		    struct err *err) must_check;
void oci_saved_free(struct oci_saved *saved);
#define autosaved __attribute__((cleanup(oci_saved_free)))

/* A manifest's JSON, always the same for the same descriptors. */
int oci_manifest_print(const struct oci_document *manifest, struct buf *out,
		       struct err *err) must_check;
