// SPDX-License-Identifier: GPL-2.0-or-later
/* What a helper gives up before it reads the first byte of anybody's. */
#pragma once

#include "runtime/base/err.h"

/*
 * The user and group @id (where it is root now) and no capability, nothing gained by an exec, and
 * of the system calls those only that a server makes: no exec, no file written, no sockets but
 * those of IP.
 *
 * @calls	more of them that it needs
 */
int confine_self(unsigned id, const unsigned *calls, size_t count, struct err *err) must_check;
