// SPDX-License-Identifier: GPL-2.0-or-later
/* How many connections the balancer has seen: the counters of its groups. */
#include "runtime/network/net_hold.h"
#include "runtime/network/net_private.h"
#include "runtime/network/nft_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNTER "counter hits_"
#define PACKETS "packets "

static const char *group_of(const struct balancer *balancer, unsigned long number)
{
	for (size_t i = 0; i < balancer->group_count; i++)
		if (balancer->groups[i].number == number)
			return balancer->groups[i].name;
	return NULL;
}

struct reading {
	void (*seen)(void *data, const char *group, uint64_t hits);
	void *data;
};

static int read_family(struct net *net, unsigned char family, const struct reading *reading,
		       struct err *err)
{
	const struct balancer *balancer = &net->balancers[family == 6];
	char command[128];
	const char *text = NULL;

	snprintf(command, sizeof(command), "list counters table %s davit_%s", nft_family(family),
		 net->stack);
	int r = nft_read(net->nft, command, &text, err);

	while (r == 0 && (text = strstr(text, COUNTER))) {
		const char *name = group_of(balancer, strtoul(text + strlen(COUNTER), NULL, 10));
		const char *packets = strstr(text, PACKETS);

		if (name && packets)
			reading->seen(reading->data, name,
				      strtoull(packets + strlen(PACKETS), NULL, 10));
		text += strlen(COUNTER);
	}
	return r;
}

int net_hits(struct net *net, void (*seen)(void *data, const char *group, uint64_t hits),
	     void *data, struct err *err)
{
	const struct reading reading = {seen, data};
	int r = read_family(net, 4, &reading, err);

	return r == 0 && net->six ? read_family(net, 6, &reading, err) : r;
}
