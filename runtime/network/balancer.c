// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each group has a chain, whose rule picks a number in turn (or by the client's address) and looks
 * up in the map "slots" which endpoint that is. All groups share the map: a group's numbers begin
 * at its own times 65536. So one endpoint more or less is one element and one rule, however many
 * there are; whoever stays keeps his slot.
 *
 * A packet may meet the old rule and the new map: the last rule of a chain, with an address in it,
 * is for who finds an empty slot then.
 */
#include "runtime/network/balancer.h"

#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* numgen and jhash have 32 bits, 16 of which tell the group. */
#define SLOTS_MAX   65536U
#define NUMBERS_MAX 65536U

/* One transaction in the making: elements go before they come, so that one may move. */
struct change {
	const char *stack;
	struct buf left;    /* addresses that are in no group any more, as numbers */
	struct buf chains;  /* new ones */
	struct buf maps;    /* all published ports, where one has changed */
	struct buf gone;    /* elements */
	struct buf come;    /* elements */
	struct buf rules;   /* of chains that stay or are new */
	struct buf dropped; /* chains */
};

static void change_free(struct change *change)
{
	buf_free(&change->maps);
	buf_free(&change->gone);
	buf_free(&change->left);
	buf_free(&change->chains);
	buf_free(&change->come);
	buf_free(&change->rules);
	buf_free(&change->dropped);
}

static const char *text_of(uint32_t address, char text[INET_ADDRSTRLEN])
{
	const struct in_addr in = {htonl(address)};

	return inet_ntop(AF_INET, &in, text, INET_ADDRSTRLEN);
}

static void put_slot(struct change *change, bool comes, const struct balancer_kept *group,
		     size_t slot, uint32_t address)
{
	char text[INET_ADDRSTRLEN];
	unsigned long number = group->number * (unsigned long)SLOTS_MAX + slot;

	if (comes)
		buf_printf(&change->come, "add element ip davit_%s slots { %lu : %s }\n",
			   change->stack, number, text_of(address, text));
	else
		buf_printf(&change->gone, "delete element ip davit_%s slots { %lu }\n",
			   change->stack, number);
}

/* Sets of endpoints. */
enum members {
	MEMBERS_OWN,	 /* all: who calls himself */
	MEMBERS_SEVERAL, /* those that others may stand in for */
};

static void put_member(struct change *change, enum members set, bool comes, uint32_t address)
{
	struct buf *to = comes ? &change->come : &change->gone;
	char text[INET_ADDRSTRLEN];

	if (set == MEMBERS_OWN && !comes)
		buf_put(&change->left, &address, sizeof(address));
	text_of(address, text);
	buf_printf(to, "%s element ip davit_%s ", comes ? "add" : "delete", change->stack);
	if (set == MEMBERS_OWN)
		buf_printf(to, "own { %s . %s }\n", text, text);
	else
		buf_printf(to, "several { %s }\n", text);
}

static void put_address(struct change *change, bool comes, const struct balancer_kept *group)
{
	char text[INET_ADDRSTRLEN];

	if (group->address.s_addr == htonl(INADDR_ANY))
		return;
	text_of(ntohl(group->address.s_addr), text);
	if (comes)
		buf_printf(&change->come,
			   "add element ip davit_%s addresses { \"%s\" . %s : goto group_%u }\n"
			   "add element ip davit_%s virtual { \"%s\" . %s }\n",
			   change->stack, group->bridge, text, group->number, change->stack,
			   group->bridge, text);
	else
		buf_printf(&change->gone,
			   "delete element ip davit_%s addresses { \"%s\" . %s }\n"
			   "delete element ip davit_%s virtual { \"%s\" . %s }\n",
			   change->stack, group->bridge, text, change->stack, group->bridge, text);
}

