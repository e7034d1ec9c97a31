// SPDX-License-Identifier: GPL-2.0-or-later
/* New volumes, and what images put into them. */
#pragma once

#include "runtime/container.h"

/* A volume that an image may have something for. */
struct volume_want {
	const char *path; /* absolute */
	const struct container_config *config;
	const char *target; /* where it is mounted in the root that fills it */
};

/*
 * Makes the volume with what the image has at its place, owner and mode included, where there is
 * none yet and the image has a directory there. It comes to be whole under another name first, so
 * that whatever ends the caller in between leaves no volume that is half full. May take long.
 */
int volumes_fill(const struct volume_want *want, struct err *err) must_check;

/* Makes an empty volume where there is none. @ret_made: it was made now */
int volumes_make(const char *path, bool *ret_made, struct err *err) must_check;

/* Removes what callers of volumes_fill() that were killed have left in the directory. */
void volumes_sweep(const char *parent);
