// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The network of one stack: a bridge with a subnet, an endpoint (network namespace, veth, fixed
 * address) per instance, and one nftables table with outgoing NAT and published ports.
 *
 * Links and addresses through libnl (batched), rules through libnftables in one transaction per
 * change. Everything made here carries the stack's name or its hash, so that a leftover of a dead
 * process is found and removed. Forwarding is switched on for the whole host and stays on; a
 * firewall of somebody else that drops forwarded packets also drops ours.
 *
 * All calls work in the calling thread, which must be in the host's network namespace and is there
 * again when they return. None waits for anything but the kernel; only net_close() and net_purge()
 * take tens of milliseconds.
 */
#pragma once

#include "runtime/base/err.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net;
struct net_endpoint;

struct net_config {
	const char *stack; /* names the nft table "davit_<stack>" and, hashed, the bridge "dv-<8
			      hex>" */
	const char *pool; /* CIDR from which a free /24 is taken that overlaps no route of the host;
			     NULL: 10.213.0.0/16 */
};

/*
 * Makes bridge, subnet and table, first removing leftovers of the same stack.
 * @ret_net	out: owned by the caller, net_close()
 */
int net_open(const struct net_config *config, struct net **ret_net, struct err *err) must_check;

/* Removes table, links and bridge, then frees. Endpoints must be detached before. Accepts NULL. */
void net_close(struct net *net);

/* Removes what a dead process has left of the stack's network; nothing there is success. */
int net_purge(const char *stack, struct err *err) must_check;

struct in_addr net_gateway(const struct net *net);

/*
 * Makes a network namespace with lo up and, connected to the bridge, eth0 with an address and a
 * default route. The same name gets the same address as long as the net lives.
 *
 * @name	the instance, such as "web-1"
 * @ret_endpoint out: owned by the caller, net_detach()
 *
 * Returns 0; -EADDRNOTAVAIL when the subnet is full; -EBUSY when the name is attached already;
 * -errno, and then nothing of it is left.
 */
int net_attach(struct net *net, const char *name, struct net_endpoint **ret_endpoint,
	       struct err *err) must_check;

/* Makes an endpoint with only lo (network_mode: none). */
int net_attach_none(struct net_endpoint **ret_endpoint, struct err *err) must_check;

/* Cuts the endpoint off at once; the kernel removes link and namespace in the background as soon as
 * no process uses them. Accepts NULL. */
void net_detach(struct net_endpoint *endpoint);

int net_endpoint_netns(const struct net_endpoint *endpoint);		  /* borrowed fd */
struct in_addr net_endpoint_address(const struct net_endpoint *endpoint); /* INADDR_ANY for none */

/* A socket from inside the endpoint's namespace. @ret_fd out: close-on-exec, owned by the caller */
int net_endpoint_socket(const struct net_endpoint *endpoint, int domain, int type, int *ret_fd,
			struct err *err) must_check;

/* Forgets the address kept for @name, so that another instance may get it. */
void net_release(struct net *net, const char *name);

/* One published port and the endpoints that new connections are spread over, evenly. */
struct net_port {
	int protocol;		/* IPPROTO_TCP or IPPROTO_UDP */
	struct in_addr host_ip; /* INADDR_ANY: every address of the host */
	uint16_t host_port;	/* host byte order, as all ports here */
	uint16_t target_port;
	const struct in_addr *targets;
	size_t target_count; /* 0: connections are refused */
};

/*
 * Replaces all published ports in one transaction; established connections stay where they are.
 * Reachable from other hosts, from the host itself (127.0.0.1 too) and from instances.
 */
int net_publish(struct net *net, const struct net_port *ports, size_t count,
		struct err *err) must_check;

/*
 * Reserves a port of the host by binding it, so that nobody else can and so that a port in use is
 * noticed.
 *
 * @port	in: wanted, 0 for any; out: what was bound
 * @ret_fd	out: keeps the port while open; owned by the caller
 *
 * Returns 0; -EADDRINUSE (err names the process that holds it where it can be found); -errno.
 */
int net_port_reserve(int protocol, struct in_addr host_ip, uint16_t *port, int *ret_fd,
		     struct err *err) must_check;
