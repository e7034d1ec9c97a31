// SPDX-License-Identifier: GPL-2.0-or-later
/* See netlink.h. The library takes ENOBUFS for NLE_NOMEM, too (libnl 3.7). */
#include "runtime/network/netlink.h"

#include <errno.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

int netlink_open(int protocol, struct nl_sock **ret_sock, struct err *err)
{
	struct nl_sock *sock = nl_socket_alloc();
	int code = sock ? nl_connect(sock, protocol) : -NLE_NOMEM;

	if (code < 0) {
		/* Of most failures the library says no more than that there was one. */
		int error = code == -NLE_NOMEM ? ENOMEM : errno;

		nl_socket_free(sock);
		return err_set(err, error, "network: open netlink");
	}
	*ret_sock = sock;
	return 0;
}

int netlink_fail(int code, const char *what, struct err *err)
{
	if (code == 0 || code == -NLE_NOMEM)
		return err_set(err, ENOMEM, "network: %s", what);
	return err_say(err, code == -NLE_NODEV ? ENODEV : EIO, "network: %s: %s", what,
		       nl_geterror(code));
}
