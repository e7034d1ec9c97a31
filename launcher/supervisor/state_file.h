// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that a supervisor leaves for its successor: written whole or not at all, with what they
 * are, their version and a checksum in front, so that half a file is never taken for one.
 */
#pragma once

#include "runtime/base/err.h"

#include <stddef.h>

/* Raised when an older davit would misread what is written. */
#define STATE_FILE_VERSION 1

/* @kind: one word that says what it holds. */
int state_file_write(const char *path, const char *kind, const char *bytes, size_t len,
		     struct err *err) must_check;

/*
 * Reads what state_file_write() wrote, of this version or an older one.
 *
 * @ret_bytes	out: terminated, the caller's to free
 *
 * Returns 0; -ENOENT; -EBADMSG: it is damaged, or something else; -EPROTONOSUPPORT: a newer davit
 * has written it.
 */
int state_file_read(const char *path, const char *kind, char **ret_bytes, size_t *ret_len,
		    struct err *err) must_check;
