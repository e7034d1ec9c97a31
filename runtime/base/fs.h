// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files and directories of our own: state, logs, volumes. Paths inside a container's root are
 * another matter (runtime/base/path.h).
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Makes a directory and its missing parents, all with @mode. An existing directory is left as it
 * is. */
int fs_make_dirs(const char *path, mode_t mode, struct err *err) must_check;

/*
 * Makes a directory that is to be ours alone. One that exists must be root's or the caller's, also
 * as a link, and no other user may be able to exchange it (-EPERM names who owns it, or what is
 * open to all); what its mode allows beyond @mode is taken away.
 */
int fs_make_own_dir(const char *path, mode_t mode, struct err *err) must_check;

/*
 * Reads a whole regular file.
 *
 * @max_bytes	a longer file is refused with -EFBIG
 * @ret_text	out: NUL-terminated (the file may contain NULs too), owned by the caller
 * @ret_len	out: may be NULL
 *
 * Does not block on FIFOs and devices: refused with -EINVAL.
 */
int fs_read(const char *path, size_t max_bytes, char **ret_text, size_t *ret_len,
	    struct err *err) must_check;

/* Writes a file whole or not at all: temporary name beside it, then rename. */
int fs_write_atomic(const char *path, const char *text, size_t len, mode_t mode,
		    struct err *err) must_check;

/*
 * Rewrites a file's content keeping its inode, because it is bound into containers: one write, then
 * the rest is cut. Made with @mode where missing.
 */
int fs_rewrite(const char *path, const char *text, size_t len, mode_t mode,
	       struct err *err) must_check;

/*
 * Removes a directory with everything below it, never following a symbolic link and never crossing
 * into another mount (-EXDEV: something is still mounted there). A missing directory is success.
 */
int fs_remove_tree(const char *path, struct err *err) must_check;
