// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When a service's image is fetched: `pull_policy`.
 */
#pragma once

#include "manifests/spec.h"

/* `pull_policy`: when an image is fetched. */
enum pull_policy {
	PULL_DEFAULT, /* not written */
	PULL_MISSING, /* if it is not there; also written if_not_present */
	PULL_ALWAYS,
	PULL_NEVER,
	PULL_BUILD, /* built from `build` instead */
};

struct pull_spec {
	enum pull_policy policy;
	struct pos pos; /* line 0: not written */
};
