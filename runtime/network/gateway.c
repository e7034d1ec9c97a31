// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets on a network's gateway: for what serves that network alone, and for who waits. */
#include "runtime/base/cleanup.h"
#include "runtime/network/net_hold.h"
#include "runtime/network/net_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define BACKLOG	     64
#define HOLD_BACKLOG 4096 /* the kernel has a limit of its own, net.core.somaxconn */

/* Bound to the bridge too: a packet that comes another way is not of the network, whatever address
 * it claims. */
static int bind_socket(int fd, const struct net_network *network, uint16_t port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = net_gateway(network),
	};
	const int yes = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, network->bridge,
		       (socklen_t)strlen(network->bridge)) < 0)
		return -errno;
	return bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

int net_gateway_socket(const struct net_network *network, int type, uint16_t port, int *ret_fd,
		       struct err *err)
{
	autoclose int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const struct in_addr gateway = net_gateway(network);
	const struct ip address = ip_of_in(gateway);
	char text[INET_ADDRSTRLEN];
	int r = fd < 0 ? -errno : bind_socket(fd, network, port);

	if (r == 0 && type == SOCK_STREAM && listen(fd, BACKLOG) < 0)
		r = -errno;
	if (r == -EADDRINUSE)
		return net_port_in_use(type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP, &address,
				       port, err);
	if (r < 0)
		return err_set(err, -r, "port %u of the gateway %s", port,
			       inet_ntop(AF_INET, &gateway, text, sizeof(text)));
	*ret_fd = take_fd(&fd);
	return 0;
}

int net_hold_socket(const struct net_network *network, int *ret_fd, struct err *err)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_addr = net_gateway(network)};
	autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, HOLD_BACKLOG) < 0)
		return err_set(err, errno, "network %s: a port of the gateway",
			       net_network_name(network));
	*ret_fd = take_fd(&fd);
	return 0;
}

uint16_t net_hold_port(int fd)
{
	struct sockaddr_in address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 || address.sin_family != AF_INET)
		return 0;
	return ntohs(address.sin_port);
}
