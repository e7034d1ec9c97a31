// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets on a network's gateway, or where the stack serves it: for what serves that network alone,
 * and for who waits. */
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
		.sin_addr = net_server(network),
	};
	const int yes = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, network->bridge,
		       (socklen_t)strlen(network->bridge)) < 0)
		return -errno;
	return bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

int net_server_socket(const struct net_network *network, int type, uint16_t port, int *ret_fd,
		      struct err *err)
{
	autoclose int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const struct in_addr server = net_server(network);
	const struct ip address = ip_of_in(server);
	char text[INET_ADDRSTRLEN];
	int r = fd < 0 ? -errno : bind_socket(fd, network, port);

	if (r == 0 && type == SOCK_STREAM && listen(fd, BACKLOG) < 0)
		r = -errno;
	if (r == -EADDRINUSE)
		return net_port_in_use(type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP, &address,
				       port, err);
	if (r < 0)
		return err_set(err, -r, "port %u of the gateway %s", port,
			       inet_ntop(AF_INET, &server, text, sizeof(text)));
	*ret_fd = take_fd(&fd);
	return 0;
}

static int bind_any_port(int fd, const struct net_network *network, unsigned char family)
{
	const struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr = net_gateway(network)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	const struct ip gateway = net_gateway6(network);

	memcpy(&six.sin6_addr, gateway.bytes, sizeof(six.sin6_addr));
	return family == 6 ? bind(fd, (const struct sockaddr *)&six, sizeof(six))
			   : bind(fd, (const struct sockaddr *)&four, sizeof(four));
}

int net_hold_socket(const struct net_network *network, unsigned char family, int type, int *ret_fd,
		    struct err *err)
{
	if (family == 6 && !net_gateway6(network).family)
		return err_say(err, EAFNOSUPPORT, "network %s: no IPv6", net_network_name(network));
	autoclose int fd =
		socket(family == 6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind_any_port(fd, network, family) < 0 ||
	    (type == SOCK_STREAM && listen(fd, HOLD_BACKLOG) < 0))
		return err_set(err, errno, "network %s: a port of the gateway",
			       net_network_name(network));
	*ret_fd = take_fd(&fd);
	return 0;
}

bool net_hold_is_on(const struct net_network *network, unsigned char family, int fd)
{
	const struct ip gateway =
		family == 6 ? net_gateway6(network) : ip_of_in(net_gateway(network));
	struct sockaddr_in6 six = {0};
	struct sockaddr_in four;
	socklen_t len = sizeof(six);
	struct ip own = {0};

	if (getsockname(fd, (struct sockaddr *)&six, &len) < 0)
		return false;
	memcpy(&four, &six, sizeof(four));
	if (six.sin6_family == AF_INET)
		own = ip_of_in(four.sin_addr);
	if (six.sin6_family == AF_INET6) {
		own.family = 6;
		memcpy(own.bytes, &six.sin6_addr, sizeof(own.bytes));
	}
	return own.family && ip_compare(&own, &gateway) == 0;
}

uint16_t net_hold_port(int fd)
{
	/* In both families the port is where it is in this one. */
	struct sockaddr_in6 address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
	    (address.sin6_family != AF_INET && address.sin6_family != AF_INET6))
		return 0;
	return ntohs(address.sin6_port);
}
