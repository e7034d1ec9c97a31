// SPDX-License-Identifier: GPL-2.0-or-later
/* The keys of `build`; see keys.h. */
#include "manifests/keys.h"

#define NO_BUILDKIT "has no effect: it is an option of another builder"

const struct key_info keys_build[] = {
	{"additional_contexts"},
	{"args"},
	{"cache_from"},
	{"cache_to"},
	{"context"},
	{"dockerfile"},
	{"dockerfile_inline"},
	{"extra_hosts"},
	{"isolation"},
	{"labels"},
	{"network"},
	{"no_cache"},
	{"no_cache_filter"},
	{"platforms"},
	{"privileged"},
	{"pull"},
	{"secrets"},
	{"shm_size"},
	{"ssh"},
	{"tags"},
	{"target"},
	{"ulimits"},
	{"entitlements", KEY_IGNORE, NO_BUILDKIT},
	{"provenance", KEY_IGNORE, NO_BUILDKIT},
	{"sbom", KEY_IGNORE, NO_BUILDKIT},
	{NULL},
};
