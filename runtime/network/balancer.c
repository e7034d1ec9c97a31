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
#include "runtime/network/balancer_maps.h"

#include <errno.h>
#include <string.h>

/* numgen and jhash have 32 bits, 16 of which tell the group. */
#define SLOTS_MAX   65536U
#define NUMBERS_MAX 65536U

/* One transaction in the making: elements go before they come, so that one may move. */
struct change {
	const char *table;  /* with its family, as nftables know it */
	struct buf left;    /* struct ip: addresses that are in no group any more, or no holder's */
	struct buf chains;  /* new ones */
	struct buf maps;    /* all published ports, or all holders, where one has changed */
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

static void put_slot(struct change *change, bool comes, const struct balancer_kept *group,
		     size_t slot, const struct ip *address)
{
	char text[IP_TEXT_MAX];
	unsigned long number = group->number * (unsigned long)SLOTS_MAX + slot;

	if (comes)
		buf_printf(&change->come, "add element %s slots { %lu : %s }\n", change->table,
			   number, ip_format(address, text));
	else
		buf_printf(&change->gone, "delete element %s slots { %lu }\n", change->table,
			   number);
}

/* Sets of endpoints. */
enum members {
	MEMBERS_OWN,	 /* all: who calls himself */
	MEMBERS_SEVERAL, /* those that others may stand in for */
};

static void put_member(struct change *change, enum members set, bool comes,
		       const struct ip *address)
{
	struct buf *to = comes ? &change->come : &change->gone;
	char text[IP_TEXT_MAX];

	if (set == MEMBERS_OWN && !comes)
		buf_put(&change->left, address, sizeof(*address));
	ip_format(address, text);
	buf_printf(to, "%s element %s ", comes ? "add" : "delete", change->table);
	if (set == MEMBERS_OWN)
		buf_printf(to, "own { %s . %s }\n", text, text);
	else
		buf_printf(to, "several { %s }\n", text);
}

static void put_address(struct change *change, bool comes, const struct balancer_kept *group)
{
	char text[IP_TEXT_MAX];

	if (!group->address.family)
		return;
	ip_format(&group->address, text);
	if (comes)
		buf_printf(&change->come,
			   "add element %s addresses { \"%s\" . %s : goto group_%u }\n"
			   "add element %s virtual { \"%s\" . %s }\n",
			   change->table, group->bridge, text, group->number, change->table,
			   group->bridge, text);
	else
		buf_printf(&change->gone,
			   "delete element %s addresses { \"%s\" . %s }\n"
			   "delete element %s virtual { \"%s\" . %s }\n",
			   change->table, group->bridge, text, change->table, group->bridge, text);
}

static int compare_addresses(const void *left, const void *right)
{
	return ip_compare(left, right);
}

static bool has(const struct ip *sorted, size_t count, const struct ip *address)
{
	return bsearch(address, sorted, count, sizeof(*sorted), compare_addresses) != NULL;
}

static struct ip *sorted_copy(const struct ip *addresses, size_t count)
{
	struct ip *copy = calloc(count + 1, sizeof(*copy));

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
static struct ip *place(const struct balancer_kept *before, const struct ip *wanted, size_t count)
{
	const struct ip none = {0};
	size_t room = before->count + count;
	struct ip *slots = calloc(room + 1, sizeof(*slots));
	autofree struct ip *old = sorted_copy(before->slots, before->count);
	autofree struct ip *new = sorted_copy(wanted, count);
	size_t hole = 0;

	if (!slots || !old || !new) {
		free(slots);
		return NULL;
	}
	for (size_t i = 0; i < before->count; i++)
		slots[i] = has(new, count, &before->slots[i]) ? before->slots[i] : none;
	for (size_t i = 0; i < count; i++)
		slots[before->count + i] = has(old, before->count, &wanted[i]) ? none : wanted[i];
	for (size_t from = count; from < room; from++) {
		while (slots[from].family && slots[hole].family)
			hole++;
		if (slots[from].family)
			slots[hole] = slots[from];
	}
	return slots;
}

/* From the slots a group had to those it gets, @count of them. */
static void put_slots(struct change *change, const struct balancer_kept *group,
		      const struct ip *slots, size_t count)
{
	size_t most = group->count > count ? group->count : count;
	const struct ip none = {0};

	for (size_t i = 0; i < most; i++) {
		const struct ip *before = i < group->count ? &group->slots[i] : &none;
		const struct ip *after = i < count ? &slots[i] : &none;

		if (ip_compare(before, after) == 0)
			continue;
		if (before->family)
			put_slot(change, false, group, i, before);
		if (after->family)
			put_slot(change, true, group, i, after);
	}
}

/* Some addresses of a group. */
struct some {
	const struct ip *items;
	size_t count;
};

/* Those of @some that are not among @others. */
static int put_difference(struct change *change, enum members set, bool come, struct some some,
			  struct some others)
{
	autofree struct ip *sorted = sorted_copy(others.items, others.count);

