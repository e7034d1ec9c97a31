// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names are sorted by network and text, clients and pointers by address, so that each question is a
 * binary search. All texts point into one copy of what was read.
 */
#include "launcher/dns/table.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

struct name {
	const char *text;
	const char *target; /* of a link; else NULL */
	size_t owner;	    /* its network, or view */
	size_t first;	    /* of table->addresses */
	size_t count;
};

struct network {
	const char *key;
	struct ip_prefix prefix;  /* its address is that of the gateway */
	struct ip_prefix prefix6; /* the same; family 0: none */
	bool internal;
};

struct pointer {
	struct ip address;
	const char *name;
	size_t network;
};

struct view {
	size_t first; /* of table->seen: its networks */
	size_t count;
	struct ip upstreams[TABLE_UPSTREAMS_MAX];
	size_t upstream_count;
};

struct client {
	struct ip address;
	size_t view;
};

/* A growing array of items of one size. */
struct list {
	void *items;
	size_t count;
	size_t room;
};

struct table {
	char *text;
	struct list networks;
	struct list names;
	struct list links;
	struct list addresses;
	struct list pointers;
	struct list views;
	struct list seen; /* size_t: networks */
	struct list clients;
};

/* Room for one more, zeroed; NULL without memory. */
static void *list_add(struct list *list, size_t size)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		void *items = reallocarray(list->items, room, size);

		if (!items)
			return NULL;
		list->items = items;
		list->room = room;
	}
	return memset((char *)list->items + size * list->count++, 0, size);
}

#define LIST_ADD(list, type)	((type *)list_add(list, sizeof(type)))
#define LIST_AT(list, type, at) (&((type *)(list)->items)[at])

static const struct network *network_at(const struct table *table, size_t at)
{
	return LIST_AT(&table->networks, const struct network, at);
}

static long find_network(const struct table *table, const char *key)
{
	for (size_t i = 0; i < table->networks.count; i++)
		if (strcmp(network_at(table, i)->key, key) == 0)
			return (long)i;
	return -1;
}

/* Each of these reads what follows the first word of a line: 0, -EINVAL, -ENOMEM. */

static int read_network(struct table *table, char *rest)
{
	const char *key = strsep(&rest, " ");
	const char *prefix = strsep(&rest, " ");
	struct network *network = LIST_ADD(&table->networks, struct network);

	if (!network)
		return -ENOMEM;
	const char *way = strsep(&rest, " ");

	network->key = key;
	network->internal = way && strcmp(way, "internal") == 0;
	if (!prefix || !way || (!network->internal && strcmp(way, "open") != 0) ||
	    (rest && ip_prefix_parse(rest, &network->prefix6, NULL) < 0))
		return -EINVAL;
	return ip_prefix_parse(prefix, &network->prefix, NULL);
}

static int read_name(struct table *table, char *rest)
{
	struct name *name = LIST_ADD(&table->names, struct name);

	if (!name)
		return -ENOMEM;
	name->text = strsep(&rest, " ");
	name->owner = table->networks.count - 1;
	name->first = table->addresses.count;
	while (rest) {
		struct ip *address = LIST_ADD(&table->addresses, struct ip);

		if (!address)
			return -ENOMEM;
		if (ip_parse(strsep(&rest, " "), address, NULL) < 0)
			return -EINVAL;
		name->count++;
	}
	return table->networks.count ? 0 : -EINVAL;
}

static int read_pointer(struct table *table, char *rest)
{
	struct pointer *pointer = LIST_ADD(&table->pointers, struct pointer);

	if (!pointer)
		return -ENOMEM;
	const char *address = strsep(&rest, " ");

	pointer->name = rest;
	pointer->network = table->networks.count - 1;
	return rest && table->networks.count ? ip_parse(address, &pointer->address, NULL) : -EINVAL;
}

static int read_view(struct table *table, char *rest)
{
	struct view *view = LIST_ADD(&table->views, struct view);

	if (!view)
		return -ENOMEM;
	view->first = table->seen.count;
	while (rest) {
		long network = find_network(table, strsep(&rest, " "));
		size_t *seen = LIST_ADD(&table->seen, size_t);

		if (!seen)
			return -ENOMEM;
		if (network < 0)
			return -EINVAL;
		*seen = (size_t)network;
		view->count++;
	}
	return view->count ? 0 : -EINVAL;
}

