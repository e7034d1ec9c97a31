// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * References: how a person names an image. Pure text: no file is looked at.
 *
 *   redis  redis:7  docker.io/library/redis@sha256:…  localhost:5000/team/app:tag    of a registry
 *   oci:DIR[:TAG]  oci-archive:FILE[:TAG]  docker-archive:FILE[:TAG]                  of this host
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>

enum image_transport {
	IMAGE_REGISTRY,
	IMAGE_OCI_DIR,
	IMAGE_OCI_ARCHIVE,
	IMAGE_DOCKER_ARCHIVE,
};

struct image_ref {
	enum image_transport transport;
	char *place;  /* registry: host and repository, "docker.io/library/redis"; else a path */
	char *tag;    /* registry: "latest" where neither tag nor digest is given; may be NULL */
	char *digest; /* "sha256:…" or NULL; with it the tag is NULL, as it would not count */
	char *name;   /* all of it, normalised: what the store knows the image by */
};

/*
 * Reads and normalises a reference.
 *
 * @base_dir	what a relative path of a local reference is relative to; absolute
 * @ret		out: image_ref_free(); untouched on failure
 *
 * Returns 0, -EINVAL (err says what is wrong with it), -ENOMEM.
 */
int image_ref_parse(const char *text, const char *base_dir, struct image_ref *ret,
		    struct err *err) must_check;

void image_ref_free(struct image_ref *ref);
#define autoref __attribute__((cleanup(image_ref_free)))

/* True for a reference to a file or directory of this host. */
bool image_ref_is_local(const struct image_ref *ref);

/* True when @annotation, the name that a layout or archive gives one of its images, is what @tag
 * asks for: the same text, or the same reference once both are normalised. */
bool image_ref_names(const char *annotation, const char *tag);

enum image_pull_policy {
	IMAGE_PULL_MISSING, /* also "if_not_present", and where nothing is said */
	IMAGE_PULL_ALWAYS,
	IMAGE_PULL_NEVER,
	IMAGE_PULL_BUILD,
};

/* Compose's word for a policy; NULL is the default. -EINVAL for any other text. */
int image_pull_policy_parse(const char *word, enum image_pull_policy *ret,
			    struct err *err) must_check;

enum image_pull_action {
	IMAGE_USE_STORED,
	IMAGE_FETCH,
	IMAGE_REFUSE_MISSING, /* not there, and may not be fetched */
	IMAGE_REFUSE_BUILD,   /* is to be built, whatever the store has */
};

/*
 * What a policy asks for. A tag moves, a digest does not: what is stored under one is never fetched
 * again.
 *
 * @stored	the store has the image
 * @outdated	it came from a file or directory that has changed since
 */
enum image_pull_action image_pull_decide(enum image_pull_policy policy, const struct image_ref *ref,
					 bool stored, bool outdated);
