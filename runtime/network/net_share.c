// SPDX-License-Identifier: GPL-2.0-or-later
/* Networks of several stacks; see net_share.h. */
#include "runtime/network/net_share.h"

#include "runtime/base/cleanup.h"
#include "runtime/network/net_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define THE_SERVER "the name server"

/* Of bridges whose owner has gone; no stack's group is like that. */
#define LEFT_GROUP 0xc0000000U

static int remember(struct net_network *network, const char *known_as, const char *owner,
		    struct err *err)
{
	network->known_as = strdup(known_as);
	network->owner = strdup(owner);
	network->stacks_fd = registry_stacks(network->shared_fd);
	if (network->stacks_fd < 0)
		return err_set(err, -network->stacks_fd, "network: '%s'", known_as);
	return network->known_as && network->owner ? 0 : err_set(err, ENOMEM, "network");
}

/* A stack is in a network once, by whatever key. */
static int check_once(const struct net *net, const char *known_as, struct err *err)
{
	for (const struct net_network *one = net->networks; one; one = one->next)
		if (one->known_as && strcmp(one->known_as, known_as) == 0)
			return err_say(err, EEXIST,
				       "network: '%s' is '%s' of this stack already: run davit "
				       "down first",
				       known_as, one->name);
	return 0;
}

/* Whether another stack has the name, or this one has left it to others. */
static int judge(const struct net_network *network, int fd, const char *known_as,
		 struct registry_place *place, struct err *err)
{
	const char *stack = network->net->stack;
	autostrv struct strv others = {0};
	int r = registry_read(fd, place, NULL);

	place->left = false;
	if (r < 0 && r != -ENOENT && r != -EBADMSG)
		return err_set(err, -r, "network: read where '%s' is", known_as);
	registry_others(fd, stack, &others);
	/* Who is in one that has no place yet is making it. */
	const char *owner = r == 0 ? place->owner : others.count ? others.items[0] : stack;

	if (strcmp(owner, stack) == 0) {
		place->left = others.count > 0;
		return 0;
	}
	if (!others.count && !registry_is_alive(fd, owner))
		return 0;
	return err_say(err, EEXIST,
		       "network: '%s' is that of stack '%s': external: true joins it, and name: "
		       "makes another one",
		       known_as, owner);
}

int net_share_begin(struct net_network *network, const struct net_network_config *config,
		    struct registry_place *ret_left, struct err *err)
{
	const struct net *net = network->net;
	autoclose int lock_fd = -1, fd = -1;
	struct registry_place place = {0};
	int r = check_once(net, config->known_as, err);

	if (r == 0)
		r = registry_lock(net->registry, &lock_fd, err);
	if (r == 0)
		r = registry_make(lock_fd, config->known_as, &fd, err);
	if (r == 0)
		r = judge(network, fd, config->known_as, &place, err);
	if (r == 0 && place.left &&
	    (place.made_from != net_hash(NET_HASH_START, config->definition) ||
	     strcmp(place.bridge, network->bridge) != 0))
		r = err_say(err, EBUSY,
			    "network: '%s' has changed, and other stacks are in it as it was",
			    config->known_as);
	if (r == 0 && !place.left)
		r = registry_remove(lock_fd, config->known_as, err);
	if (r == 0 && !place.left) {
		fd_drop(&fd);
		r = registry_make(lock_fd, config->known_as, &fd, err);
	}
	if (r == 0)
		r = registry_enter(fd, net->stack, err);
	if (r < 0)
		return r;
	network->shared_fd = take_fd(&fd);
	*ret_left = place;
	return remember(network, config->known_as, net->stack, err);
}

static uint32_t last_of(const struct net_network *network)
{
	return network->addresses.last;
}

int net_share_end(struct net_network *network, const struct net_network_config *config,
		  struct err *err)
{
	struct registry_place place = {
		.subnet = {net_ip(network->subnet.address), network->subnet.prefix},
		.first = net_ip(network->addresses.first),
		.last = net_ip(last_of(network)),
		.gateway = net_ip(network->gateway),
		.subnet6 = network->twin.subnet,
		.gateway6 = network->twin.gateway,
		.internal = network->internal,
		.mtu = network->mtu,
		.made_from = net_hash(NET_HASH_START, config->definition),
	};

	snprintf(place.owner, sizeof(place.owner), "%s", network->net->stack);
	snprintf(place.bridge, sizeof(place.bridge), "%s", network->bridge);
	return registry_write(network->shared_fd, &place, err);
}

