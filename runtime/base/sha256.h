// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SHA-256 of a stream of bytes; the library that computes it shows in sha256.c only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

/* Plain bytes on the caller's stack: nothing to free, copying it copies the stream's state. */
struct sha256 {
	uint64_t opaque[16];
};

void sha256_begin(struct sha256 *hash);

/* @bytes may be NULL when @len is 0. */
void sha256_add(struct sha256 *hash, const void *bytes, size_t len);

/* Writes 64 lower-case hex digits and a terminator; the stream is finished. */
void sha256_end_hex(struct sha256 *hash, char ret_hex[2 * SHA256_BYTES + 1]);
