// SPDX-License-Identifier: GPL-2.0-or-later
/* Digests of content; see digest.h. */
#include "runtime/image/digest.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES 65536

int digest_check(const char *text, struct err *err)
{
	size_t algorithm = strcspn(text, ":");

	if (strncmp(text, DIGEST_PREFIX, DIGEST_PREFIX_LEN) != 0 && text[algorithm] == ':' &&
	    algorithm > 0 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+._-") == algorithm)
		return err_say(err, EINVAL, "digest algorithm '%.*s' is not taken, only sha256",
			       algorithm < 32 ? (int)algorithm : 32, text);
	if (strncmp(text, DIGEST_PREFIX, DIGEST_PREFIX_LEN) != 0 ||
	    strlen(text) != DIGEST_SIZE - 1 ||
	    strspn(text + DIGEST_PREFIX_LEN, "0123456789abcdef") != DIGEST_HEX_LEN)
		return err_say(err, EINVAL, "malformed digest");
	return 0;
}

const char *digest_hex(const char *digest)
{
	return digest + DIGEST_PREFIX_LEN;
}

void digest_end(struct sha256 *hash, char ret[DIGEST_SIZE])
{
	memcpy(ret, DIGEST_PREFIX, DIGEST_PREFIX_LEN);
	sha256_end_hex(hash, ret + DIGEST_PREFIX_LEN);
}

void digest_of(const void *bytes, size_t len, char ret[DIGEST_SIZE])
{
	struct sha256 hash;

	sha256_begin(&hash);
	sha256_add(&hash, bytes, len);
	digest_end(&hash, ret);
}

int digest_of_fd(int fd, char ret[DIGEST_SIZE], int64_t *ret_bytes, struct err *err)
{
	autofree char *chunk = malloc(CHUNK_BYTES);
	struct sha256 hash;
	int64_t bytes = 0;
	ssize_t n = 0;

	if (!chunk)
		return err_set(err, ENOMEM, "read");
	sha256_begin(&hash);
	while ((n = pread(fd, chunk, CHUNK_BYTES, bytes)) > 0) {
		sha256_add(&hash, chunk, (size_t)n);
		bytes += n;
	}
	if (n < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_set(err, errno, "read");
	digest_end(&hash, ret);
	*ret_bytes = bytes;
	return 0;
}
