// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The store on disk: locks, blobs, names, places of layers; see store.h. Every file comes to be in
 * tmp/ and is renamed to its place, so that no reader ever sees a part of one.
 */
#include "runtime/image/store.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/base/path.h"
#include "runtime/image/oci.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define REF_BYTES_MAX 8192

static int open_dir(int parent_fd, const char *name, int *ret_fd)
{
	if (mkdirat(parent_fd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	*ret_fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd < 0 ? -errno : 0;
}

static int open_parts(struct image_store *store, struct err *err)
{
	autoclose int fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* Files of images keep their set-user-ID bits: nobody else may reach them (CVE-2021-41091).
	 */
	if (fd < 0 || fchmod(fd, 0700) < 0)
		return err_set(err, errno, "image store %s", store->dir);
	store->lock_fd = openat(fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = store->lock_fd < 0 ? -errno : open_dir(fd, "blobs", &store->blobs_fd);

	if (r == 0)
		r = open_dir(fd, "layers", &store->layers_fd);
	if (r == 0)
		r = open_dir(fd, "refs", &store->refs_fd);
	if (r == 0)
		r = open_dir(fd, "tmp", &store->tmp_fd);
	return r < 0 ? err_set(err, -r, "image store %s", store->dir) : 0;
}

int image_store_open(const char *dir, struct image_store **ret_store, struct err *err)
{
	autostore struct image_store *store = calloc(1, sizeof(*store));
	int r = fs_make_dirs(dir, 0700, err);

	if (r < 0)
		return r;
	if (!store)
		return err_set(err, ENOMEM, "image store");
	store->lock_fd = store->blobs_fd = store->layers_fd = store->refs_fd = store->tmp_fd = -1;
	store->dir = realpath(dir, NULL);
	if (!store->dir)
		return err_set(err, errno, "image store %s", dir);
	r = open_parts(store, err);
	if (r < 0)
		return r;
	*ret_store = take_ptr(store);
	return 0;
}

void image_store_close(struct image_store *store)
{
	if (!store)
		return;
	fd_drop(&store->lock_fd);
	fd_drop(&store->blobs_fd);
	fd_drop(&store->layers_fd);
	fd_drop(&store->refs_fd);
	fd_drop(&store->tmp_fd);
	free(store->dir);
	free(store);
}

void image_store_drop(struct image_store **store)
{
	image_store_close(*store);
}

int store_lock(const struct image_store *store, int operation, struct err *err)
{
	while (flock(store->lock_fd, operation) < 0)
		if (errno != EINTR)
			return err_set(err, errno, "lock the image store %s", store->dir);
	return 0;
}

void store_unlock(const struct image_store *store)
{
	(void)flock(store->lock_fd, LOCK_UN); /* unlocking what we have opened cannot fail */
}

static int write_whole(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* Makes the file in tmp/ and renames it to its place. */
static int put_file(const struct image_store *store, int dir_fd, const char *name,
		    const char *bytes, size_t len)
{
	char temporary[STORE_NAME_MAX];

	store_tmp_name(temporary);
	autoclose int fd = openat(store->tmp_fd, temporary,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	int r = write_whole(fd, bytes, len);

	if (r == 0 && renameat(store->tmp_fd, temporary, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(store->tmp_fd, temporary, 0); /* swept away later otherwise */
	if (r == 0 && fsync(dir_fd) < 0)
		r = -errno;
	return r;
}

/* A regular file of at most @max bytes. */
static int get_file(int dir_fd, const char *name, size_t max, char **ret, size_t *ret_len)
{
	autoclose int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < 0 || (size_t)st.st_size > max)
		return -EBADMSG;
	size_t len = (size_t)st.st_size;
	autofree char *bytes = malloc(len + 1);

	if (!bytes)
		return -ENOMEM;
	for (size_t got = 0; got < len;) {
		ssize_t n = read(fd, bytes + got, len - got);

		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		got += (size_t)n;
	}
	bytes[len] = '\0';
	*ret = take_ptr(bytes);
	*ret_len = len;
	return 0;
}

int store_put_blob(const struct image_store *store, const char *digest, const char *bytes,
		   size_t len, struct err *err)
{
	autofree char *present = NULL;
	size_t present_len = 0;

	/* The inode of one that is there carries the locks of its users. */
	if (store_get_blob(store, digest, &present, &present_len, NULL) == 0)
		return 0;
	int r = put_file(store, store->blobs_fd, digest_hex(digest), bytes, len);

	return r < 0 ? err_set(err, -r, "store blob %s", digest) : 0;
}

int store_get_blob(const struct image_store *store, const char *digest, char **ret_bytes,
		   size_t *ret_len, struct err *err)
{
	autofree char *bytes = NULL;
	char found[DIGEST_SIZE];
	size_t len = 0;
	int r = get_file(store->blobs_fd, digest_hex(digest), OCI_JSON_BYTES_MAX, &bytes, &len);

	if (r < 0)
		return err_set(err, -r, "stored blob %s", digest);
	digest_of(bytes, len, found);
	if (strcmp(found, digest) != 0)
		return err_say(err, EBADMSG, "stored blob %s is damaged", digest);
	*ret_bytes = take_ptr(bytes);
	*ret_len = len;
	return 0;
}

/* Names are longer than a file's name may be, and have slashes. */
static void ref_file(const char *name, char ret[DIGEST_SIZE])
{
	digest_of(name, strlen(name), ret);
}

int store_put_ref(const struct image_store *store, const char *name, const char *digest,
		  struct err *err)
{
	autobuf struct buf text = {0};
	char file[DIGEST_SIZE];

	ref_file(name, file);
	buf_printf(&text, "%s\n%s\n", name, digest);
	int r = buf_check(&text, err);

	if (r < 0)
		return r;
	if (text.len > REF_BYTES_MAX)
		return err_set(err, ENAMETOOLONG, "store name %.80s", name);
	r = put_file(store, store->refs_fd, digest_hex(file), text.data, text.len);
	return r < 0 ? err_set(err, -r, "store name %s", name) : 0;
}

void store_ref_free(struct store_ref *ref)
{
	free(ref->name);
	*ref = (struct store_ref){0};
}

static int read_ref(const struct image_store *store, const char *file, struct store_ref *ret)
{
	autofree char *text = NULL;
	char expected[DIGEST_SIZE];
	struct stat st;
	size_t len = 0;
	int r = get_file(store->refs_fd, file, REF_BYTES_MAX, &text, &len);

	if (r < 0)
		return r;
	char *digest = strchr(text, '\n');
	char *end = digest ? strchr(digest + 1, '\n') : NULL;

	if (!end || end[1] != '\0' || fstatat(store->refs_fd, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -EBADMSG;
	*digest++ = *end = '\0';
	ref_file(text, expected);
	if (digest_check(digest, NULL) < 0 || strcmp(digest_hex(expected), file) != 0)
		return -EBADMSG;
	memcpy(ret->digest, digest, DIGEST_SIZE);
	ret->stored_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	ret->name = take_ptr(text);
	return 0;
}

int store_get_ref(const struct image_store *store, const char *name, struct store_ref *ret,
		  struct err *err)
{
	char file[DIGEST_SIZE];

	ref_file(name, file);
	int r = read_ref(store, digest_hex(file), ret);

	if (r == -ENOENT)
		return err_say(err, ENOENT, "image %s is not in the store", name);
	return r < 0 ? err_set(err, -r, "stored name %s", name) : 0;
}

int store_drop_ref(const struct image_store *store, const char *name, struct err *err)
{
	char file[DIGEST_SIZE];

	ref_file(name, file);
	if (unlinkat(store->refs_fd, digest_hex(file), 0) < 0)
		return errno == ENOENT ? err_say(err, ENOENT, "image %s is not in the store", name)
				       : err_set(err, errno, "remove name %s", name);
	return fsync(store->refs_fd) < 0 ? err_set(err, errno, "remove name %s", name) : 0;
}

void store_refs_free(struct store_ref *refs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		store_ref_free(&refs[i]);
	free(refs);
}

static int by_name(const void *one, const void *other)
{
	return strcmp(((const struct store_ref *)one)->name,
		      ((const struct store_ref *)other)->name);
}

static int add_ref(const struct image_store *store, const char *file, struct store_ref **refs,
		   size_t *count)
{
	struct store_ref ref = {0};

	if (read_ref(store, file, &ref) < 0)
		return 0;
	struct store_ref *grown = reallocarray(*refs, *count + 1, sizeof(*grown));

	if (!grown) {
		store_ref_free(&ref);
		return -ENOMEM;
	}
	*refs = grown;
	grown[(*count)++] = ref;
	return 0;
}

int store_list_refs(const struct image_store *store, struct store_ref **ret, size_t *ret_count,
		    struct err *err)
{
	int fd = openat(store->refs_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct store_ref *refs = NULL;
	size_t count = 0;
	int r = 0;

	if (!dir) {
		fd_drop(&fd);
		return err_set(err, errno, "read %s/refs", store->dir);
	}
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			r = add_ref(store, entry->d_name, &refs, &count);
	if (r < 0) {
		store_refs_free(refs, count);
		return err_set(err, -r, "read %s/refs", store->dir);
	}
	if (count)
		qsort(refs, count, sizeof(*refs), by_name);
	*ret = refs;
	*ret_count = count;
	return 0;
}

void store_chain(const char *below, const char *diff_id, char ret[DIGEST_SIZE])
{
	char both[2 * DIGEST_SIZE];

	if (below[0] == '\0') {
		memcpy(ret, diff_id, DIGEST_SIZE);
		return;
	}
	int len = snprintf(both, sizeof(both), "%s %s", below, diff_id);

	digest_of(both, (size_t)len, ret);
}

bool store_has_layer(const struct image_store *store, const char *chain)
{
	char path[STORE_NAME_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/fs", digest_hex(chain));
	return fstatat(store->layers_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

int store_put_layer(const struct image_store *store, const char *chain, const char *name,
		    struct err *err)
{
	if (renameat2(store->tmp_fd, name, store->layers_fd, digest_hex(chain), RENAME_NOREPLACE) <
		    0 &&
	    errno != EEXIST)
		return err_set(err, errno, "store layer %s", chain);
	return 0;
}

int64_t store_layer_bytes(const struct image_store *store, const char *chain)
{
	char path[STORE_NAME_MAX];
	autofree char *text = NULL;
	size_t len = 0;

	snprintf(path, sizeof(path), "%s/info", digest_hex(chain));
	if (get_file(store->layers_fd, path, REF_BYTES_MAX, &text, &len) < 0)
		return 0;
	const char *number = strchr(text, '\n');

	return number ? strtoll(number, NULL, 10) : 0;
}

int store_load(const struct image_store *store, const char *digest,
	       struct oci_document *ret_manifest, struct oci_config *ret_config, struct err *err)
{
	autodocument struct oci_document manifest = {0};
	autofree char *bytes = NULL;
	autofree char *config = NULL;
	size_t len = 0;
	int r = store_get_blob(store, digest, &bytes, &len, err);

	if (r < 0)
		return r;
	r = oci_document_parse(bytes, len, OCI_MEDIA_MANIFEST, &manifest, err);
	if (r < 0)
		return err_prefix(err, "manifest %s", digest);
	r = store_get_blob(store, manifest.config.digest, &config, &len, err);
	if (r < 0)
		return r;
	r = oci_config_parse(config, len, ret_config, err);
	if (r < 0)
		return err_prefix(err, "config %s", manifest.config.digest);
	*ret_manifest = manifest;
	manifest = (struct oci_document){0};
	return 0;
}

bool store_in_use(const struct image_store *store, const char *digest)
{
	autoclose int fd = openat(store->blobs_fd, digest_hex(digest),
				  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}
