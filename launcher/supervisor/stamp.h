// SPDX-License-Identifier: GPL-2.0-or-later
/* Moments as people and other tools read them: RFC 3339, always in UTC. Pure. */
#pragma once

#include <time.h>

#define STAMP_SIZE 32

/*
 * Writes "2026-01-31T23:59:59Z", with @digits (0 to 9) of the second's fraction, cut and not
 * rounded. Returns @ret_text.
 */
const char *stamp_text(const struct timespec *at, int digits, char ret_text[static STAMP_SIZE]);