static int compare_addresses(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static bool has(const uint32_t *sorted, size_t count, uint32_t address)
{
	return bsearch(&address, sorted, count, sizeof(*sorted), compare_addresses) != NULL;
}

static uint32_t *sorted_copy(const uint32_t *addresses, size_t count)
{
	uint32_t *copy = calloc(count + 1, sizeof(*copy));

	if (!copy)
		return NULL;
	if (count)
		memcpy(copy, addresses, count * sizeof(*copy));
	qsort(copy, count, sizeof(*copy), compare_addresses);
	return copy;
}

/*
 * @before, of which those in @wanted stay where they are but for the ones beyond the end; the rest
 * of @wanted comes into what is free. The caller frees it.
 */
static uint32_t *place(const struct balancer_kept *before, const uint32_t *wanted, size_t count)
{
	size_t room = before->count + count;
	uint32_t *slots = calloc(room + 1, sizeof(*slots));
	autofree uint32_t *old = sorted_copy(before->slots, before->count);
	autofree uint32_t *new = sorted_copy(wanted, count);
	size_t hole = 0;

	if (!slots || !old || !new) {
		free(slots);
		return NULL;
	}
	for (size_t i = 0; i < before->count; i++)
		slots[i] = has(new, count, before->slots[i]) ? before->slots[i] : 0;
	for (size_t i = 0; i < count; i++)
		slots[before->count + i] = has(old, before->count, wanted[i]) ? 0 : wanted[i];
	for (size_t from = count; from < room; from++) {
		while (slots[from] && slots[hole])
			hole++;
		if (slots[from])
			slots[hole] = slots[from];
	}
	return slots;
}

/* From the slots a group had to those it gets, @count of them. */
static void put_slots(struct change *change, const struct balancer_kept *group,
		      const uint32_t *slots, size_t count)
{
	size_t most = group->count > count ? group->count : count;

	for (size_t i = 0; i < most; i++) {
		uint32_t before = i < group->count ? group->slots[i] : 0;
		uint32_t after = i < count ? slots[i] : 0;

		if (before && before != after)
			put_slot(change, false, group, i, before);
		if (after && before != after)
			put_slot(change, true, group, i, after);
	}
}

/* Some addresses of a group. */
struct some {
	const uint32_t *items;
	size_t count;
};

/* Those of @some that are not among @others. */
static int put_difference(struct change *change, enum members set, bool come, struct some some,
			  struct some others)
{
	autofree uint32_t *sorted = sorted_copy(others.items, others.count);

	for (size_t i = 0; sorted && i < some.count; i++)
		if (!has(sorted, others.count, some.items[i]))
			put_member(change, set, come, some.items[i]);
	return sorted ? 0 : -ENOMEM;
}

static int put_members(struct change *change, enum members set, struct some before,
		       struct some after)
{
	if (set == MEMBERS_SEVERAL) {
		before.count = before.count > 1 ? before.count : 0;
		after.count = after.count > 1 ? after.count : 0;
	}
	int r = put_difference(change, set, false, before, after);

	return r < 0 ? r : put_difference(change, set, true, after, before);
}

static int change_slots(struct change *change, struct balancer_kept *group, const uint32_t *wanted,
			size_t count)
{
	autofree uint32_t *slots = place(group, wanted, count);
	const struct some before = {group->slots, group->count}, after = {wanted, count};

	if (!slots || put_members(change, MEMBERS_OWN, before, after) < 0 ||
	    put_members(change, MEMBERS_SEVERAL, before, after) < 0)
		return -ENOMEM;
	put_slots(change, group, slots, count);
	free(group->slots);
	group->slots = take_ptr(slots);
	group->count = count;
	return 0;
}

/* "numgen …", or the address of the only one. The seed is fixed, so that a client comes to the
 * same endpoint as long as there are as many. */
static void put_choice(struct buf *text, const struct balancer_kept *group, enum net_way way)
{
	char address[INET_ADDRSTRLEN];

	if (group->count == 1)
		buf_puts(text, text_of(group->slots[0], address));
	else
		buf_printf(text, "%s mod %zu%s offset %lu map @slots",
			   way == NET_BY_SOURCE ? "jhash ip saddr" : "numgen inc", group->count,
			   way == NET_BY_SOURCE ? " seed 0x64617669" : "",
			   group->number * (unsigned long)SLOTS_MAX);
}

/* @port: NULL: the connection's own */
static char *rules_of(const char *stack, const struct balancer_kept *group, enum net_way way,
		      const char *chain, const struct net_port *port)
{
	autobuf struct buf text = {0};
	char match[64] = "", target[16] = "", address[INET_ADDRSTRLEN];

	if (port) {
		snprintf(match, sizeof(match), "meta l4proto %s ",
			 port->protocol == IPPROTO_UDP ? "udp" : "tcp");
		snprintf(target, sizeof(target), ":%u", port->target_port);
	}
	buf_printf(&text, "flush chain ip davit_%s %s\n", stack, chain);
	if (group->count > 0) {
		buf_printf(&text, "add rule ip davit_%s %s %sdnat to ", stack, chain, match);
		put_choice(&text, group, way);
		buf_printf(&text, "%s\n", target);
	}
	if (group->count > 1)
		buf_printf(&text, "add rule ip davit_%s %s %sdnat to %s%s\n", stack, chain, match,
			   text_of(group->slots[0], address), target);
	return buf_check(&text, NULL) < 0 ? NULL : buf_take(&text);
}

/* Takes @rules over; sends them where they are others than before. */
static int put_rules(struct change *change, char **kept, char *rules)
{
	if (!rules)
		return -ENOMEM;
	if (!*kept || strcmp(*kept, rules) != 0)
		buf_puts(&change->rules, rules);
	free(*kept);
	*kept = rules;
	return 0;
}

static int change_group(struct change *change, struct balancer_kept *kept,
			const struct balancer_group *wish)
{
	size_t count = wish->target_count < SLOTS_MAX ? wish->target_count : SLOTS_MAX;
	autofree uint32_t *wanted = calloc(count + 1, sizeof(*wanted));
	char chain[32];

	if (!wanted)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		wanted[i] = ntohl(wish->targets[i].s_addr);
	int r = change_slots(change, kept, wanted, count);

	if (r < 0)
		return r;
	snprintf(chain, sizeof(chain), "group_%u", kept->number);
	return put_rules(change, &kept->rules,
			 rules_of(change->stack, kept, wish->way, chain, NULL));
}

static bool is_same(const struct balancer_kept *kept, const struct balancer_group *wish)
{
	return kept->name && kept->address.s_addr == wish->address.s_addr &&
	       strcmp(kept->bridge, wish->bridge) == 0 && strcmp(kept->name, wish->name) == 0;
}

/* What was there for this wish, from the place where it is if nothing has come or gone. NULL: it is
 * new. */
static struct balancer_kept *find_kept(struct balancer *balancer, size_t place,
				       const struct balancer_group *wish)
{
	for (size_t i = 0; i < balancer->group_count; i++) {
		struct balancer_kept *kept = &balancer->groups[(place + i) % balancer->group_count];

		if (is_same(kept, wish))
			return kept;
	}
	return NULL;
}

static bool number_is_used(const struct balancer_kept *groups, size_t count, unsigned number)
{
	for (size_t i = 0; i < count; i++)
		if (groups[i].name && groups[i].number == number)
			return true;
	return false;
}

/* One that no chain has, not even one that is about to go. */
static unsigned new_number(struct balancer *balancer, const struct balancer_kept *groups,
			   size_t count)
{
	unsigned number;

	if (balancer->numbers < NUMBERS_MAX)
		return balancer->numbers++;
	do
		number = balancer->numbers++ % NUMBERS_MAX;
	while (number_is_used(groups, count, number) ||
	       number_is_used(balancer->groups, balancer->group_count, number));
	return number;
}

static int add_group(struct change *change, struct balancer_kept *kept,
		     const struct balancer_group *wish)
{
	kept->name = strdup(wish->name);
	if (!kept->name)
		return -ENOMEM;
	snprintf(kept->bridge, sizeof(kept->bridge), "%s", wish->bridge);
	kept->address = wish->address;
	buf_printf(&change->chains, "add chain ip davit_%s group_%u\n", change->stack,
		   kept->number);
	put_address(change, true, kept);
	return 0;
}

static void kept_free(struct balancer_kept *kept)
{
	free(kept->name);
	free(kept->slots);
	free(kept->rules);
	*kept = (struct balancer_kept){0};
}

static void drop_group(struct change *change, struct balancer_kept *kept)
{
	for (size_t i = 0; i < kept->count; i++) {
		put_slot(change, false, kept, i, kept->slots[i]);
		put_member(change, MEMBERS_OWN, false, kept->slots[i]);
		if (kept->count > 1)
			put_member(change, MEMBERS_SEVERAL, false, kept->slots[i]);
	}
	put_address(change, false, kept);
	buf_printf(&change->dropped,
		   "flush chain ip davit_%s group_%u\ndelete chain ip davit_%s group_%u\n",
		   change->stack, kept->number, change->stack, kept->number);
	kept_free(kept);
}

static void groups_free(struct balancer_kept *groups, size_t count)
{
	for (size_t i = 0; groups && i < count; i++)
		kept_free(&groups[i]);
	free(groups);
}

static int change_groups(struct balancer *balancer, struct change *change,
			 const struct balancer_wish *wish)
{
	size_t count = wish->group_count;
	struct balancer_kept *groups = calloc(count + 1, sizeof(*groups));
	int r = groups ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct balancer_kept *kept = find_kept(balancer, i, &wish->groups[i]);

		if (kept) {
			groups[i] = *kept;
			*kept = (struct balancer_kept){0};
		} else {
			groups[i].number = new_number(balancer, groups, i);
			r = add_group(change, &groups[i], &wish->groups[i]);
		}
	}
	for (size_t i = 0; r == 0 && i < balancer->group_count; i++)
		if (balancer->groups[i].name)
			drop_group(change, &balancer->groups[i]);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = change_group(change, &groups[i], &wish->groups[i]);
	groups_free(balancer->groups, balancer->group_count);
	balancer->groups = groups;
	balancer->group_count = groups ? count : 0;
	return r;
}

