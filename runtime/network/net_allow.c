// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may call whom, by the groups that endpoints are attached with. An endpoint is put where it
 * belongs in the transaction that lets it speak (net_guard.c).
 */
#include "runtime/network/nft_allow.h"

#include "runtime/base/cleanup.h"
#include "runtime/network/net_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct allow_rule {
	char *group;
	struct strv callers;
};

static void rules_free(struct allow_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(rules[i].group);
		strv_free(&rules[i].callers);
	}
	free(rules);
}

void net_allow_free(struct net *net)
{
	rules_free(net->allow.rules, net->allow.count);
	net->allow = (struct net_allowed){0};
}

static bool is_as_before(const struct net *net, const struct net_allow *rules, size_t count)
{
	bool same = count == net->allow.count && !net->allow.outdated;

	for (size_t i = 0; same && i < count; i++) {
		const struct allow_rule *before = &net->allow.rules[i];

		same = strcmp(before->group, rules[i].group) == 0 &&
		       before->callers.count == rules[i].caller_count;
		for (size_t j = 0; same && j < rules[i].caller_count; j++)
			same = strcmp(before->callers.items[j], rules[i].callers[j]) == 0;
	}
	return same;
}

static struct allow_rule *copy(const struct net_allow *rules, size_t count)
{
	struct allow_rule *made = calloc(count + 1, sizeof(*made));
	bool whole = made != NULL;

	for (size_t i = 0; whole && i < count; i++) {
		made[i].group = strdup(rules[i].group);
		for (size_t j = 0; j < rules[i].caller_count; j++)
			strv_add(&made[i].callers, rules[i].callers[j]);
		whole = made[i].group && strv_check(&made[i].callers, NULL) == 0;
	}
	if (whole || !made)
		return made;
	rules_free(made, count);
	return NULL;
}

/* In the tables of routed packets an endpoint has one address of each family. */
static void put_routed(const struct net *net, struct buf *text, bool comes,
		       const struct nft_speaker *speaker, const struct ip *address)
{
	for (size_t i = 0; speaker->group && address->family && i < net->allow.count; i++) {
		const struct allow_rule *rule = &net->allow.rules[i];

		if (strv_has(&rule->callers, speaker->group))
			nft_allow_caller(text, net->tables, comes, i, address);
		if (strcmp(rule->group, speaker->group) == 0)
			nft_allow_called(text, net->tables, comes, i, address);
	}
}

void net_allow_put(const struct net *net, struct buf *text, bool comes,
		   const struct nft_speaker *speaker)
{
	const struct ip four = ip_of_in(speaker->address);

	put_routed(net, text, comes, speaker, &four);
	put_routed(net, text, comes, speaker, &speaker->address6);
}

static void put_bridged(const struct net *net, struct buf *text, bool comes,
			const struct nft_speaker *speaker)
{
	const struct ip four = ip_of_in(speaker->address);
	const struct ip local = twin_link_local(speaker->mac);

	nft_allow_port(text, net->stack, comes, speaker->port);
	nft_allow_bridged(text, net->stack, comes, &four);
	if (!speaker->address6.family)
		return;
	nft_allow_bridged(text, net->stack, comes, &speaker->address6);
	nft_allow_bridged(text, net->stack, comes, &local);
}

void net_allow_put_bridged(const struct net *net, struct buf *text, bool comes,
			   const struct nft_speaker *speaker)
{
	for (size_t i = 0; speaker->group && i < net->allow.count; i++)
		if (strcmp(net->allow.rules[i].group, speaker->group) == 0)
			put_bridged(net, text, comes, speaker);
}

struct listing {
	const struct net *net;
	struct buf *text;
};

static void list_speaker(void *data, const struct nft_speaker *speaker)
{
	struct listing *listing = data;

	net_allow_put(listing->net, listing->text, true, speaker);
}

static void put_virtual(const struct net *net, struct buf *text, size_t number)
{
	for (const struct net_network *one = net->networks; one; one = one->next) {
		const struct in_addr address = net_virtual(one, net->allow.rules[number].group);
		const struct ip four = ip_of_in(address), six = net_address6(one, address);

		if (address.s_addr == htonl(INADDR_ANY))
			continue;
		nft_allow_called(text, net->tables, true, number, &four);
		if (six.family)
			nft_allow_called(text, net->tables, true, number, &six);
	}
}

void net_allow_put_numbers(const struct net *net, struct buf *text, unsigned char family,
			   size_t before)
{
	const struct nft_allow_table table = {family, net->tables};

	nft_allow_numbers(text, &table, before, net->allow.count);
	for (size_t i = 0; i < net->allow.count; i++)
		if (!*net->allow.rules[i].group)
			nft_allow_host(text, &table, i);
}

void net_allow_put_all(const struct net *net, struct buf *text, size_t before)
{
	struct listing listing = {net, text};

	net_allow_put_numbers(net, text, 4, before);
	if (net->six)
		net_allow_put_numbers(net, text, 6, before);
	for (size_t i = 0; i < net->allow.count; i++)
		if (*net->allow.rules[i].group)
			put_virtual(net, text, i);
	net_each_speaker(net, list_speaker, &listing);
}

/* The host itself is not called through the bridges' tables. */
static bool is_any_called(const struct net *net)
{
	for (size_t i = 0; i < net->allow.count; i++)
		if (*net->allow.rules[i].group)
			return true;
	return false;
}

int net_allow(struct net *net, const struct net_allow *rules, size_t count, struct err *err)
{
	const size_t before = net->allow.count;
	autobuf struct buf text = {0};

	if (is_as_before(net, rules, count))
		return 0;
	struct allow_rule *made = copy(rules, count);

	if (!made)
		return err_set(err, ENOMEM, "network: who may call whom");
	net_allow_free(net);
	net->allow = (struct net_allowed){made, count, false};
	if (net->stale)
		return 0; /* all is made anew, and soon */
	net_allow_put_all(net, &text, before);
	int r = buf_check(&text, err);

	if (r == 0 && text.len)
		r = nft_run(net->nft, text.data, err);
	net->stale = r < 0;
	/* Who has left is in none of the new sets, and the bridges are to know who is called. */
	return r == 0 && (before > 0 || is_any_called(net)) ? net_guard_open(net, err) : r;
}
