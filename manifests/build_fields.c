// SPDX-License-Identifier: GPL-2.0-or-later
/* The plain fields of `build`; see build_fields.h. */
#include "manifests/build_fields.h"

const struct build_field build_fields[] = {
	{"dockerfile", BUILD_TEXT, offsetof(struct build_spec, dockerfile)},
	{"dockerfile_inline", BUILD_TEXT, offsetof(struct build_spec, dockerfile_inline)},
	{"target", BUILD_TEXT, offsetof(struct build_spec, target)},
	{"network", BUILD_TEXT, offsetof(struct build_spec, network)},
	{"cache_from", BUILD_LIST, offsetof(struct build_spec, cache_from)},
	{"cache_to", BUILD_LIST, offsetof(struct build_spec, cache_to)},
	{"no_cache_filter", BUILD_LIST, offsetof(struct build_spec, no_cache_filter)},
	{"platforms", BUILD_LIST, offsetof(struct build_spec, platforms)},
	{"tags", BUILD_LIST, offsetof(struct build_spec, tags)},
	{"no_cache", BUILD_FLAG, offsetof(struct build_spec, no_cache)},
	{"pull", BUILD_FLAG, offsetof(struct build_spec, pull)},
	{"privileged", BUILD_FLAG, offsetof(struct build_spec, privileged)},
	{0},
};