/* What leads a connection to the chain of its port, and refuses datagrams that none leads away:
 * without an endpoint a connection meets the socket that reserves the port, which refuses streams
 * as it does not listen, but would swallow datagrams. */
static char *port_maps_of(const char *stack, const struct net_port *ports, size_t count)
{
	autobuf struct buf text = {0};
	char address[INET_ADDRSTRLEN + 8];

	buf_printf(&text,
		   "flush map ip davit_%s ports\nflush map ip davit_%s ports_of\n"
		   "flush chain ip davit_%s refused\n",
		   stack, stack, stack);
	for (size_t i = 0; i < count; i++) {
		const char *protocol = ports[i].protocol == IPPROTO_UDP ? "udp" : "tcp";
		bool any = ports[i].host_ip.s_addr == htonl(INADDR_ANY);

		text_of(ntohl(ports[i].host_ip.s_addr), address);
		buf_printf(&text, "add chain ip davit_%s port_%zu\n", stack, i);
		buf_printf(&text, "add element ip davit_%s %s { %s%s%s . %u : goto port_%zu }\n",
			   stack, any ? "ports" : "ports_of", any ? "" : address, any ? "" : " . ",
			   protocol, ports[i].host_port, i);
		if (ports[i].protocol == IPPROTO_UDP)
			buf_printf(&text,
				   "add rule ip davit_%s refused %s%s%sudp dport %u reject\n",
				   stack, any ? "" : "ip daddr ", any ? "" : address,
				   any ? "" : " ", ports[i].host_port);
	}
	return buf_check(&text, NULL) < 0 ? NULL : buf_take(&text);
}