static struct net_place place_of(const struct registry_place *place)
{
	return (struct net_place){.address = ip_in(&place->subnet.ip),
				  .prefix = place->subnet.bits,
				  .gateway = ip_in(&place->gateway),
				  .subnet6 = place->subnet6,
				  .gateway6 = place->gateway6};
}

/* The table of a network whose owner has gone is called after its bridge. */
static void put_left(struct buf *text, const struct registry_place *place, bool comes,
		     unsigned char family)
{
	char stack[IF_NAMESIZE + 8];
	const bool six = family == 6;
	const struct nft_network network = {
		.stack = stack,
		.bridge = place->bridge,
		.subnet = {ip_prefix_first(six ? &place->subnet6 : &place->subnet),
			   six ? place->subnet6.bits : place->subnet.bits},
		.internal = place->internal,
		.gateway = six ? place->gateway6 : place->gateway,
	};

	snprintf(stack, sizeof(stack), "left.%s", place->bridge);
	if (!network.gateway.family)
		return;
	if (!comes) {
		nft_rules_remove(text, family, stack);
		return;
	}
	nft_rules_table(text, family, stack);
	nft_rules_network(text, &network);
}

static int set_left(struct nft *nft, const struct registry_place *place, bool comes,
		    struct err *err)
{
	autobuf struct buf text = {0};

	put_left(&text, place, comes, 4);
	put_left(&text, place, comes, 6);
	int r = buf_check(&text, err);

	return r < 0 ? r : nft_run(nft, text.data, err);
}

int net_share_return(struct net_network *network, const struct net_network_config *config,
		     const struct registry_place *left, struct err *err)
{
	const struct net_place place = place_of(left);
	struct net *net = network->net;
	int r = net_network_take(network, config, &place, err);

	/* What is written as left stays with others when the stack goes: it is written first, and
	 * whoever dies in between has leave() find the bridge in the group of those left. */
	if (r == 0)
		r = net_share_end(network, config, err);
	if (r == 0)
		r = set_left(net->nft, left, false, err);
	if (r == 0)
		r = rtnet_link_group(net->rtnet, network->bridge, net_group(net), err);
	return r;
}

/* The registry; locked, unless a predecessor of this process has entered the network: then who is
 * in it does not change, and nobody has to be waited for. */
static int open_registry(const struct net *net, const char *known_as, int *ret_fd, struct err *err)
{
	autoclose int registry_fd = -1, fd = -1;

	if (!net->unsettled || registry_open(net->registry, &registry_fd, NULL) < 0 ||
	    registry_find(registry_fd, known_as, &fd, NULL) < 0 || !registry_has(fd, net->stack))
		return registry_lock(net->registry, ret_fd, err);
	*ret_fd = take_fd(&registry_fd);
	return 0;
}

/* Who is in it already writes nothing: there may be no room. */
static int enter(const struct net_network *network, struct err *err)
{
	const char *stack = network->net->stack;

	return registry_has(network->shared_fd, stack)
		       ? 0
		       : registry_enter(network->shared_fd, stack, err);
}

static int find_own(struct net_network *network, const char *known_as, struct err *err)
{
	const char *stack = network->net->stack;
	autoclose int registry_fd = -1;
	struct registry_place place;
	int r = open_registry(network->net, known_as, &registry_fd, err);

	if (r == 0)
		r = registry_find(registry_fd, known_as, &network->shared_fd, err);
	if (r == 0)
		r = registry_read(network->shared_fd, &place, err);
	if (r == 0 &&
	    (strcmp(place.owner, stack) != 0 || strcmp(place.bridge, network->bridge) != 0))
		r = err_say(err, ENOENT, "network: '%s' is another one", known_as);
	return r == 0 ? enter(network, err) : r;
}

static bool lacks(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE;
}

int net_share_adopt(struct net_network *network, const struct net_network_config *config,
		    struct err *err)
{
	int r = find_own(network, config->known_as, err);

	if (r == 0)
		return remember(network, config->known_as, network->net->stack, err);
	fd_drop(&network->shared_fd);
	return lacks(r) ? r : 0;
}

/* One of the stack's own claims. */
struct search {
	struct net_network *network;
	uint32_t server; /* 0: none */
};

