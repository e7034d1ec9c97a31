// SPDX-License-Identifier: GPL-2.0-or-later
/* What an instance has said last: often why it has ended. */
#pragma once

#include "runtime/base/buf.h"

/* Appends "last line: …" with the newest line of the instance's log that is not blank; nothing
 * where there is none. @log_dir: the stack's. */
void lastline_put(struct buf *out, const char *log_dir, const char *instance);
