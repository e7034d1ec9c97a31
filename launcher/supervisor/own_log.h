// SPDX-License-Identifier: GPL-2.0-or-later
/* The supervisor's own log, which is its standard error: kept from growing without end. */
#pragma once

#include <sys/types.h>

/*
 * Has standard error go on in a new file, once it is @path and longer than @max_bytes: what was
 * written so far becomes @path with ".1" behind it, and replaces an older one. Nothing happens
 * while standard error is something else. What fails is tried again at the next call.
 */
void own_log_rotate(const char *path, off_t max_bytes);
