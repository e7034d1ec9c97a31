// SPDX-License-Identifier: GPL-2.0-or-later
/* New volumes, and what images put into them. */
#pragma once

#include "runtime/container.h"

/* A volume that may have to be made. */
struct volume_want {
	const char *path; /* absolute */
	const struct container_config *config;
	const char
		*target; /* where it is mounted in the root that fills it; NULL: it stays empty */
};

/*
 * Makes the volume where there is none: with what the image has at its place, owner and mode
 * included. It comes to be whole under another name first, so that whatever ends davit in between
 * leaves no volume that is half full.
 *
 * @ret_made	out: it was made now
 * @ret_filled	out: the image had a directory at its place
 */
int volumes_make(const struct volume_want *want, bool *ret_made, bool *ret_filled,
		 struct err *err) must_check;
