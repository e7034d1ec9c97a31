// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tar streams by libarchive, whose header is seen here alone; see tar.h. Two readers in a row: one
 * decompresses, one takes the tar apart, and between them bytes are counted and hashed.
 */
#include "runtime/image/tar.h"

#include "runtime/base/cleanup.h"

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define READ_BYTES 65536

struct tar {
	struct archive *packed;	  /* the file, decompressed: one nameless entry */
	struct archive *unpacked; /* its entries */
	struct archive_entry *entry;
	struct tar_bounds bounds;
	struct sha256 hash;
	int64_t bytes;	/* of the decompressed stream */
	struct err err; /* what ended the stream, told by whoever notices */
	locale_t utf8;	/* for names in pax headers, which are UTF-8 */
};

/* libarchive's own words, which may quote the stream. */
static int fail(struct tar *tar, struct archive *from, struct err *err)
{
	char text[200] = "damaged";
	const char *said = archive_error_string(from);

	if (tar->err.code)
		return err_say(err, tar->err.code, "%s", tar->err.text);
	if (said)
		snprintf(text, sizeof(text), "%s", said);
	for (char *at = text; *at; at++)
		if (!isprint((unsigned char)*at))
			*at = '?';
	return err_say(err, EBADMSG, "%s", text);
}

static int check_bounds(struct tar *tar)
{
	int64_t packed = archive_filter_bytes(tar->packed, -1);

	if (tar->bytes > tar->bounds.bytes)
		return err_say(&tar->err, EFBIG, "more than %lld bytes unpacked",
			       (long long)tar->bounds.bytes);
	if (tar->bytes > tar->bounds.ratio_exempt && tar->bytes / tar->bounds.ratio > packed)
		return err_say(&tar->err, EFBIG, "unpacks to more than %lld times its size",
			       (long long)tar->bounds.ratio);
	return 0;
}

/* The next piece of the decompressed stream; 0 at its end, ARCHIVE_FATAL. */
static la_ssize_t pull(struct tar *tar, const void **bytes)
{
	la_int64_t offset = 0;
	size_t len = 0;

	if (tar->err.code)
		return ARCHIVE_FATAL;
	int r = archive_read_data_block(tar->packed, bytes, &len, &offset);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK) {
		(void)fail(tar, tar->packed, &tar->err);
		return ARCHIVE_FATAL;
	}
	tar->bytes += (int64_t)len;
	sha256_add(&tar->hash, *bytes, len);
	return check_bounds(tar) < 0 ? ARCHIVE_FATAL : (la_ssize_t)len;
}

static la_ssize_t on_read(struct archive *archive, void *context, const void **bytes)
{
	struct tar *tar = context;
	la_ssize_t n = pull(tar, bytes);

	if (n < 0)
		archive_set_error(archive, EBADMSG, "%s", tar->err.text);
	return n;
}

static int want_filter(struct archive *archive, enum tar_filter filter)
{
	int r = ARCHIVE_OK;

	if (filter == TAR_GZIP || filter == TAR_ANY)
		r = archive_read_support_filter_gzip(archive);
	if (r == ARCHIVE_OK && (filter == TAR_ZSTD || filter == TAR_ANY))
		r = archive_read_support_filter_zstd(archive);
	return r;
}

/* Exactly the compression that was promised: never two in a row. */
static int check_filter(struct archive *archive, enum tar_filter filter, struct err *err)
{
	int filters = archive_filter_count(archive) - 1;

	if (filters == (filter == TAR_PLAIN ? 0 : 1) || (filter == TAR_ANY && filters == 0))
		return 0;
	return err_say(err, EBADMSG,
		       filters ? "compressed more than once"
			       : "not compressed as its media type says");
}

static int open_packed(struct tar *tar, int fd, enum tar_filter filter, struct err *err)
{
	struct archive_entry *whole = NULL;

	tar->packed = archive_read_new();
	if (!tar->packed || want_filter(tar->packed, filter) != ARCHIVE_OK ||
	    archive_read_support_format_raw(tar->packed) != ARCHIVE_OK)
		return err_set(err, ENOMEM, "read tar");
	if (archive_read_open_fd(tar->packed, fd, READ_BYTES) != ARCHIVE_OK ||
	    archive_read_next_header(tar->packed, &whole) != ARCHIVE_OK)
		return fail(tar, tar->packed, err);
	return check_filter(tar->packed, filter, err);
}

