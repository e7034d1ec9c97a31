// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/cgroup: one-line control files, addressed as "GROUP/FILE" below a kept
 * directory fd. Nothing here allocates; every error names group, file and value.
 */
#pragma once

#include "runtime/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Opens @group/@file below @dirfd. Returns the fd, or -errno with @err filled. */
int cg_file_open(int dirfd, const char *group, const char *file, int flags,
		 struct err *err) must_check;

int cg_file_write(int dirfd, const char *group, const char *file, const char *text,
		  struct err *err) must_check;

/* Longer than any control file that is read here; what is beyond is cut. */
struct cg_text {
	char bytes[4096]; /* terminated */
};

int cg_file_read(int dirfd, const char *group, const char *file, struct cg_text *ret_text,
		 struct err *err) must_check;

/* A file that is read often: the way to it is most of what reading it takes. */
struct cg_kept_file {
	int *fd; /* -1 at first: then it is opened, and stays so unless half of all descriptors are
		    in use */
	int dirfd;
	const char *group;
	const char *file;
};

int cg_file_read_kept(const struct cg_kept_file *kept, struct cg_text *ret_text,
		      struct err *err) must_check;
int cg_file_u64_kept(const struct cg_kept_file *kept, uint64_t *ret_value,
		     struct err *err) must_check;

/* Reads a file that holds one number. */
int cg_file_u64(int dirfd, const char *group, const char *file, uint64_t *ret_value,
		struct err *err) must_check;

/* The number in the line "@key NUMBER" of @text; 0 when there is no such line. */
uint64_t cg_text_key(const char *text, const char *key);
