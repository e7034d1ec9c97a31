// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an image says, taken over into a service where the manifest says nothing, by Compose's
 * rules. Pure. Only the members named here are ever looked at: labels change
 * nothing, exposed ports tell what to wait for, and nothing of an image names a file of the host.
 */
#pragma once

#include "manifests/stack.h"
#include "runtime/image/image.h"

/* What the service points to besides the image's own texts; lives as long as the service is used.
 */
struct from_image {
	struct text *entrypoint;
	struct text *command;
	struct text *environment;
	struct text *test;
	struct text *ports;
	struct mount_spec *mounts;
	char *working_dir;
};

/*
 * @service	of ROOTFS_IMAGE; changed in place, afterwards it points into @image and @ret
 * @ret		out: from_image_free(), also after a failure
 *
 * Returns 0; -EINVAL when the image says what cannot be (err), -ENOMEM.
 */
int from_image_apply(struct service *service, const struct image *image, struct from_image *ret,
		     struct err *err) must_check;

void from_image_free(struct from_image *from);
