// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The images of a manifest's services: found in the store, held as long as the manifest is (by the
 * keeper, too: what runs is not to lose its files between two supervisors), merged into the
 * services. Fetches nothing: the command line has done that.
 */
#pragma once

#include "launcher/supervisor/plan.h"

struct images; /* a list; NULL: none */
struct supervisor;

/*
 * Makes a service of ROOTFS_IMAGE complete; does nothing for others and the second time. To be
 * called before its revision is asked for.
 *
 * @digest	of the image that it was at first, where that is known; NULL: what the name is now
 *
 * Returns 0, or -errno with @fault as plan_make() fills it.
 */
int images_attach(struct supervisor *sup, struct manifest *manifest, const struct service *service,
		  const char *digest, struct container_fault *fault) must_check;

/* The layers of the image with this digest, upmost first, NULL-terminated; NULL: not attached. */
const char *const *images_layers(const struct manifest *manifest, const char *digest);

/* Accepts NULL. */
void images_free(struct images *images);
