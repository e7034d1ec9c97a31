// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may speak at the bridges' ports: changes of the table beside the changes of the links. One
 * transaction for all links of an instance that starts, none for one that goes.
 */
#include "runtime/network/net_guard.h"

#include "runtime/network/net_private.h"
#include "runtime/network/nft_direct.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who has gone is told of at the latest when there are so many bytes to say of it. */
#define LEAVING_MAX 65536

static int run(struct net *net, struct buf *text, struct err *err)
{
	int r = buf_check(text, err);

	return r < 0 ? r : nft_run(net->nft, text->data, err);
}

static void change_free(struct net_guard_change *change)
{
	buf_free(&change->text);
	nft_batch_free(&change->batch);
	*change = (struct net_guard_change){0};
}

/* An instance that starts is one small message: libnftables would read all tables of the host. */
static int run_change(struct net *net, struct net_guard_change *change, struct err *err)
{
	int r = buf_check(&change->text, err);

	if (r < 0 || !change->text.len)
		return r;
	return change->mixed ? nft_run(net->nft, change->text.data, err)
			     : nft_direct_run(net->netfilter_fd, &change->batch, err);
}

struct listing {
	const struct net *net;
	struct buf *text;
};

static void list_speaker(void *data, const struct nft_speaker *speaker)
{
	struct listing *listing = data;

	nft_guard_admit(listing->text, listing->net->stack, speaker);
	net_allow_put_bridged(listing->net, listing->text, true, speaker);
}

static void put_gateway(struct buf *text, const struct net_network *network)
{
	unsigned char mac[6];

	net_mac(network->gateway, mac);
	nft_guard_gateway(text, network->net->stack, mac);
}

void net_guard_put_network(struct buf *text, const struct net_network *network)
{
	const struct net *net = network->net;

	if (!net->guard.missing && !net->unsettled)
		put_gateway(text, network);
}

int net_guard_open(struct net *net, struct err *err)
{
	autobuf struct buf text = {0};
	struct listing listing = {net, &text};
	struct err why = {0};
	char ports[IF_NAMESIZE];

	net_guard_free(net);
	snprintf(ports, sizeof(ports), "dv%08x", net->hash);
	nft_guard_table(&text, net->stack, ports);
	for (const struct net_network *one = net->networks; one; one = one->next)
		put_gateway(&text, one);
	net_each_speaker(net, list_speaker, &listing);
	int r = run(net, &text, &why);

	if (r == 0)
		return 0;
	net->guard.missing = r == -ENOMEM ? NULL : strdup(why.text);
	return net->guard.missing ? 0 : err_set(err, ENOMEM, "network: guard");
}

void net_guard_free(struct net *net)
{
	net_guard_forget_leaving(net);
	free(net->guard.missing);
	net->guard = (struct net_guard){0};
}

void net_guard_forget_leaving(struct net *net)
{
	change_free(&net->guard.leaving);
}

const char *net_unguarded(const struct net *net)
{
	return net->guard.missing;
}

static void put(const struct net *net, struct net_guard_change *change, bool comes,
		const struct nft_speaker *speaker)
{
	const size_t before = change->text.len;

	if (!net->stale)
		net_allow_put(net, &change->text, comes, speaker);
	if (!net->guard.missing)
		net_allow_put_bridged(net, &change->text, comes, speaker);
	change->mixed |= change->text.len > before;
	if (net->guard.missing)
		return;
	if (comes)
		nft_guard_admit(&change->text, net->stack, speaker);
	else
		nft_guard_dismiss(&change->text, net->stack, speaker);
	nft_guard_encode(&change->batch, comes, net->stack, speaker);
}

/* Makes all anew after somebody else has changed it. */
static int admit_anew(struct net *net, const struct nft_speaker *speakers, size_t count,
		      struct err *err)
{
	struct net_guard_change change = {0};
	int r = net_guard_open(net, err);

	net->stale = true;
	for (size_t i = 0; i < count; i++)
		put(net, &change, true, &speakers[i]);
	if (r == 0)
		r = run_change(net, &change, err);
	change_free(&change);
	return r;
}

/* Before net_settle() the table is the dead process's: it may not know who goes, and must not lose
 * who is still to be adopted. */
int net_guard_admit(struct net *net, const struct nft_speaker *speakers, size_t count,
		    struct err *err)
{
	struct net_guard_change change = net->guard.leaving;

	net->guard.leaving = (struct net_guard_change){0};
	for (size_t i = 0; i < count; i++)
		put(net, &change, true, &speakers[i]);
	int r = run_change(net, &change, err);

	change_free(&change);
	if (r == 0 || r == -ENOMEM)
		return r;
	/* The dead process may have had none. */
	return net->unsettled ? 0 : admit_anew(net, speakers, count, err);
}

void net_guard_dismiss(struct net *net, const struct nft_speaker *speaker)
{
	if (net->unsettled)
		return;
	put(net, &net->guard.leaving, false, speaker);
	if (net->guard.leaving.text.len > LEAVING_MAX)
		(void)!net_guard_admit(net, NULL, 0, NULL); /* the next one tries again */
}

void net_guard_remove(struct nft *nft, const char *stack)
{
	autobuf struct buf text = {0};

	nft_guard_remove(&text, stack);
	if (buf_check(&text, NULL) == 0)
		(void)!nft_run(nft, text.data, NULL);
}
