// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SHA-256, computed by nettle. Our struct is opaque storage for nettle's, so that its header is
 * seen here alone.
 */
#include "runtime/base/sha256.h"

#include <nettle/sha2.h>
#include <string.h>

_Static_assert(SHA256_BYTES == SHA256_DIGEST_SIZE, "the size of a digest");
_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct sha256), "nettle's state fits ours");
_Static_assert(_Alignof(struct sha256_ctx) <= _Alignof(struct sha256), "and is aligned in it");

static struct sha256_ctx *context(struct sha256 *hash)
{
	return (struct sha256_ctx *)(void *)hash;
}

void sha256_begin(struct sha256 *hash)
{
	memset(hash, 0, sizeof(*hash));
	nettle_sha256_init(context(hash));
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t len)
{
	if (len)
		nettle_sha256_update(context(hash), len, bytes);
}

void sha256_end_hex(struct sha256 *hash, char ret_hex[2 * SHA256_BYTES + 1])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[SHA256_BYTES];

	nettle_sha256_digest(context(hash), sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++) {
		ret_hex[2 * i] = digits[digest[i] >> 4];
		ret_hex[2 * i + 1] = digits[digest[i] & 15];
	}
	ret_hex[2 * sizeof(digest)] = '\0';
}