static struct view *last_view(const struct table *table)
{
	return table->views.count ? LIST_AT(&table->views, struct view, table->views.count - 1)
				  : NULL;
}

static int read_upstream(struct table *table, char *rest)
{
	struct view *view = last_view(table);

	for (; view && rest && view->upstream_count < TABLE_UPSTREAMS_MAX; view->upstream_count++)
		if (ip_parse(strsep(&rest, " "), &view->upstreams[view->upstream_count], NULL) < 0)
			return -EINVAL;
	return view ? 0 : -EINVAL;
}

static int read_link(struct table *table, char *rest)
{
	struct name *link = LIST_ADD(&table->links, struct name);

	if (!link)
		return -ENOMEM;
	link->text = strsep(&rest, " ");
	link->target = rest;
	link->owner = table->views.count - 1;
	return rest && table->views.count ? 0 : -EINVAL;
}

static int read_client(struct table *table, char *rest)
{
	while (rest) {
		struct client *client = LIST_ADD(&table->clients, struct client);

		if (!client)
			return -ENOMEM;
		client->view = table->views.count - 1;
		if (!table->views.count || ip_parse(strsep(&rest, " "), &client->address, NULL) < 0)
			return -EINVAL;
	}
	return 0;
}

static int read_line(struct table *table, char *line)
{
	static const struct {
		const char *word;
		int (*read)(struct table *table, char *rest);
	} lines[] = {
		{"network", read_network},   {"name", read_name}, {"pointer", read_pointer},
		{"view", read_view},	     {"link", read_link}, {"client", read_client},
		{"upstream", read_upstream},
	};
	const char *word = strsep(&line, " ");

	for (size_t i = 0; line && i < ARRAY_SIZE(lines); i++)
		if (strcmp(word, lines[i].word) == 0)
			return lines[i].read(table, line);
	return -EINVAL;
}

static int compare_names(const void *left, const void *right)
{
	const struct name *a = left, *b = right;

	if (a->owner != b->owner)
		return a->owner < b->owner ? -1 : 1;
	return strcmp(a->text, b->text);
}

/* As they were written, where they are the same. */
static int compare_written(const void *left, const void *right)
{
	const struct name *a = left, *b = right;
	int order = compare_names(a, b);

	return order ? order : (a->first > b->first) - (a->first < b->first);
}

static int compare_pointers(const void *left, const void *right)
{
	const struct pointer *a = left, *b = right;
	int order = ip_compare(&a->address, &b->address);

	return order ? order : (a->network > b->network) - (a->network < b->network);
}

static int compare_clients(const void *left, const void *right)
{
	return ip_compare(&((const struct client *)left)->address,
			  &((const struct client *)right)->address);
}

static void sort(struct list *list, size_t size, int (*compare)(const void *, const void *))
{
	if (list->count)
		qsort(list->items, list->count, size, compare);
}

static void *search(const struct list *list, size_t size, const void *key,
		    int (*compare)(const void *, const void *))
{
	return list->count ? bsearch(key, list->items, list->count, size, compare) : NULL;
}

static int read_lines(struct table *table, struct err *err)
{
	char *rest = table->text;
	unsigned number = 0;

	for (char *line = strsep(&rest, "\n"); line && (rest || *line);
	     line = strsep(&rest, "\n")) {
		int r = read_line(table, line);

		number++;
		if (r < 0)
			return err_say(err, -r,
				       r == -ENOMEM ? "names: out of memory"
						    : "names: line %u makes no sense",
				       number);
	}
	sort(&table->names, sizeof(struct name), compare_written);
	sort(&table->links, sizeof(struct name), compare_written);
	sort(&table->pointers, sizeof(struct pointer), compare_pointers);
	sort(&table->clients, sizeof(struct client), compare_clients);
	return 0;
}

int table_parse(const char *text, size_t len, struct table **ret_table, struct err *err)
{
	struct table *table = calloc(1, sizeof(*table));

	if (len > TABLE_BYTES_MAX || memchr(text, '\0', len)) {
		free(table);
		return err_say(err, EINVAL, "names: not such a text");
	}
	if (table)
		table->text = strndup(text, len);
	int r = table && table->text ? read_lines(table, err) : err_set(err, ENOMEM, "names");

	if (r < 0)
		table_free(table);
	else
		*ret_table = table;
	return r;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	struct list *lists[] = {&table->networks, &table->names, &table->links, &table->addresses,
				&table->pointers, &table->views, &table->seen,	&table->clients};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		free(lists[i]->items);
	free(table->text);
	free(table);
}

