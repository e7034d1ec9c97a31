// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where an image comes from: a directory in the form of an OCI layout or of an unpacked docker
 * archive. Finds the one image asked for and verifies its documents; layers are verified when they
 * are opened.
 */
#pragma once

#include "runtime/image/oci.h"
#include "runtime/image/tar.h"

#include <stdbool.h>
#include <stdint.h>

struct source_layer {
	char *path; /* below the directory */
	enum tar_filter filter;
	char digest[DIGEST_SIZE];
	int64_t size;
};

struct source {
	int dir_fd;
	char digest[DIGEST_SIZE]; /* of the manifest */
	char *name; /* what the source calls the image, as it is written there; NULL: nothing */
	char *manifest;
	size_t manifest_len;
	char config_digest[DIGEST_SIZE];
	char *config_text;
	size_t config_len;
	struct oci_config config;
	struct source_layer *layers; /* lowest first, as many as config.diff_ids */
	size_t layer_count;
};

/* What to look for; all may be NULL. */
struct source_want {
	const char *tag;
	const char *digest;   /* of the manifest or the index */
	const char *platform; /* "os/arch[/variant]"; NULL: this host's */
};

/* @dir_fd: borrowed, must stay open. */
int source_open_layout(int dir_fd, const struct source_want *want, struct source *ret,
		       struct err *err) must_check;
int source_open_saved(int dir_fd, const struct source_want *want, struct source *ret,
		      struct err *err) must_check;

void source_free(struct source *source);
#define autosource __attribute__((cleanup(source_free)))

/* Opens a layer's blob once its bytes are those of its digest. */
int source_open_layer(const struct source *source, size_t index, int *ret_fd,
		      struct err *err) must_check;

/* A regular file below the directory. -ENOENT. */
int source_open_file(int dir_fd, const char *path, int64_t *ret_bytes, int *ret_fd,
		     struct err *err) must_check;
/* All of it, when it is no longer than a document may be. */
int source_read_file(int dir_fd, const char *path, char **ret, size_t *ret_len,
		     struct err *err) must_check;

struct platform {
	char os[32];
	char architecture[32];
	char variant[32]; /* "": any */
};

/* NULL: this host's. */
int platform_parse(const char *text, struct platform *ret, struct err *err) must_check;

/* 0: other; 1: fits; 2: fits in its variant too. Absent members of the image are "". */
int platform_match(const struct platform *want, const char *os, const char *architecture,
		   const char *variant);

/* -EINVAL tells what the image is for and what was wanted. */
int platform_check(const struct platform *want, const struct oci_config *config,
		   struct err *err) must_check;
