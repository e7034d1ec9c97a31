// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `build`: how the image of a service is made. davit hands it to a builder as it is.
 */
#pragma once

#include "manifests/spec_files.h"

/* One entry of `ulimits`. */
struct ulimit_spec {
	const char *name; /* Compose's: "nofile" */
	int resource;	  /* RLIMIT_* */
	int64_t soft;	  /* -1: unlimited; never above hard */
	int64_t hard;
	struct pos pos;
};

struct build_spec {
	bool present;		       /* false: the rest is meaningless */
	struct text context;	       /* an absolute path, or a URL */
	struct text dockerfile;	       /* below the context or absolute; value NULL: Dockerfile */
	struct text dockerfile_inline; /* its content instead; value NULL: none */
	struct text target;	       /* a stage; value NULL: the last one */
	struct text network;	       /* value NULL: the builder's default */
	struct text_list args;	   /* "NAME=value", sorted; names without a value are left out */
	struct text_list labels;   /* "key=value", sorted */
	struct text_list contexts; /* "name=path", sorted: additional_contexts */
	struct text_list cache_from;
	struct text_list cache_to;
	struct text_list no_cache_filter; /* stages */
	struct text_list platforms;
	struct text_list tags;	    /* names besides the image's own */
	struct text_list ssh;	    /* "default", "id=path" */
	struct text_list hosts;	    /* "name=address" */
	struct file_grant *secrets; /* target: the id in the Dockerfile */
	size_t secret_count;
	struct ulimit_spec *ulimits;
	size_t ulimit_count;
	int64_t shm_bytes; /* 0: the builder's default */
	bool no_cache;
	bool pull;
	bool privileged;
	bool names_image; /* no `image` is written: it is called STACK-SERVICE */
	struct pos pos;
};