bool table_ask(const struct table *table, const char *network, const struct ip *client,
	       struct table_asker *ret)
{
	long at = find_network(table, network);
	const struct client key = {.address = *client};

	if (at < 0 || !ip_prefix_has(&network_at(table, (size_t)at)->prefix, client))
		return false;
	const struct client *found =
		search(&table->clients, sizeof(struct client), &key, compare_clients);

	*ret = (struct table_asker){table, (size_t)at, found ? (long)found->view : -1};
	return true;
}

static const struct view *view_of(const struct table_asker *asker)
{
	return asker->view < 0 ? NULL
			       : LIST_AT(&asker->table->views, const struct view, asker->view);
}

static size_t networks_seen(const struct table_asker *asker, const size_t **ret)
{
	const struct view *view = view_of(asker);

	*ret = view ? LIST_AT(&asker->table->seen, const size_t, view->first) : &asker->network;
	return view ? view->count : 1;
}

static bool sees(const struct table_asker *asker, size_t network)
{
	const size_t *seen;
	size_t count = networks_seen(asker, &seen);

	for (size_t i = 0; i < count; i++)
		if (seen[i] == network)
			return true;
	return false;
}

/* The first of all that are the same. */
static const struct name *find_name(const struct list *names, size_t owner, const char *text)
{
	const struct name key = {.text = text, .owner = owner};
	const struct name *found = search(names, sizeof(struct name), &key, compare_names);

	while (found && found > (const struct name *)names->items &&
	       compare_names(found - 1, &key) == 0)
		found--;
	return found;
}

static size_t collect(const struct table *table, const struct name *name, struct ip *ret,
		      size_t room)
{
	const struct name *end = LIST_AT(&table->names, const struct name, table->names.count);
	const struct name *first = name;
	size_t count = 0;

	for (; name < end && compare_names(name, first) == 0; name++)
		for (size_t i = 0; i < name->count && count < room; i++)
			ret[count++] = *LIST_AT(&table->addresses, struct ip, name->first + i);
	return count;
}

bool table_find(const struct table_asker *asker, const char *text, struct ip *ret, size_t room,
		size_t *ret_count)
{
	const struct table *table = asker->table;
	const struct name *link =
		asker->view < 0 ? NULL : find_name(&table->links, (size_t)asker->view, text);
	const size_t *seen;
	size_t count = networks_seen(asker, &seen);

	for (size_t i = 0; i < count; i++) {
		const struct name *name =
			find_name(&table->names, seen[i], link ? link->target : text);

		if (!name)
			continue;
		*ret_count = collect(table, name, ret, room);
		return true;
	}
	return false;
}

const char *table_pointer(const struct table_asker *asker, const struct ip *address)
{
	const struct table *table = asker->table;

	for (size_t i = 0; i < table->networks.count; i++) {
		const struct pointer key = {.address = *address, .network = i};
		const struct pointer *found =
			sees(asker, i) ? search(&table->pointers, sizeof(struct pointer), &key,
						compare_pointers)
				       : NULL;

		if (found)
			return found->name;
	}
	return NULL;
}

bool table_is_ours(const struct table *table, const struct ip *address)
{
	for (size_t i = 0; i < table->networks.count; i++)
		if (ip_prefix_has(&network_at(table, i)->prefix, address) ||
		    ip_prefix_has(&network_at(table, i)->prefix6, address))
			return true;
	return false;
}

bool table_is_gateway(const struct table *table, const struct ip *address)
{
	for (size_t i = 0; i < table->networks.count; i++)
		if (ip_compare(&network_at(table, i)->prefix.ip, address) == 0 ||
		    ip_compare(&network_at(table, i)->prefix6.ip, address) == 0)
			return true;
	return false;
}

bool table_forwards(const struct table_asker *asker)
{
	const size_t *seen;
	size_t count = networks_seen(asker, &seen);

	for (size_t i = 0; i < count; i++)
		if (!network_at(asker->table, seen[i])->internal)
			return true;
	return false;
}

size_t table_upstreams(const struct table_asker *asker, const struct ip **ret)
{
	const struct view *view = view_of(asker);

	*ret = view ? view->upstreams : NULL;
	return view ? view->upstream_count : 0;
}
