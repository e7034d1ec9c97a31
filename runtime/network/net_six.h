// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: what IPv6 needs beside IPv4. By the same thread as the rest of the
 * net.
 */
#pragma once

#include "runtime/network/net.h"
#include "runtime/network/sysctl.h"

/* Once a stack has a network with IPv6: forwarding, and the table of rules, unless that is a dead
 * process's. */
int net_six_open(struct net *net, struct err *err) must_check;

/* Which addresses a new network has; its IPv4 ones are known. */
int net_six_plan(struct net_network *network, const struct net_network_config *config,
		 struct err *err) must_check;

/* Makes sure that @ip is the twin of no address that is given by itself. */
int net_six_reserve(struct net_network *network, const char *name, const struct ip *ip,
		    struct err *err) must_check;

/* The same for what is written for @name. */
int net_six_keep(struct net_network *network, const char *name, const struct ip *address,
		 struct err *err) must_check;

/* From here on the twin at @distance is @ip, as twin_fix() has it. */
int net_six_write(struct net_network *network, uint32_t distance, const struct ip *ip,
		  struct err *err) must_check;

/* Forgets what is written for @name, whose IPv4 address is still known. */
void net_six_release(struct net_network *network, const char *name);

/* The gateway's address, on a bridge that is up. */
int net_six_bridge(struct net_network *network, struct err *err) must_check;

/* Switches IPv6 on for a link in the calling thread's namespace. Addresses are ours to give, and
 * nobody is asked whether they are free: starts would wait a second for that. */
int net_six_link(struct sysctl *sysctl, const char *link, struct err *err) must_check;