static void look_for_server(void *data, const struct ip *address, const char *what)
{
	struct search *search = data;

	if (address->family == 4 && strcmp(what, THE_SERVER) == 0)
		search->server = net_number(address);
}

/* What a predecessor served at is what instances ask. */
static int take_server(struct net_network *network, struct err *err)
{
	struct search search = {.network = network};
	struct net *net = network->net;

	registry_claims(network->shared_fd, net->stack, look_for_server, &search);
	int r = search.server ? addr_pool_fix(&network->addresses, THE_SERVER, search.server, err)
			      : addr_pool_take_last(&network->addresses, THE_SERVER, 0, err);

	if (r < 0)
		return r;
	network->server = addr_pool_address(&network->addresses, THE_SERVER);
	r = rtnet_link_address(net->rtnet, network->bridge_index,
			       (struct in_addr){htonl(network->server)}, 32, err);
	return r == -EEXIST ? 0 : r;
}

static int find_place(struct net_network *network, const char *known_as,
		      struct registry_place *place, struct err *err)
{
	const struct net *net = network->net;
	autoclose int registry_fd = -1;
	int r = check_once(net, known_as, err);

	if (r == 0)
		r = open_registry(net, known_as, &registry_fd, err);
	if (r == 0)
		r = registry_find(registry_fd, known_as, &network->shared_fd, err);
	if (r == 0)
		r = registry_read(network->shared_fd, place, err);
	if (r == 0 && !place->left && !net->unsettled &&
	    !registry_is_alive(network->shared_fd, place->owner))
		r = -ENOENT;
	if (r == -ENOENT)
		return err_say(err, ENOENT,
			       "network: there is no '%s': an external network is made by a stack "
			       "that has it under networks without external: start that one first",
			       known_as);
	if (r == 0 && !place->left && strcmp(place->owner, net->stack) == 0)
		return err_say(err, EEXIST,
			       "network: '%s' is this stack's own: remove external: true",
			       known_as);
	if (r == 0)
		r = enter(network, err);
	return r < 0 ? r : remember(network, known_as, place->owner, err);
}

static int settle_in(struct net_network *network, const struct registry_place *place,
		     struct err *err)
{
	struct net *net = network->net;
	autobuf struct buf text = {0};
	int r = 0;

	network->joined = true;
	network->internal = place->internal;
	network->mtu = place->mtu;
	network->subnet = (struct subnet){net_number(&place->subnet.ip), place->subnet.bits};
	network->gateway = net_number(&place->gateway);
	network->twin.subnet = place->subnet6;
	network->twin.gateway = place->gateway6;
	snprintf(network->bridge, sizeof(network->bridge), "%s", place->bridge);
	addr_pool_init(&network->addresses, net_number(&place->first), net_number(&place->last));
	net_share_claim(network);
	if (network->twin.subnet.ip.family)
		r = net_six_open(net, err);
	if (r == 0)
		r = rtnet_link_index(net->rtnet, network->bridge, &network->bridge_index, err);
	if (r == 0)
		r = take_server(network, err);
	net_network_rules(network, &text);
	net_guard_put_network(&text, network);
	if (r == 0)
		r = buf_check(&text, err);
	/* A stale table is replaced as a whole. */
	return r == 0 && !net->stale ? nft_run(net->nft, text.data, err) : r;
}

int net_network_join(struct net *net, const char *name, const char *known_as,
		     struct net_network **ret_network, struct err *err)
{
	struct net_network *network = net_network_new(net, name);
	struct registry_place place = {0};

	if (!network)
		return err_set(err, ENOMEM, "network");
	int r = net->registry ? find_place(network, known_as, &place, err)
			      : err_say(err, ENOENT, "network: there is no '%s'", known_as);
	if (r == 0)
		r = settle_in(network, &place, err);
	/* The next supervisor may have more luck with what was joined before. */
	if (r < 0 && network->known_as && !net->unsettled)
		net_share_give_up(network, known_as);
	if (r < 0) {
		net_network_free(network);
		return r;
	}
	net_network_add(network);
	*ret_network = network;
	return 0;
}

struct net_shared net_network_shared(const struct net_network *network)
{
	return (struct net_shared){network->known_as, network->owner, network->stacks_fd};
}

void net_network_others(const struct net_network *network, struct strv *others)
{
	if (network->known_as)
		registry_others(network->shared_fd, network->net->stack, others);
}

