// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The part of decode.h that is about networks and names. Private to this folder.
 */
#pragma once

#include "manifests/decode.h"

/* decode_networks.c; decode_networks() also without any, for the default one */
void decode_networks(struct decoder *decoder, const struct node *root);
void decode_driver_options(struct decoder *decoder, const struct node *node, const char *key,
			   struct text_list *ret_options);

/* decode_attachments.c */
decode_fn decode_service_networks, decode_network_mode, decode_mac_address;

/* Nothing where the text is empty. */
void decode_ip(struct decoder *decoder, const struct node *node, const char *key,
	       struct ip_spec *ret_ip);

/* What can be a word of a hosts file. */
bool decode_is_host(const char *text);

/* decode_names.c */
decode_fn decode_extra_hosts, decode_dns, decode_dns_opt, decode_dns_search, decode_external_links;

/* NAME or NAME:ALIAS; false with an error. */
bool decode_link(struct decoder *decoder, const struct node *node, const char *key,
		 struct link_spec *ret_link);
