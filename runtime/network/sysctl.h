// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: settings below /proc/sys/net.
 */
#pragma once

#include "runtime/base/err.h"

/*
 * Writes @value to @path in the calling thread's network namespace. A kernel without the protocol
 * has no such file, and then there is nothing to set: success.
 */
int sysctl_set(const char *path, const char *value, struct err *err) must_check;
