// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An OCI layout as a source: index.json ─▶ (nested indexes) ─▶ manifest ─▶ config, each read once,
 * compared with its descriptor and only then looked into; see source.h.
 */
#include "runtime/base/cleanup.h"
#include "runtime/image/image_ref.h"
#include "runtime/image/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An index of an index is seen, more is not; a loop would need a blob that contains its digest. */
#define NESTED_MAX 4

static void blob_path(const char *digest, char ret[DIGEST_SIZE + 16])
{
	snprintf(ret, DIGEST_SIZE + 16, "blobs/sha256/%s", digest_hex(digest));
}

/* A document, whole and verified. err names the blob. */
static int read_blob(int dir_fd, const struct oci_descriptor *blob, char **ret, size_t *ret_len,
		     struct err *err)
{
	char path[DIGEST_SIZE + 16];
	char found[DIGEST_SIZE];
	autofree char *bytes = NULL;
	size_t len = 0;

	if ((uint64_t)blob->size > OCI_JSON_BYTES_MAX)
		return err_say(err, EFBIG, "blob %s: larger than %zu bytes", blob->digest,
			       OCI_JSON_BYTES_MAX);
	blob_path(blob->digest, path);
	int r = source_read_file(dir_fd, path, &bytes, &len, err);

	if (r < 0)
		return r;
	if (len != (size_t)blob->size)
		return err_say(err, EBADMSG, "blob %s: has %zu bytes instead of %lld", blob->digest,
			       len, (long long)blob->size);
	digest_of(bytes, len, found);
	if (strcmp(found, blob->digest) != 0)
		return err_say(err, EBADMSG, "blob %s: content has the digest %s", blob->digest,
			       found);
	*ret = take_ptr(bytes);
	*ret_len = len;
	return 0;
}

static bool wanted(const struct oci_descriptor *item, const struct source_want *want)
{
	if (item->media != OCI_MEDIA_INDEX && item->media != OCI_MEDIA_MANIFEST)
		return false;
	if (want->digest)
		return strcmp(item->digest, want->digest) == 0;
	return !want->tag || (item->ref_name && image_ref_names(item->ref_name, want->tag));
}

/* How well an item fits: its platform where it names one. */
static int fits(const struct oci_descriptor *item, const struct platform *platform)
{
	if (!item->os || !item->architecture)
		return 1;
	return platform_match(platform, item->os, item->architecture,
			      item->variant ? item->variant : "");
}

static int refuse_choice(const struct oci_document *index, const struct source_want *want,
			 const struct platform *platform, struct err *err)
{
	size_t candidates = 0;

	for (size_t i = 0; i < index->count; i++)
		candidates += wanted(&index->items[i], want);
	if (candidates)
		return err_say(err, ENOENT, "has nothing for %s/%s", platform->os,
			       platform->architecture);
	if (want->tag || want->digest)
		return err_say(err, ENOENT, "has no image '%.200s'",
			       want->digest ? want->digest : want->tag);
	return err_say(err, EMEDIUMTYPE, "has neither manifests nor indexes");
}

static bool same_image(const struct oci_descriptor *one, const struct oci_descriptor *other)
{
	return strcmp(one->digest, other->digest) == 0 || one->os || other->os;
}

/* The item to go on with. Several without a platform are several images: which one has to be said.
 */
static int choose(const struct oci_document *index, const struct source_want *want,
		  const struct platform *platform, const struct oci_descriptor **ret,
		  struct err *err)
{
	const struct oci_descriptor *best = NULL;
	int best_fit = 0;

	for (size_t i = 0; i < index->count; i++) {
		const struct oci_descriptor *item = &index->items[i];
		int fit = wanted(item, want) ? fits(item, platform) : 0;

		if (fit && best && !same_image(best, item))
			return err_say(err, EINVAL, "has several images: say which by its tag");
		if (fit <= best_fit)
			continue;
		best = item;
		best_fit = fit;
	}
	if (!best)
		return refuse_choice(index, want, platform, err);
	*ret = best;
	return 0;
}

