// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The resolv.conf of a service that has words of its own for it: dns, dns_search, dns_opt. Pure.
 */
#pragma once

#include "manifests/stack.h"
#include "runtime/base/buf.h"

/* True when the host's file will not do, even where nobody else is to be asked. */
bool resolv_is_own(const struct service *service);

/*
 * Appends the file: what the service says, else what @host (the host's file) says.
 *
 * @server	NULL: none; else the one that is asked, who knows the stack's names: these are not
 *		to be looked for in other domains first, unless somebody wants so
 */
void resolv_text(const struct service *service, const char *host, const char *server,
		 struct buf *out);