static int resize_ports(struct balancer *balancer, struct change *change, size_t count)
{
	for (size_t i = count; i < balancer->port_count; i++) {
		buf_printf(&change->dropped,
			   "flush chain ip davit_%s port_%zu\n"
			   "delete chain ip davit_%s port_%zu\n",
			   change->stack, i, change->stack, i);
		free(take_ptr(balancer->port_rules[i]));
	}
	char **rules = reallocarray(balancer->port_rules, count + 1, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	for (size_t i = balancer->port_count; i < count; i++)
		rules[i] = NULL;
	balancer->port_rules = rules;
	balancer->port_count = count;
	return 0;
}

static int change_ports(struct balancer *balancer, struct change *change,
			const struct balancer_wish *wish)
{
	char *maps = port_maps_of(change->stack, wish->ports, wish->port_count);
	char chain[32];
	int r = maps ? resize_ports(balancer, change, wish->port_count) : -ENOMEM;

	if (maps && (balancer->port_maps || wish->port_count) &&
	    (!balancer->port_maps || strcmp(balancer->port_maps, maps) != 0))
		buf_puts(&change->maps, maps);
	free(balancer->port_maps);
	balancer->port_maps = maps;
	for (size_t i = 0; r == 0 && i < wish->port_count; i++) {
		const struct net_port *port = &wish->ports[i];

		snprintf(chain, sizeof(chain), "port_%zu", i);
		r = put_rules(change, &balancer->port_rules[i],
			      rules_of(change->stack, &balancer->groups[port->group],
				       wish->groups[port->group].way, chain, port));
	}
	return r;
}

static void append(struct buf *text, const struct buf *part)
{
	buf_put(text, part->data, part->len);
	text->failed |= part->failed;
}

int balancer_change(struct balancer *balancer, const char *stack, const struct balancer_wish *wish,
		    struct buf *text, struct err *err)
{
	__attribute__((cleanup(change_free))) struct change change = {.stack = stack};
	int r = change_groups(balancer, &change, wish);

	if (r == 0)
		r = change_ports(balancer, &change, wish);
	free(balancer->left);
	balancer->left_count = change.left.len / sizeof(*balancer->left);
	balancer->left = (uint32_t *)(void *)take_ptr(change.left.data);
	append(text, &change.chains);
	append(text, &change.maps);
	append(text, &change.gone);
	append(text, &change.come);
	append(text, &change.rules);
	append(text, &change.dropped);
	return r < 0 ? err_set(err, -r, "network: balancer") : buf_check(text, err);
}

void balancer_forget(struct balancer *balancer)
{
	groups_free(balancer->groups, balancer->group_count);
	for (size_t i = 0; i < balancer->port_count; i++)
		free(balancer->port_rules[i]);
	free(balancer->port_rules);
	free(balancer->port_maps);
	free(balancer->left);
	*balancer = (struct balancer){0};
}