/* The manifest that the layout's index leads to. */
static int find_manifest(struct source *source, const struct source_want *want,
			 const struct platform *platform, struct oci_document *ret, struct err *err)
{
	autodocument struct oci_document index = {0};
	autofree char *bytes = NULL;
	struct source_want here = *want;
	size_t len = 0;
	int r = source_read_file(source->dir_fd, "index.json", &bytes, &len, err);

	if (r == 0)
		r = oci_document_parse(bytes, len, OCI_MEDIA_INDEX, &index, err);
	if (r < 0)
		return r == -ENOENT ? err_say(err, ENOENT, "not an OCI layout: no index.json") : r;
	for (unsigned nested = 0; nested < NESTED_MAX; nested++) {
		const struct oci_descriptor *next = NULL;
		struct oci_document document = {0};

		free(take_ptr(bytes));
		r = choose(&index, &here, platform, &next, err);
		if (r == 0)
			r = read_blob(source->dir_fd, next, &bytes, &len, err);
		if (r < 0)
			return r;
		r = oci_document_parse(bytes, len, next->media, &document, err);
		if (r < 0)
			return err_prefix(err, "blob %s", next->digest);
		memcpy(source->digest, next->digest, sizeof(source->digest));
		if (next->ref_name && !source->name)
			source->name = strdup(next->ref_name);
		if (document.media == OCI_MEDIA_MANIFEST) {
			source->manifest = take_ptr(bytes);
			source->manifest_len = len;
			*ret = document;
			return 0;
		}
		oci_document_free(&index);
		index = document;
		here = (struct source_want){0};
	}
	return err_say(err, ELOOP, "indexes within indexes, more than %d", NESTED_MAX);
}

static enum tar_filter filter_of(enum oci_media media)
{
	return media == OCI_MEDIA_LAYER_GZIP   ? TAR_GZIP
	       : media == OCI_MEDIA_LAYER_ZSTD ? TAR_ZSTD
					       : TAR_PLAIN;
}

static int set_layers(struct source *source, const struct oci_document *manifest, struct err *err)
{
	if (manifest->count != source->config.diff_count)
		return err_say(err, EBADMSG, "%zu layers, but %zu diff_ids in config %s",
			       manifest->count, source->config.diff_count, source->config_digest);
	source->layers = calloc(manifest->count, sizeof(*source->layers));
	if (!source->layers)
		return err_set(err, ENOMEM, "layers");
	source->layer_count = manifest->count;
	for (size_t i = 0; i < manifest->count; i++) {
		struct source_layer *layer = &source->layers[i];
		char path[DIGEST_SIZE + 16];

		blob_path(manifest->items[i].digest, path);
		layer->path = strdup(path);
		if (!layer->path)
			return err_set(err, ENOMEM, "layers");
		layer->filter = filter_of(manifest->items[i].media);
		layer->size = manifest->items[i].size;
		memcpy(layer->digest, manifest->items[i].digest, sizeof(layer->digest));
	}
	return 0;
}

static int open_config(struct source *source, const struct oci_document *manifest,
		       const struct platform *platform, struct err *err)
{
	int r = read_blob(source->dir_fd, &manifest->config, &source->config_text,
			  &source->config_len, err);

	if (r < 0)
		return r;
	memcpy(source->config_digest, manifest->config.digest, sizeof(source->config_digest));
	r = oci_config_parse(source->config_text, source->config_len, &source->config, err);
	if (r == 0)
		r = platform_check(platform, &source->config, err);
	return r < 0 ? err_prefix(err, "config %s", source->config_digest) : 0;
}

int source_open_layout(int dir_fd, const struct source_want *want, struct source *ret,
		       struct err *err)
{
	autosource struct source source = {.dir_fd = dir_fd};
	autodocument struct oci_document manifest = {0};
	struct platform platform;
	int r = platform_parse(want->platform, &platform, err);

	if (r == 0)
		r = find_manifest(&source, want, &platform, &manifest, err);
	if (r == 0)
		r = open_config(&source, &manifest, &platform, err);
	if (r < 0)
		return r;
	r = set_layers(&source, &manifest, err);
	if (r < 0)
		return err_prefix(err, "manifest %s", source.digest);
	*ret = source;
	source = (struct source){.dir_fd = -1};
	return 0;
}
