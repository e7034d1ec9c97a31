// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses as sockets have them. Pure. */
#pragma once

#include "runtime/base/ip.h"

#include <stdint.h>
#include <sys/socket.h>

/* Family 0 for what is no IP address. */
struct ip address_ip(const struct sockaddr_storage *address);

/* Returns its length. */
socklen_t address_make(const struct ip *ip, uint16_t port, struct sockaddr_storage *ret);
