// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: making network namespaces and working inside one for a moment.
 */
#pragma once

#include "runtime/base/err.h"

struct sysctl;

/* An fd of the calling thread's network namespace, owned by the caller; or -errno. */
int netns_open_own(struct err *err) must_check;

/* Where netns_make() comes from, and how it reaches settings. */
struct netns_home {
	int fd;		       /* the calling thread's own namespace (netns_open_own()) */
	struct sysctl *sysctl; /* NULL: through the host's /proc */
	int given_fd;	       /* a namespace that nobody uses yet, taken for a new one; -1: none */
};

/* Calls @inside with the calling thread in a namespace that is there, and goes back. */
int netns_visit(int netns_fd, int (*inside)(void *data, struct err *err), void *data,
		struct err *err) must_check;

/*
 * Makes a network namespace, or takes the given one, calls @inside with the calling thread in it,
 * and goes back to the namespace it came from before it returns, whatever happened. IPv6 is off for
 * links made there later; low ports and ping are open to every user, as the namespace is the
 * instance's alone.
 *
 * @inside	may open sockets, which stay in the new namespace; returns 0 or -errno
 * @ret_fd	out: the namespace, owned by the caller
 */
int netns_make(const struct netns_home *home, int (*inside)(void *data, struct err *err),
	       void *data, int *ret_fd, struct err *err) must_check;
