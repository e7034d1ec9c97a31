// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Digests of content, "sha256:" and 64 hex digits: checked as text, computed of bytes and files.
 * No other algorithm is taken.
 */
#pragma once

#include "runtime/base/err.h"
#include "runtime/base/sha256.h"

#include <stdint.h>

#define DIGEST_PREFIX	  "sha256:"
#define DIGEST_PREFIX_LEN 7
#define DIGEST_HEX_LEN	  (2 * SHA256_BYTES)
#define DIGEST_SIZE	  (DIGEST_PREFIX_LEN + DIGEST_HEX_LEN + 1) /* with the terminator */

/* -EINVAL unless @text is a digest; err names the algorithm where that is what is wrong. */
int digest_check(const char *text, struct err *err) must_check;

/* The 64 hex digits of a checked digest. */
const char *digest_hex(const char *digest);

/* Ends @hash. */
void digest_end(struct sha256 *hash, char ret[DIGEST_SIZE]);

void digest_of(const void *bytes, size_t len, char ret[DIGEST_SIZE]);

/* Of everything from the start of a file, whose offset is at its start again afterwards. */
int digest_of_fd(int fd, char ret[DIGEST_SIZE], int64_t *ret_bytes, struct err *err) must_check;