	for (size_t i = 0; sorted && i < some.count; i++)
		if (!has(sorted, others.count, &some.items[i]))
			put_member(change, set, come, &some.items[i]);
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

static int change_slots(struct change *change, struct balancer_kept *group, const struct ip *wanted,
			size_t count)
{
	autofree struct ip *slots = place(group, wanted, count);
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

/* @target: ":PORT" or "" */
static void put_target(struct buf *text, const struct ip *address, const char *target)
{
	const bool brackets = address->family == 6 && *target;
	char shown[IP_TEXT_MAX];

	buf_printf(text, "%s%s%s%s", brackets ? "[" : "", ip_format(address, shown),
		   brackets ? "]" : "", target);
}

/* "numgen …", or the address of the only one. The seed is fixed, so that a client comes to the
 * same endpoint as long as there are as many. */
static void put_choice(struct buf *text, const struct balancer_kept *group, enum net_way way,
		       const char *target)
{
	const char *jhash = group->slots[0].family == 6 ? "jhash ip6 saddr" : "jhash ip saddr";

	if (group->count == 1)
		put_target(text, &group->slots[0], target);
	else
		buf_printf(text, "%s mod %zu%s offset %lu map @slots%s",
			   way == NET_BY_SOURCE ? jhash : "numgen inc", group->count,
			   way == NET_BY_SOURCE ? " seed 0x64617669" : "",
			   group->number * (unsigned long)SLOTS_MAX, target);
}

/* @match: what it is for */
static void put_holder(struct buf *text, const struct ip *gateway, const char *match, unsigned port)
{
	char target[16];

	snprintf(target, sizeof(target), ":%u", port);
	buf_printf(text, "%sdnat to ", match);
	put_target(text, gateway, target);
	buf_puts(text, "\n");
}

/* @port: NULL: all that come to the group's address */
static void put_held(struct buf *text, const char *rule, const struct balancer_group *wish,
		     const struct net_port *port)
{
	char match[32];

	if (port) {
		snprintf(match, sizeof(match), "meta l4proto %s ",
			 balancer_protocol(port->protocol));
		buf_puts(text, port->holder_port ? rule : "");
		if (port->holder_port)
			put_holder(text, &wish->gateway, match, port->holder_port);
		return;
	}
	for (size_t i = 0; i < wish->holder_count; i++) {
		const struct net_holder *one = &wish->holders[i];

		if (one->family != wish->gateway.family)
			continue;
		snprintf(match, sizeof(match),
			 one->called_port ? "%s dport %u " : "meta l4proto %s ",
			 balancer_protocol(one->protocol), one->called_port);
		buf_puts(text, rule);
		put_holder(text, &wish->gateway, match, one->port);
	}
}

/* Only those that no holder hears, of a group that is held. */
static bool is_led(const struct balancer_group *wish, const struct net_port *port)
{
	return !wish->held || !port || !port->holder_port;
}

/* @port: NULL: the connection's own */
static char *rules_of(const char *table, const struct balancer_kept *group,
		      const struct balancer_group *wish, const char *chain,
		      const struct net_port *port)
{
	autobuf struct buf text = {0};
	char match[64] = "", target[16] = "", rule[96];

	snprintf(rule, sizeof(rule), "add rule %s %s ", table, chain);
	if (port) {
		snprintf(match, sizeof(match), "meta l4proto %s ",
			 balancer_protocol(port->protocol));
		snprintf(target, sizeof(target), ":%u", port->target_port);
	} else if (wish->held) {
		snprintf(match, sizeof(match), "meta l4proto udp ");
	}
	buf_printf(&text, "flush chain %s %s\n", table, chain);
	if (wish->counted)
		buf_printf(&text, "%scounter name hits_%u\n", rule, group->number);
	if (wish->held)
		put_held(&text, rule, wish, port);
	if (group->count > 0 && is_led(wish, port)) {
		buf_printf(&text, "%s%sdnat to ", rule, match);
		put_choice(&text, group, wish->way, target);
		buf_puts(&text, "\n");
	}
	if (group->count > 1 && is_led(wish, port)) {
		buf_printf(&text, "%s%sdnat to ", rule, match);
		put_target(&text, &group->slots[0], target);
		buf_puts(&text, "\n");
	}
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

/* A counter is there before a rule names it, and goes after the last one. */
static void put_counter(struct change *change, struct balancer_kept *kept, bool counted)
{
	if (counted != kept->counted)
		buf_printf(counted ? &change->chains : &change->dropped, "%s counter %s hits_%u\n",
			   counted ? "add" : "delete", change->table, kept->number);
	kept->counted = counted;
}

static int change_group(struct change *change, struct balancer_kept *kept,
			const struct balancer_group *wish)
{
	size_t count = wish->target_count < SLOTS_MAX ? wish->target_count : SLOTS_MAX;
	char chain[32];
	int r = change_slots(change, kept, wish->targets, count);

	if (r < 0)
		return r;
	put_counter(change, kept, wish->counted);
	snprintf(chain, sizeof(chain), "group_%u", kept->number);
	return put_rules(change, &kept->rules, rules_of(change->table, kept, wish, chain, NULL));
}

static bool is_same(const struct balancer_kept *kept, const struct balancer_group *wish)
{
	return kept->name && ip_compare(&kept->address, &wish->address) == 0 &&
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
	buf_printf(&change->chains, "add chain %s group_%u\n", change->table, kept->number);
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
		put_slot(change, false, kept, i, &kept->slots[i]);
		put_member(change, MEMBERS_OWN, false, &kept->slots[i]);
		if (kept->count > 1)
			put_member(change, MEMBERS_SEVERAL, false, &kept->slots[i]);
	}
	put_address(change, false, kept);
	buf_printf(&change->dropped, "flush chain %s group_%u\ndelete chain %s group_%u\n",
		   change->table, kept->number, change->table, kept->number);
	put_counter(change, kept, false);
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

/* Takes @text over, which says all there is; sends it where it is another one than before. What a
 * new table has is @nothing. */
static int put_whole(struct change *change, char **kept, char *text, bool nothing)
{
	if (!text)
		return -ENOMEM;
	if (*kept ? strcmp(*kept, text) != 0 : !nothing)
		buf_puts(&change->maps, text);
	free(*kept);
	*kept = text;
	return 0;
}

static int resize_ports(struct balancer *balancer, struct change *change, size_t count)
{
	for (size_t i = count; i < balancer->port_count; i++) {
		buf_printf(&change->dropped,
			   "flush chain %s port_%zu\n"
			   "delete chain %s port_%zu\n",
			   change->table, i, change->table, i);
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
	char chain[32];
	int r = put_whole(change, &balancer->port_maps, balancer_port_maps(change->table, wish),
			  wish->port_count == 0);

	if (r == 0)
		r = resize_ports(balancer, change, wish->port_count);
	for (size_t i = 0; r == 0 && i < wish->port_count; i++) {
		const struct net_port *port = &wish->ports[i];

		snprintf(chain, sizeof(chain), "port_%zu", i);
		r = put_rules(change, &balancer->port_rules[i],
			      rules_of(change->table, &balancer->groups[port->group],
				       &wish->groups[port->group], chain, port));
	}
	return r;
}

static int put_holders(struct balancer *balancer, struct change *change,
		       const struct balancer_wish *wish)
{
	char *text = balancer_holders(change->table, wish);

	/* Else flows of datagrams lead to one that is gone as long as they go on. */
	if (text && balancer->holders)
		balancer_gone_holders(balancer->holders, text, &change->left);
	return put_whole(change, &balancer->holders, text, text && !strchr(text, '{'));
}

static void append(struct buf *text, const struct buf *part)
{
	buf_put(text, part->data, part->len);
	text->failed |= part->failed;
}

int balancer_change(struct balancer *balancer, const char *table, const struct balancer_wish *wish,
		    struct buf *text, struct err *err)
{
	__attribute__((cleanup(change_free))) struct change change = {.table = table};
	int r = change_groups(balancer, &change, wish);

	if (r == 0)
		r = put_holders(balancer, &change, wish);
	if (r == 0)
		r = change_ports(balancer, &change, wish);
	free(balancer->left);
	balancer->left_count = change.left.len / sizeof(*balancer->left);
	balancer->left = (struct ip *)(void *)take_ptr(change.left.data);
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
	free(balancer->holders);
	free(balancer->left);
	*balancer = (struct balancer){0};
}