static int open_unpacked(struct tar *tar, struct err *err)
{
	tar->unpacked = archive_read_new();
	if (!tar->unpacked || archive_read_support_format_tar(tar->unpacked) != ARCHIVE_OK)
		return err_set(err, ENOMEM, "read tar");
	if (archive_read_open(tar->unpacked, tar, NULL, on_read, NULL) != ARCHIVE_OK)
		return fail(tar, tar->unpacked, err);
	return 0;
}

int tar_open(int fd, enum tar_filter filter, const struct tar_bounds *bounds, struct tar **ret,
	     struct err *err)
{
	autotar struct tar *tar = calloc(1, sizeof(*tar));

	if (!tar)
		return err_set(err, ENOMEM, "read tar");
	tar->bounds = *bounds;
	sha256_begin(&tar->hash);
	tar->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!tar->utf8)
		return err_set(err, errno, "locale C.UTF-8");
	int r = open_packed(tar, fd, filter, err);

	if (r == 0)
		r = open_unpacked(tar, err);
	if (r < 0)
		return r;
	*ret = take_ptr(tar);
	return 0;
}

void tar_close(struct tar *tar)
{
	if (!tar)
		return;
	archive_read_free(tar->unpacked);
	archive_read_free(tar->packed);
	if (tar->utf8)
		freelocale(tar->utf8);
	free(tar);
}

void tar_drop(struct tar **tar)
{
	tar_close(*tar);
}

static enum tar_kind kind_of(struct archive_entry *entry)
{
	if (archive_entry_hardlink(entry))
		return TAR_HARDLINK;
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:
		return TAR_FILE;
	case AE_IFDIR:
		return TAR_DIR;
	case AE_IFLNK:
		return TAR_SYMLINK;
	case AE_IFIFO:
		return TAR_FIFO;
	case AE_IFCHR:
	case AE_IFBLK:
		return TAR_DEVICE;
	default:
		return TAR_OTHER;
	}
}

static int read_entry(struct tar *tar, struct tar_entry *to, struct err *err)
{
	struct archive_entry *from = tar->entry;
	enum tar_kind kind = kind_of(from);
	const char *link = kind == TAR_HARDLINK	 ? archive_entry_hardlink(from)
			   : kind == TAR_SYMLINK ? archive_entry_symlink(from)
						 : NULL;

	*to = (struct tar_entry){
		.kind = kind,
		.name = archive_entry_pathname(from),
		.link = link ? link : "",
		.mode = archive_entry_perm(from),
		.uid = archive_entry_uid(from),
		.gid = archive_entry_gid(from),
		.size = archive_entry_size(from),
		.mtime = {.tv_sec = archive_entry_mtime(from),
			  .tv_nsec = archive_entry_mtime_nsec(from)},
	};
	if (!to->name)
		return err_say(err, EBADMSG, "an entry without a name that can be read");
	(void)archive_entry_xattr_reset(from);
	return 1;
}

int tar_next(struct tar *tar, struct tar_entry *ret, struct err *err)
{
	locale_t callers = uselocale(tar->utf8);
	int r = archive_read_next_header(tar->unpacked, &tar->entry);

	if (r == ARCHIVE_EOF)
		r = 0;
	else if (r == ARCHIVE_OK)
		r = read_entry(tar, ret, err);
	else /* warnings too: what cannot be read as it was meant is not guessed at */
		r = fail(tar, tar->unpacked, err);
	uselocale(callers);
	return r;
}

int tar_read(struct tar *tar, struct tar_block *ret, struct err *err)
{
	la_int64_t offset = 0;
	int r = archive_read_data_block(tar->unpacked, &ret->bytes, &ret->len, &offset);

	ret->offset = offset;
	if (r == ARCHIVE_EOF)
		return 0;
	return r == ARCHIVE_OK ? 1 : fail(tar, tar->unpacked, err);
}

bool tar_xattr(struct tar *tar, struct tar_xattr *ret)
{
	return archive_entry_xattr_next(tar->entry, &ret->name, &ret->value, &ret->size) ==
	       ARCHIVE_OK;
}

int64_t tar_packed(const struct tar *tar)
{
	return archive_filter_bytes(tar->packed, -1);
}

int tar_finish(struct tar *tar, char ret_digest[DIGEST_SIZE], struct err *err)
{
	const void *bytes = NULL;
	la_ssize_t n = 0;

	do
		n = pull(tar, &bytes);
	while (n > 0);
	if (n < 0)
		return err_say(err, tar->err.code, "%s", tar->err.text);
	digest_end(&tar->hash, ret_digest);
	return 0;
}
