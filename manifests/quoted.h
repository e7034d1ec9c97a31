// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Quoted texts that libfyaml 0.7.12 understands wrongly, written so that it understands them: two
 * quotes in a row within single quotes, and a backslash before the end of a line that is escaped.
 * It finds where they end, but neither all of their characters nor the last ones.
 */
#pragma once

#include "runtime/base/buf.h"

/* @raw: as it is written, without its quotes; @single: which they are */
bool quoted_is_misread(const char *raw, size_t len, bool single);

/* Appends the same text, in double quotes. */
void quoted_rewrite(const char *raw, size_t len, bool single, struct buf *text);
