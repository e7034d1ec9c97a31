// SPDX-License-Identifier: GPL-2.0-or-later
/* The ports of a service that wake it when datagrams come there (x-autoscale.idle). Pure. */
#pragma once

#include "manifests/stack.h"

/* So many at its address, and so many that it publishes. */
#define DATAGRAMS_PORTS	    16
#define DATAGRAMS_PUBLISHED 64

/*
 * Those at its address: what it publishes for udp, then what it exposes, none twice.
 *
 * @ret	out: up to @most of them
 *
 * Returns how many are in @ret.
 */
size_t datagrams_ports(const struct service *service, uint16_t *ret, size_t most);
