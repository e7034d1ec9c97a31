// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses as sockets have them; see address.h. */
#include "launcher/dns/address.h"

#include <netinet/in.h>
#include <string.h>

struct ip address_ip(const struct sockaddr_storage *address)
{
	struct ip ip = {0};

	if (address->ss_family == AF_INET) {
		ip.family = 4;
		memcpy(ip.bytes, &((const struct sockaddr_in *)address)->sin_addr, 4);
	} else if (address->ss_family == AF_INET6) {
		ip.family = 6;
		memcpy(ip.bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
	}
	return ip;
}

socklen_t address_make(const struct ip *ip, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;

	*ret = (struct sockaddr_storage){0};
	if (ip->family == 4) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		memcpy(&four->sin_addr, ip->bytes, 4);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	memcpy(&six->sin6_addr, ip->bytes, 16);
	return sizeof(*six);
}
