// SPDX-License-Identifier: GPL-2.0-or-later
/* Whom the host asks for names: the servers of its resolv.conf, read again when it has changed. */
#pragma once

#include "launcher/dns/table.h"

#include <stdint.h>
#include <sys/stat.h>

/* Zero-initialise; then upstream_list() reads. */
struct upstream {
	struct stat seen;
	int64_t looked_ms;
	struct ip servers[TABLE_UPSTREAMS_MAX];
	size_t count;
};

/* Reads the nameserver lines of a resolv.conf; none: the host's own, as resolvers have it. */
void upstream_parse(const char *text, struct upstream *ret);

/* Borrowed. Looks at most once in a second whether the file has changed. */
size_t upstream_list(struct upstream *upstream, int64_t now_ms, const struct ip **ret);
