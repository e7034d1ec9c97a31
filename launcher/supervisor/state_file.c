// SPDX-License-Identifier: GPL-2.0-or-later
/* "davit KIND VERSION CHECKSUM LENGTH\n", then the bytes; see state_file.h. */
#include "launcher/supervisor/state_file.h"

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/base/sha256.h"

#include <errno.h>
#include <string.h>

#define BYTES_MAX ((size_t)256 << 20)
#define KIND_SIZE 16
#define HEX_SIZE  (2 * SHA256_BYTES + 1)

static void checksum(const char *bytes, size_t len, char hex[HEX_SIZE])
{
	struct sha256 hash;

	sha256_begin(&hash);
	sha256_add(&hash, bytes, len);
	sha256_end_hex(&hash, hex);
}

int state_file_write(const char *path, const char *kind, const char *bytes, size_t len,
		     struct err *err)
{
	autobuf struct buf text = {0};
	char hex[HEX_SIZE];

	checksum(bytes, len, hex);
	buf_printf(&text, "davit %s %d %s %zu\n", kind, STATE_FILE_VERSION, hex, len);
	buf_put(&text, bytes, len);
	int r = buf_check(&text, err);

	return r < 0 ? r : fs_write_atomic(path, text.data, text.len, 0600, err);
}

struct header {
	char kind[KIND_SIZE];
	int version;
	char hex[HEX_SIZE];
	size_t len;
};

/* What the first line says; where the bytes begin, or NULL. */
static const char *read_header(const char *text, struct header *ret)
{
	const char *newline = strchr(text, '\n');
	int used = 0;

	if (!newline || sscanf(text, "davit %15s %d%n", ret->kind, &ret->version, &used) != 2)
		return NULL;
	/* What follows may be another thing in another version. */
	if (ret->version > STATE_FILE_VERSION)
		return newline + 1;
	if (sscanf(text + used, " %64s %zu", ret->hex, &ret->len) != 2)
		return NULL;
	return newline + 1;
}

int state_file_read(const char *path, const char *kind, char **ret_bytes, size_t *ret_len,
		    struct err *err)
{
	autofree char *text = NULL;
	struct header header = {0};
	char hex[HEX_SIZE];
	size_t len = 0;
	int r = fs_read(path, BYTES_MAX, &text, &len, err);

	if (r < 0)
		return r;
	const char *bytes = read_header(text, &header);

	if (!bytes || strcmp(header.kind, kind) != 0 || header.version < 1)
		return err_say(err, EBADMSG, "'%s' is damaged", path);
	if (header.version > STATE_FILE_VERSION)
		return err_say(
			err, EPROTONOSUPPORT,
			"'%s' was written by a newer davit (version %d, this one reads up to "
			"%d)",
			path, header.version, STATE_FILE_VERSION);
	size_t rest = len - (size_t)(bytes - text);

	if (rest == header.len)
		checksum(bytes, rest, hex);
	if (rest != header.len || strcmp(hex, header.hex) != 0)
		return err_say(err, EBADMSG, "'%s' is damaged", path);
	memmove(text, bytes, rest + 1); /* with the terminator */
	*ret_bytes = take_ptr(text);
	*ret_len = rest;
	return 0;
}
