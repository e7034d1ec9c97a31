// SPDX-License-Identifier: GPL-2.0-or-later
/* Stand-ins for layers that are not to be fetched again. */
#pragma once

#include "runtime/image/store.h"

/*
 * Fills the directory @blobs_fd of a layout with empty files, by the name and of the size of every
 * layer that an image of the store has: who copies an image there takes them for the layers. An
 * import never opens the blob of a layer that the store has in the same place; of one on top of
 * other layers it does, and finds that its digest is wrong.
 *
 * Returns how many, or -errno.
 */
int stand_ins_make(const struct image_store *store, int blobs_fd, struct err *err) must_check;
