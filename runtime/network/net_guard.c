// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may speak at the bridges' ports: changes of the table beside the changes of the links. One
 * transaction for all links of an instance that starts, none for one that goes.
 */
#include "runtime/network/net_guard.h"

#include "runtime/network/net_private.h"

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

struct listing {
	const char *stack;
	struct buf *text;
};

static void list_speaker(void *data, const struct nft_speaker *speaker)
{
	struct listing *listing = data;

	nft_guard_admit(listing->text, listing->stack, speaker);
}

int net_guard_open(struct net *net, struct err *err)
{
	autobuf struct buf text = {0};
	struct listing listing = {net->stack, &text};
	struct err why = {0};
	char ports[IF_NAMESIZE];

	net_guard_free(net);
	snprintf(ports, sizeof(ports), "dv%08x", net->hash);
	nft_guard_table(&text, net->stack, ports);
	net_each_speaker(net, list_speaker, &listing);
	int r = run(net, &text, &why);

	if (r == 0)
		return 0;
	net->guard.missing = r == -ENOMEM ? NULL : strdup(why.text);
	return net->guard.missing ? 0 : err_set(err, ENOMEM, "network: guard");
}

void net_guard_free(struct net *net)
{
	buf_free(&net->guard.leaving);
	free(net->guard.missing);
	net->guard = (struct net_guard){0};
}

const char *net_unguarded(const struct net *net)
{
	return net->guard.missing;
}

static int admit_anew(struct net *net, const struct nft_speaker *speakers, size_t count,
		      struct err *err)
{
	autobuf struct buf text = {0};

	for (size_t i = 0; i < count; i++)
		nft_guard_admit(&text, net->stack, &speakers[i]);
	return net->guard.missing || count == 0 ? 0 : run(net, &text, err);
}

/* Before net_settle() the table is the dead process's: it may not know who goes, and must not lose
 * who is still to be adopted. */
int net_guard_admit(struct net *net, const struct nft_speaker *speakers, size_t count,
		    struct err *err)
{
	autobuf struct buf text = net->guard.leaving;

	net->guard.leaving = (struct buf){0};
	for (size_t i = 0; i < count; i++)
		nft_guard_admit(&text, net->stack, &speakers[i]);
	if (net->guard.missing || !text.len)
		return buf_check(&text, err);
	int r = run(net, &text, err);

	if (r == 0 || r == -ENOMEM)
		return r;
	/* The dead process had none, or somebody else has changed it. */
	if (net->unsettled)
		return 0;
	r = net_guard_open(net, err);
	return r < 0 ? r : admit_anew(net, speakers, count, err);
}

void net_guard_dismiss(struct net *net, const struct nft_speaker *speaker)
{
	if (net->guard.missing || net->unsettled)
		return;
	nft_guard_dismiss(&net->guard.leaving, net->stack, speaker);
	if (net->guard.leaving.len > LEAVING_MAX)
		(void)!net_guard_admit(net, NULL, 0, NULL); /* the next one tries again */
}

void net_guard_remove(struct nft *nft, const char *stack)
{
	autobuf struct buf text = {0};

	nft_guard_remove(&text, stack);
	if (buf_check(&text, NULL) == 0)
		(void)!nft_run(nft, text.data, NULL);
}
