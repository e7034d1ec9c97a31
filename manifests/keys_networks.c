// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of the keys of networks; see keys.h. */
#include "manifests/keys.h"

const struct key_info keys_network[] = {
	{"driver"},	 {"driver_opts"},
	{"enable_ipv4"}, {"enable_ipv6"},
	{"external"},	 {"internal"},
	{"ipam"},	 {"labels"},
	{"name"},	 {"attachable", KEY_IGNORE, "has no effect: there is only this machine"},
	{NULL},
};

const struct key_info keys_ipam[] = {
	{"config"},
	{"driver"},
	{"options", KEY_IGNORE, "has no effect: the default driver has none"},
	{NULL},
};

const struct key_info keys_subnet[] = {
	{"aux_addresses"}, {"gateway"}, {"ip_range"}, {"subnet"}, {NULL},
};

const struct key_info keys_attachment[] = {
	{"aliases"},
	{"driver_opts"},
	{"gw_priority"},
	{"interface_name"},
	{"ipv4_address"},
	{"ipv6_address"},
	{"mac_address"},
	{"priority"},
	{"link_local_ips", KEY_REFUSE, "is not supported: the kernel makes link-local addresses"},
	{NULL},
};
