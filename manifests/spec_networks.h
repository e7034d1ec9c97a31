// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a manifest says about networks: the networks of a stack, how a service is attached to them,
 * and what it knows the outside by. Part of stack.h.
 */
#pragma once

#include "manifests/spec.h"
#include "runtime/base/ip.h"

enum network_mode {
	NETWORK_BRIDGE, /* attached to networks of the stack */
	NETWORK_HOST,
	NETWORK_NONE,
	NETWORK_SERVICE,   /* shares the network of another service's instance: `join` */
	NETWORK_CONTAINER, /* shares that of an instance by its name: `join` */
	NETWORK_NAMED,	   /* a network that is not the stack's, by its name: `join` */
};

enum network_driver {
	NETWORK_DRIVER_BRIDGE,
	NETWORK_DRIVER_HOST,
	NETWORK_DRIVER_NONE,
	NETWORK_DRIVER_MACVLAN,
	NETWORK_DRIVER_IPVLAN,
};

/* An address with its name or without one; family 0: not written. */
struct ip_spec {
	char *name;
	struct ip ip;
	struct pos pos;
};

/* A prefix without bits behind it; family 0: not written. */
struct prefix_spec {
	struct ip_prefix prefix;
	struct pos pos;
};

/* One entry of `ipam.config`. */
struct subnet_spec {
	struct prefix_spec subnet;
	struct prefix_spec range; /* addresses are given from this part of the subnet */
	struct ip_spec gateway;	  /* default: the first address of the subnet */
	struct ip_spec *reserved; /* aux_addresses: never given; sorted by name */
	size_t reserved_count;
	struct pos pos;
};

/* How the option of that name begins in a list. */
#define NETWORK_OPTION_MTU "com.docker.network.driver.mtu="

struct network {
	char *key;  /* the name services refer to */
	char *name; /* the name for others: `name:`, else STACK_key */
	enum network_driver driver;
	struct pos driver_pos;
	struct pos external_pos;
	struct pos internal_pos;
	struct pos ipv4_pos;
	struct pos ipv6_pos;
	bool external; /* somebody else's: never made here */
	bool internal; /* no way out */
	bool ipv4;     /* default true */
	bool ipv6;     /* default: whether one of its subnets is */
	bool used;     /* an enabled service is attached to it */
	struct subnet_spec *subnets;
	size_t subnet_count;
	struct text_list labels;	 /* "key=value", sorted by key */
	struct text_list driver_options; /* the same */
	unsigned mtu;			 /* one of them; 0: not written */
	struct pos pos; /* line 0: not written, the `default` that every stack has */
};

/* One entry of `services.X.networks`. */
struct net_attachment {
	char *network; /* key of a network */
	struct text_list aliases;
	struct ip_spec ipv4; /* fixed addresses */
	struct ip_spec ipv6;
	struct text mac_address;    /* canonical: "02:42:ac:11:00:02"; value NULL: derived */
	struct text interface_name; /* value NULL: eth0, eth1, … */
	int64_t priority;	    /* default 0; the highest one connects first */
	int64_t gw_priority;	    /* default 0; the highest one has the default route */
	struct text_list driver_options;
	struct pos pos;
};

/* `links` with an alias of its own, `external_links`. */
struct link_spec {
	char *target; /* a service, or an instance elsewhere */
	char *alias;  /* never NULL: the target's name by default */
	struct pos pos;
};

/* One address of `extra_hosts`; a name may have several. */
struct host_spec {
	char *name;
	char *address; /* canonical text; "host-gateway": the host, as the instance sees it */
	struct pos pos;
};

struct service_network {
	enum network_mode mode;
	struct text join;    /* NETWORK_SERVICE, _CONTAINER, _NAMED */
	char *join_service;  /* whose instance that is, where it is one of this stack */
	unsigned join_index; /* which one; 0: the one of the same number */
	struct pos mode_pos;
	struct net_attachment *attachments; /* sorted by network; NETWORK_BRIDGE has at least one */
	size_t attachment_count;
	struct pos attachments_pos; /* line 0: the default one only, not written */
	struct link_spec *links;    /* those whose alias is not the service's own name */
	size_t link_count;
	struct link_spec *external_links;
	size_t external_link_count;
	struct host_spec *hosts; /* in the order written */
	size_t host_count;
	struct text_list dns; /* canonical addresses */
	struct text_list dns_options;
	struct text_list dns_search;
	struct text mac_address; /* of the first network; canonical */
};
