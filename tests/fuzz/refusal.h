// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What every refusal has to be, whatever it is of: one line that says why, and no letter in it that
 * speaks to a terminal. What is not refused says nothing.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdlib.h>
#include <string.h>

static inline void refusal_check(int r, const struct err *err)
{
	if ((r < 0) != (err->text[0] != '\0') || strpbrk(err->text, "\n\r\033"))
		abort();
}