/* One network in the registry, which a stack is to leave. */
struct leaving {
	const char *stack;
	const char *name;
	struct rtnet *rtnet;
	struct nft *nft;
	int registry_fd;
	int fd;
	struct registry_place place;
};

static void remove_server(void *data, const struct ip *address, const char *what)
{
	const struct leaving *leaving = data;
	int index = 0;

	if (address->family == 4 && strcmp(what, THE_SERVER) == 0 &&
	    rtnet_link_index(leaving->rtnet, leaving->place.bridge, &index, NULL) == 0)
		err_ignore(rtnet_address_remove(leaving->rtnet, index, ip_in(address), 32, NULL));
}

/* To those who are in it. */
static void leave_behind(struct leaving *leaving)
{
	leaving->place.left = true;
	if (set_left(leaving->nft, &leaving->place, true, NULL) == 0 &&
	    rtnet_link_group(leaving->rtnet, leaving->place.bridge, LEFT_GROUP, NULL) == 0)
		err_ignore(registry_write(leaving->fd, &leaving->place, NULL));
}

/* Its stack was on the way out of it, or back, when it died. */
static bool is_half_left(const struct leaving *leaving)
{
	struct rtnet_names names = {0};
	bool found = false;

	if (rtnet_list_group(leaving->rtnet, LEFT_GROUP, &names, NULL) < 0)
		return false;
	for (size_t i = 0; i < names.count; i++)
		found |= strcmp(names.items[i], leaving->place.bridge) == 0;
	free(names.items);
	return found;
}

static void remove_left(struct leaving *leaving)
{
	err_ignore(rtnet_link_remove(leaving->rtnet, leaving->place.bridge, NULL));
	err_ignore(set_left(leaving->nft, &leaving->place, false, NULL));
}

static void leave(struct leaving *leaving)
{
	autostrv struct strv others = {0};
	const char *owner = leaving->place.owner;
	const bool own = !*owner || strcmp(owner, leaving->stack) == 0;

	if (!registry_has(leaving->fd, leaving->stack) && (!own || !*owner))
		return;
	registry_others(leaving->fd, leaving->stack, &others);
	registry_claims(leaving->fd, leaving->stack, remove_server, leaving);
	if (others.count && own && !leaving->place.left)
		leave_behind(leaving);
	registry_leave(leaving->fd, leaving->stack);
	if (others.count || (!own && !leaving->place.left))
		return;
	if (leaving->place.left || is_half_left(leaving))
		remove_left(leaving);
	err_ignore(registry_remove(leaving->registry_fd, leaving->name, NULL));
}

static void leave_one(struct leaving *leaving, const char *name)
{
	autoclose int fd = -1;

	leaving->name = name;
	leaving->place = (struct registry_place){0};
	if (registry_find(leaving->registry_fd, name, &fd, NULL) < 0)
		return;
	int r = registry_read(fd, &leaving->place, NULL);

	/* One that was never made has no place, and nobody else is in it. */
	if (r < 0 && r != -ENOENT)
		return;
	leaving->fd = fd;
	leave(leaving);
}

/* Whoever keeps the lock for so long does not go on; what would not be left to others would be
 * removed under them. */
static int open_to_leave(const char *registry, int *ret_fd)
{
	if (access(registry, F_OK) < 0)
		return -ENOENT;
	return registry_lock(registry, ret_fd, NULL) == 0 ? 0
							  : registry_open(registry, ret_fd, NULL);
}

void net_share_leave(const struct net_config *config, struct rtnet *rtnet, struct nft *nft)
{
	struct leaving leaving = {.stack = config->stack, .rtnet = rtnet, .nft = nft};
	autoclose int fd = -1;
	autostrv struct strv names = {0};

	if (!config->registry || open_to_leave(config->registry, &fd) < 0 ||
	    registry_list(fd, &names, NULL) < 0)
		return;
	leaving.registry_fd = fd;
	for (size_t i = 0; i < names.count; i++)
		leave_one(&leaving, names.items[i]);
	registry_tidy(config->registry);
}

void net_share_give_up(const struct net_network *network, const char *known_as)
{
	const struct net *net = network->net;
	struct leaving leaving = {.stack = net->stack, .rtnet = net->rtnet, .nft = net->nft};
	autoclose int fd = -1;

	if (open_to_leave(net->registry, &fd) < 0)
		return;
	leaving.registry_fd = fd;
	leave_one(&leaving, known_as);
}
