// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: settings below /proc/sys/net.
 */
#pragma once

#include "runtime/base/err.h"

/* A way to settings that stays short, however many namespaces are set up through it.
 * Zero-initialise. */
struct sysctl {
	int fd; /* of a procfs; 0: none yet */
	unsigned uses;
};

void sysctl_close(struct sysctl *sysctl);

/*
 * Writes @value to the setting @name ("ipv4/ip_forward") in the calling thread's network namespace.
 * A kernel without the protocol has no such file, and then there is nothing to set: success.
 *
 * @sysctl	NULL: through the host's /proc
 */
int sysctl_set(struct sysctl *sysctl, const char *name, const char *value,
	       struct err *err) must_check;
