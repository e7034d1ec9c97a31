// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Importing: source ─▶ verified layers unpacked in tmp/ ─▶ all on disk ─▶ moved to their places ─▶
 * manifest, config, and at last the name; see image_import.h. What dies in between leaves garbage
 * in tmp/ and layers that nothing refers to, which the next one sweeps away.
 */
#include "runtime/image/import.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/image/source.h"
#include "runtime/image/store.h"
#include "runtime/image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a stream, beside a file's content: headers, extended ones, padding. */
#define ENTRY_BYTES 4096

/* Of a packed layer: enough to tell how dense it is. */
#define SAMPLE_BYTES (1 << 20)

const struct image_limits *image_limits_default(void)
{
	static const struct image_limits defaults = {
		.bytes = (int64_t)64 << 30,
		.entries = 500000,
		.ratio = 100,
		.ratio_exempt = (int64_t)16 << 20,
		.depth = 64,
		.archive_bytes = (int64_t)64 << 30,
	};

	return &defaults;
}

/* A layer that was unpacked, not yet in its place. */
struct fresh {
	char name[STORE_NAME_MAX]; /* in tmp/ */
	char chain[DIGEST_SIZE];
};

struct importing {
	struct image_store *store;
	const struct image_import *what;
	const struct image_limits *limits;
	struct source source;
	char archive[STORE_NAME_MAX];  /* in tmp/: the archive's files; "": none */
	int dir_fd;		       /* of the source */
	int lower_fds[OCI_LAYERS_MAX]; /* from the end: upmost first */
	size_t lower_count;
	struct fresh fresh[OCI_LAYERS_MAX];
	size_t fresh_count;
	struct unpack_used used;
	struct image_progress progress;
	char *stored; /* the name it was given */
};

static void report(struct importing *importing, enum image_stage stage)
{
	importing->progress.stage = stage;
	if (importing->what->progress)
		importing->what->progress(importing->what->context, &importing->progress);
}

static void on_tick(void *context, int64_t packed)
{
	struct importing *importing = context;

	importing->progress.done = packed;
	report(importing, importing->progress.stage);
}

static int *lowers(struct importing *importing)
{
	return importing->lower_fds + OCI_LAYERS_MAX - importing->lower_count;
}

static void importing_free(struct importing *importing)
{
	/* Those that are in their places are not found here any more. */
	for (size_t i = 0; i < importing->fresh_count; i++)
		store_drop_tmp(importing->store, importing->fresh[i].name);
	if (importing->archive[0])
		store_drop_tmp(importing->store, importing->archive);
	for (size_t i = 0; i < importing->lower_count; i++)
		close(lowers(importing)[i]);
	source_free(&importing->source);
	free(importing->stored);
	fd_drop(&importing->dir_fd);
}

/* An archive becomes a directory first: what it has in which order is nobody's promise. */
static int stage_archive(struct importing *importing, int file_fd, struct err *err)
{
	const struct image_limits *limits = importing->limits;
	struct unpack_used used = {0};
	struct tar_bounds bounds = {
		.ratio = limits->ratio,
		.ratio_exempt = limits->ratio_exempt,
		.bytes = limits->archive_bytes,
	};
	autotar struct tar *tar = NULL;
	int r = store_make_tmp(importing->store, importing->archive, &importing->dir_fd, err);

	if (r == 0)
		r = tar_open(file_fd, TAR_ANY, &bounds, &tar, err);
	if (r < 0)
		return r;
	struct unpack_target target = {
		.root_fd = importing->dir_fd,
		.archive = true,
		.limits = limits,
		.used = &used,
		.tick = on_tick,
		.tick_context = importing,
	};

	report(importing, IMAGE_STAGE_READ);
	return unpack_tar(tar, &target, err);
}

static int open_place(struct importing *importing, struct err *err)
{
	const struct image_ref *ref = importing->what->source;
	struct stat st;
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	if (ref->transport == IMAGE_OCI_DIR) {
		importing->dir_fd = open(ref->place, flags | O_DIRECTORY);
		return importing->dir_fd < 0 ? err_set(err, errno, "%s", ref->place) : 0;
	}
	autoclose int fd = open(ref->place, flags);

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, errno, "%s", ref->place);
	if (!S_ISREG(st.st_mode))
		return err_say(err, EINVAL, "%s: not a regular file", ref->place);
	importing->progress.total = st.st_size;
	int r = stage_archive(importing, fd, err);

	return r < 0 ? err_prefix(err, "%s", ref->place) : 0;
}

static const char *first_of(bool saved)
{
	return saved ? "manifest.json" : "index.json";
}

