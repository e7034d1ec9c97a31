// SPDX-License-Identifier: GPL-2.0-or-later
/* Private to what fills the store: importing by somebody who has the lock already. */
#pragma once

#include "runtime/image/image_import.h"

/* As image_import(), with store_lock_to_add() done. */
int import_locked(struct image_store *store, const struct image_import *import,
		  char ret_digest[IMAGE_DIGEST_SIZE], struct err *err) must_check;
