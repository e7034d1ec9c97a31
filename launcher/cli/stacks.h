// SPDX-License-Identifier: GPL-2.0-or-later
/* Which stacks there are on this machine, by their run directories; whether they answer is not
 * asked. */
#pragma once

#include "runtime/base/buf.h"

/* Appends the names, sorted. No run directory: no stacks. */
int stacks_list(struct strv *names, struct err *err) must_check;