static bool has_file(const struct importing *importing, const char *name)
{
	return faccessat(importing->dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_source(struct importing *importing, struct err *err)
{
	const struct image_ref *ref = importing->what->source;
	const struct source_want want = {
		.tag = ref->tag,
		.digest = ref->digest,
		.platform = importing->what->platform,
	};
	int r = open_place(importing, err);

	if (r < 0)
		return r;
	bool saved = ref->transport == IMAGE_DOCKER_ARCHIVE;

	/* Under either word either kind of archive is taken; some are both. */
	if (ref->transport != IMAGE_OCI_DIR && !has_file(importing, first_of(saved)) &&
	    has_file(importing, first_of(!saved)))
		saved = !saved;
	r = saved ? source_open_saved(importing->dir_fd, &want, &importing->source, err)
		  : source_open_layout(importing->dir_fd, &want, &importing->source, err);
	return r < 0 ? err_prefix(err, "%s", ref->place) : 0;
}

static int add_lower(struct importing *importing, int parent_fd, const char *path, struct err *err)
{
	int fd = path_open_plain(parent_fd, path, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return err_set(err, -fd, "open layer");
	importing->lower_count++;
	lowers(importing)[0] = fd;
	return 0;
}

/* The layer's own root, looking as that of the layer below unless the layer says otherwise. */
static int make_root(const struct importing *importing, int layer_fd, int *ret_fd, struct err *err)
{
	struct stat st = {.st_mode = S_IFDIR | 0755};

	if (importing->lower_count &&
	    fstat(importing->lower_fds[OCI_LAYERS_MAX - importing->lower_count], &st) < 0)
		return err_set(err, errno, "root of the layer below");
	if (mkdirat(layer_fd, "fs", 0700) < 0)
		return err_set(err, errno, "root of the layer");
	autoclose int fd = openat(layer_fd, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fchown(fd, st.st_uid, st.st_gid) < 0 || fchmod(fd, st.st_mode & 07777) < 0)
		return err_set(err, errno, "root of the layer");
	*ret_fd = take_fd(&fd);
	return 0;
}

/*
 * A layer of a million tiny files costs its maker little and us half a minute until the limit is
 * reached. So its entries are counted before any is written, where the beginning of it promises too
 * many; for all others that takes the reading of the beginning.
 */
static int count_entries(const struct importing *importing, size_t index, int fd,
			 const struct tar_bounds *bounds, struct err *err)
{
	const struct source_layer *layer = &importing->source.layers[index];
	int64_t room = importing->limits->entries - importing->used.entries;
	struct err unread = {0}; /* whoever unpacks it will tell */
	autotar struct tar *tar = NULL;
	struct tar_entry entry;
	bool promised = false;
	int64_t count = 0;
	int r = tar_open(fd, layer->filter, bounds, &tar, &unread);

	while (r >= 0 && count <= room && (r = tar_next(tar, &entry, &unread)) > 0) {
		int64_t packed = tar_packed(tar);

		count++;
		if (promised || packed < SAMPLE_BYTES)
			continue;
		promised = count * (layer->size / packed) > room;
		if (!promised)
			break;
	}
	if (count > room)
		return err_say(err, E2BIG, "more than %" PRId64 " entries",
			       importing->limits->entries);
	return lseek(fd, 0, SEEK_SET) < 0 ? err_set(err, errno, "read from the beginning") : 0;
}

static int unpack_stream(struct importing *importing, size_t index, int root_fd, struct err *err)
{
	const struct source *source = &importing->source;
	struct tar_bounds bounds = {
		.ratio = importing->limits->ratio,
		.ratio_exempt = importing->limits->ratio_exempt,
		/* Files are counted for themselves; here are headers and padding too. */
		.bytes = importing->limits->bytes + importing->limits->entries * ENTRY_BYTES,
	};
	struct unpack_target target = {
		.root_fd = root_fd,
		.lower_fds = lowers(importing),
		.lower_count = importing->lower_count,
		.limits = importing->limits,
		.used = &importing->used,
		.tick = on_tick,
		.tick_context = importing,
	};
	autotar struct tar *tar = NULL;
	autoclose int fd = -1;
	char found[DIGEST_SIZE];
	int r = source_open_layer(source, index, &fd, err);

	if (r == 0)
		r = count_entries(importing, index, fd, &bounds, err);
	if (r == 0)
		r = tar_open(fd, source->layers[index].filter, &bounds, &tar, err);
	if (r == 0)
		r = unpack_tar(tar, &target, err);
	if (r == 0)
		r = tar_finish(tar, found, err);
	if (r == 0 && strcmp(found, source->config.diff_ids[index]) != 0)
		r = err_say(err, EBADMSG, "unpacked content has the digest %s instead of %s", found,
			    source->config.diff_ids[index]);
	return r;
}

static int write_info(int layer_fd, const char *diff_id, int64_t bytes, struct err *err)
{
	char text[DIGEST_SIZE + 32];
	int len = snprintf(text, sizeof(text), "%s\n%" PRId64 "\n", diff_id, bytes);
	autoclose int fd = openat(layer_fd, "info", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, (size_t)len) != len)
		return err_set(err, errno, "describe layer");
	return 0;
}

static int unpack_layer(struct importing *importing, size_t index, const char *chain,
			struct err *err)
{
	struct fresh *fresh = &importing->fresh[importing->fresh_count];
	int64_t before = importing->used.bytes;
	autoclose int layer_fd = -1;
	autoclose int root_fd = -1;
	int r = store_make_tmp(importing->store, fresh->name, &layer_fd, err);

	if (r < 0)
		return r;
	importing->fresh_count++;
	memcpy(fresh->chain, chain, sizeof(fresh->chain));
	r = make_root(importing, layer_fd, &root_fd, err);
	if (r == 0)
		r = unpack_stream(importing, index, root_fd, err);
	if (r == 0)
		r = write_info(layer_fd, importing->source.config.diff_ids[index],
			       importing->used.bytes - before, err);
	return r < 0 ? r : add_lower(importing, layer_fd, "fs", err);
}

static int take_layer(struct importing *importing, size_t index, const char *chain, struct err *err)
{
	const struct source_layer *layer = &importing->source.layers[index];
	bool shared = store_has_layer(importing->store, chain);
	char path[STORE_NAME_MAX];
	int r = 0;

	importing->progress.layer = index + 1;
	importing->progress.digest = layer->digest;
	importing->progress.done = 0;
	importing->progress.total = layer->size;
	report(importing, shared ? IMAGE_STAGE_SHARED : IMAGE_STAGE_LAYER);
	snprintf(path, sizeof(path), "%s/fs", digest_hex(chain));
	if (shared)
		r = add_lower(importing, importing->store->layers_fd, path, err);
	else
		r = unpack_layer(importing, index, chain, err);
	return r < 0 ? err_prefix(err, "layer %s", layer->digest) : 0;
}

static int take_layers(struct importing *importing, struct err *err)
{
	char chain[DIGEST_SIZE] = "";

	importing->progress.layers = importing->source.layer_count;
	for (size_t i = 0; i < importing->source.layer_count; i++) {
		char next[DIGEST_SIZE];

		store_chain(chain, importing->source.config.diff_ids[i], next);
		memcpy(chain, next, sizeof(chain));
		int r = take_layer(importing, i, chain, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int put_name(struct importing *importing, struct err *err)
{
	const struct image_import *what = importing->what;
	const char *own = importing->source.name;
	autoref struct image_ref ref = {0};
	const char *name = what->name ? what->name : what->source->name;

	/* A bare tag is no name of an image. */
	if (what->own_name && own && strpbrk(own, ":/") &&
	    image_ref_parse(own, "/", &ref, NULL) == 0 && !image_ref_is_local(&ref))
		name = ref.name;
	importing->stored = strdup(name);
	if (!importing->stored)
		return err_set(err, ENOMEM, "import");
	return store_put_ref(importing->store, name, importing->source.digest, err);
}

/* Everything that was unpacked is on disk before any of it has a name that is believed. */
static int commit(struct importing *importing, struct err *err)
{
	const struct image_store *store = importing->store;
	const struct source *source = &importing->source;
	int r = 0;

	if (importing->fresh_count && syncfs(store->tmp_fd) < 0)
		return err_set(err, errno, "write the layers to disk");
	for (size_t i = 0; r == 0 && i < importing->fresh_count; i++)
		r = store_put_layer(store, importing->fresh[i].chain, importing->fresh[i].name,
				    err);
	if (r == 0 && fsync(store->layers_fd) < 0)
		r = err_set(err, errno, "write the layers to disk");
	if (r == 0)
		r = store_put_blob(store, source->config_digest, source->config_text,
				   source->config_len, err);
	if (r == 0)
		r = store_put_blob(store, source->digest, source->manifest, source->manifest_len,
				   err);
	return r < 0 ? r : put_name(importing, err);
}

int import_locked(struct image_store *store, const struct image_import *import,
		  char ret_digest[IMAGE_DIGEST_SIZE], struct err *err)
{
	struct importing *importing = calloc(1, sizeof(*importing));

	if (!importing)
		return err_set(err, ENOMEM, "import");
	importing->store = store;
	importing->what = import;
	importing->limits = import->limits ? import->limits : image_limits_default();
	importing->dir_fd = -1;
	int r = open_source(importing, err);

	if (r == 0)
		r = take_layers(importing, err);
	if (r == 0)
		r = commit(importing, err);
	if (r == 0) {
		memcpy(ret_digest, importing->source.digest, IMAGE_DIGEST_SIZE);
		importing->progress.digest = importing->source.digest;
		importing->progress.name = importing->stored;
		report(importing, IMAGE_STAGE_DONE);
	}
	importing_free(importing);
	free(importing);
	return r;
}

int image_import(struct image_store *store, const struct image_import *import,
		 char ret_digest[IMAGE_DIGEST_SIZE], struct err *err)
{
	int r = store_lock_to_add(store, err);

	if (r < 0)
		return r;
	r = import_locked(store, import, ret_digest, err);
	store_unlock(store);
	return r;
}
