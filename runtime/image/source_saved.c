// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What `docker save` writes, unpacked, as a source: manifest.json ─▶ config and layers by file
 * name. It has no digests but the config's diff_ids; its manifest is made here, the same for the
 * same content. See source.h.
 */
#include "runtime/base/cleanup.h"
#include "runtime/image/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum oci_media media_of(int fd)
{
	unsigned char magic[4] = {0};

	if (pread(fd, magic, sizeof(magic), 0) < (ssize_t)sizeof(magic))
		return OCI_MEDIA_LAYER;
	if (magic[0] == 0x1f && magic[1] == 0x8b)
		return OCI_MEDIA_LAYER_GZIP;
	if (magic[0] == 0x28 && magic[1] == 0xb5 && magic[2] == 0x2f && magic[3] == 0xfd)
		return OCI_MEDIA_LAYER_ZSTD;
	return OCI_MEDIA_LAYER;
}

static int add_layer(struct source *source, const char *path, struct oci_descriptor *ret,
		     struct err *err)
{
	struct source_layer *layer = &source->layers[source->layer_count];
	autoclose int fd = -1;
	int r = source_open_file(source->dir_fd, path, &layer->size, &fd, err);

	if (r == 0)
		r = digest_of_fd(fd, layer->digest, &layer->size, err);
	if (r < 0)
		return r;
	layer->path = strdup(path);
	if (!layer->path)
		return err_set(err, ENOMEM, "layers");
	source->layer_count++;
	ret->media = media_of(fd);
	ret->size = layer->size;
	memcpy(ret->digest, layer->digest, sizeof(ret->digest));
	layer->filter = ret->media == OCI_MEDIA_LAYER_GZIP   ? TAR_GZIP
			: ret->media == OCI_MEDIA_LAYER_ZSTD ? TAR_ZSTD
							     : TAR_PLAIN;
	return 0;
}

static int add_layers(struct source *source, const struct oci_saved *saved,
		      struct oci_document *manifest, struct err *err)
{
	size_t count = saved->layers.count;

	source->layers = calloc(count, sizeof(*source->layers));
	manifest->items = calloc(count, sizeof(*manifest->items));
	if (!source->layers || !manifest->items)
		return err_set(err, ENOMEM, "layers");
	for (size_t i = 0; i < count; i++) {
		int r = add_layer(source, saved->layers.items[i], &manifest->items[i], err);

		if (r < 0)
			return r;
		manifest->count++;
	}
	return 0;
}

/* Named after its digest, in one way or another, in all archives but the oldest. */
static int check_name(const struct source *source, const char *path, struct err *err)
{
	char digest[DIGEST_SIZE] = DIGEST_PREFIX;
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t len = strspn(name, "0123456789abcdef");

	if (len != DIGEST_HEX_LEN || (name[len] != '\0' && strcmp(name + len, ".json") != 0))
		return 0;
	memcpy(digest + DIGEST_PREFIX_LEN, name, len + 1);
	digest[DIGEST_SIZE - 1] = '\0';
	return strcmp(digest, source->config_digest) == 0
		       ? 0
		       : err_say(err, EBADMSG, "config %.100s: content has the digest %s", path,
				 source->config_digest);
}

static int open_config(struct source *source, const struct oci_saved *saved,
		       const struct platform *platform, struct err *err)
{
	int r = source_read_file(source->dir_fd, saved->config, &source->config_text,
				 &source->config_len, err);

	if (r < 0)
		return r;
	digest_of(source->config_text, source->config_len, source->config_digest);
	r = check_name(source, saved->config, err);
	if (r < 0)
		return r;
	r = oci_config_parse(source->config_text, source->config_len, &source->config, err);
	if (r == 0)
		r = platform_check(platform, &source->config, err);
	if (r == 0 && source->config.diff_count != saved->layers.count)
		r = err_say(err, EBADMSG, "%zu diff_ids, but %zu layers", source->config.diff_count,
			    saved->layers.count);
	return r < 0 ? err_prefix(err, "config %s", source->config_digest) : 0;
}

static int make_manifest(struct source *source, struct oci_document *manifest, struct err *err)
{
	autobuf struct buf text = {0};

	manifest->config.media = OCI_MEDIA_CONFIG;
	manifest->config.size = (int64_t)source->config_len;
	memcpy(manifest->config.digest, source->config_digest, sizeof(manifest->config.digest));
	int r = oci_manifest_print(manifest, &text, err);

	if (r < 0)
		return r;
	digest_of(text.data, text.len, source->digest);
	source->manifest_len = text.len;
	source->manifest = buf_take(&text);
	return 0;
}

int source_open_saved(int dir_fd, const struct source_want *want, struct source *ret,
		      struct err *err)
{
	autosource struct source source = {.dir_fd = dir_fd};
	autodocument struct oci_document manifest = {.media = OCI_MEDIA_MANIFEST};
	autosaved struct oci_saved saved = {0};
	autofree char *bytes = NULL;
	struct platform platform;
	size_t len = 0;
	int r = platform_parse(want->platform, &platform, err);

	if (r == 0)
		r = source_read_file(dir_fd, "manifest.json", &bytes, &len, err);
	if (r == -ENOENT)
		return err_say(err, ENOENT, "not a docker archive: no manifest.json");
	if (r == 0)
		r = oci_saved_parse(bytes, len, want->tag, &saved, err);
	if (r == 0 && saved.tags.count)
		source.name = strdup(want->tag ? want->tag : saved.tags.items[0]);
	if (r == 0)
		r = open_config(&source, &saved, &platform, err);
	if (r == 0)
		r = add_layers(&source, &saved, &manifest, err);
	if (r == 0)
		r = make_manifest(&source, &manifest, err);
	if (r < 0)
		return r;
	*ret = source;
	source = (struct source){.dir_fd = -1};
	return 0;
}
