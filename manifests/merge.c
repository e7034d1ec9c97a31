// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Merging trees. Lists are merged as mappings from an identity to the item, so that one routine,
 * by sorted lookup, serves both.
 */
#include "manifests/merge.h"

#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

static struct node *merge_nodes(struct tree *tree, struct node *base, struct node *over,
				const char *key, unsigned depth);

static bool is_one_of(const char *key, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(*words, key) == 0)
			return true;
	return false;
}

/* Keys of a service whose later value replaces the earlier one as a whole. */
static bool is_replaced(const char *key)
{
	static const char *const keys[] = {"command", "entrypoint", "test",
					   "exec",    "policies",   NULL};

	return is_one_of(key, keys);
}

/* Keys of names with texts: a name without one, too, replaces what the name had. */
static bool is_texts(const char *key)
{
	static const char *const keys[] = {"environment", "labels", "annotations",
					   "sysctls",	  "args",   NULL};

	return is_one_of(key, keys);
}

/* Keys whose list and mapping forms mean the same. */
static bool is_pairs(const char *key)
{
	static const char *const keys[] = {"depends_on", "networks", "additional_contexts", NULL};

	return is_texts(key) || is_one_of(key, keys);
}

static bool is_string_or_list(const char *key)
{
	static const char *const keys[] = {"env_file", "tmpfs",	     "dns", "dns_search",
					   "dns_opt",  "label_file", NULL};

	return is_one_of(key, keys);
}

/* "source:target:mode" of volumes and devices: what is behind the first colon, else all. */
static const char *short_target(struct tree *tree, const char *text)
{
	const char *colon = strchr(text, ':');
	const char *target = colon ? colon + 1 : text;

	return arena_copy(tree->arena, target, strcspn(target, ":"));
}

static const char *member_text(const struct node *mapping, const char *key, const char *fallback)
{
	const struct node *value = node_get(mapping, key);

	return value && value->kind == NODE_SCALAR ? value->text : fallback;
}

/* Secrets and configs are files in the instance: the same one where they have the same place. */
static const char *file_target(struct tree *tree, const struct node *item, const char *key)
{
	bool scalar = item->kind == NODE_SCALAR;
	const char *source = scalar ? item->text : member_text(item, "source", "");
	const char *target = scalar ? source : member_text(item, "target", source);
	const char *root = strcmp(key, "secrets") == 0 ? "/run/secrets/" : "/";

	return target[0] == '/' ? target : arena_format(tree->arena, "%s%s", root, target);
}

static const char *port_identity(struct tree *tree, const struct node *item)
{
	const char *ip = member_text(item, "host_ip", "");
	const char *published = member_text(item, "published", "");

	if (item->kind == NODE_SCALAR)
		return arena_format(tree->arena, "%s%s", item->text,
				    strchr(item->text, '/') ? "" : "/tcp");
	return arena_format(tree->arena, "%s%s%s%s%s/%s", ip, ip[0] ? ":" : "", published,
			    published[0] ? ":" : "", member_text(item, "target", ""),
			    member_text(item, "protocol", "tcp"));
}

/* What makes two list items the same one. */
static const char *identity(struct tree *tree, const struct node *item, const char *key)
{
	bool scalar = item->kind == NODE_SCALAR;

	if (strcmp(key, "ports") == 0)
		return port_identity(tree, item);
	if (strcmp(key, "secrets") == 0 || strcmp(key, "configs") == 0)
		return file_target(tree, item, key);
	if (strcmp(key, "volumes") == 0 || strcmp(key, "devices") == 0)
		return scalar ? short_target(tree, item->text) : member_text(item, "target", "");
	if (!scalar && strcmp(key, "schedule") == 0)
		return member_text(item, "cron", "");
	if (scalar && strcmp(key, "tmpfs") == 0)
		return arena_copy(tree->arena, item->text, strcspn(item->text, ":"));
	if (!scalar && strcmp(key, "config") == 0)
		return member_text(item, "subnet", "");
	return scalar ? item->text : member_text(item, "path", "");
}

static struct node *list_to_mapping(struct tree *tree, const struct node *list, const char *key)
{
	struct node *mapping = tree_node(tree, NODE_MAPPING, list->pos);

	for (size_t i = 0; i < list->count; i++) {
		struct node *item = list->items[i];
		const char *name = identity(tree, item, key);

		tree_put(tree, mapping, tree_scalar(tree, name, false, item->pos), item);
	}
	return mapping;
}

/* ["A=b"] as {A: b}, and ["db"] of depends_on as {db: {condition: service_started}}. */
static struct node *pairs_to_mapping(struct tree *tree, struct node *node, const char *key)
{
	if (node->kind != NODE_SEQUENCE)
		return node;
	struct node *mapping = tree_node(tree, NODE_MAPPING, node->pos);

	/* From the end: the last of a name counts. */
	for (size_t i = node->count; i-- > 0;) {
		const struct node *item = node->items[i];
		const char *text = item->kind == NODE_SCALAR ? item->text : "";
		size_t len = strcspn(text, "=");
		const char *name = arena_copy(tree->arena, text, len);
		struct node *value =
			tree_scalar(tree, text[len] ? text + len + 1 : "", !text[len], item->pos);

		if (strcmp(key, "depends_on") == 0) {
			struct node *condition = value;

			value = tree_node(tree, NODE_MAPPING, item->pos);
			condition->text = "service_started";
			condition->plain = false;
			tree_put(tree, value, tree_scalar(tree, "condition", false, item->pos),
				 condition);
		}
		tree_put(tree, mapping, tree_scalar(tree, name, false, item->pos), value);
	}
	tree_keep_first(tree, mapping);
	return mapping;
}

/* {host: ip} of extra_hosts as ["host=ip"]. */
static struct node *hosts_to_list(struct tree *tree, struct node *node)
{
	struct node *list = tree_node(tree, NODE_SEQUENCE, node->pos);

	if (node->kind != NODE_MAPPING)
		return node;
	for (size_t i = 0; i < node->count; i++) {
		const struct pair *pair = &node->pairs[i];
		const struct node *ips = pair->value;
		size_t count = ips->kind == NODE_SEQUENCE ? ips->count : 1;

		for (size_t j = 0; j < count; j++) {
			const struct node *ip = ips->kind == NODE_SEQUENCE ? ips->items[j] : ips;
			const char *text = arena_format(tree->arena, "%s=%s", pair->key->text,
							ip->kind == NODE_SCALAR ? ip->text : "");

			tree_append(tree, list, tree_scalar(tree, text, false, ip->pos));
		}
	}
	return list;
}

/* "DIR" of build as {context: DIR}. */
static struct node *build_to_mapping(struct tree *tree, struct node *node)
{
	struct node *mapping = tree_node(tree, NODE_MAPPING, node->pos);

	if (node->kind != NODE_SCALAR)
		return node;
	tree_put(tree, mapping, tree_scalar(tree, "context", false, node->pos), node);
	return mapping;
}

static struct node *single_to_list(struct tree *tree, struct node *node)
{
	if (node->kind == NODE_SEQUENCE)
		return node;
	struct node *list = tree_node(tree, NODE_SEQUENCE, node->pos);

	tree_append(tree, list, node);
	return list;
}

static int compare_key(const void *name, const void *pair)
{
	return strcmp(name, (*(struct pair *const *)pair)->key->text);
}

/* @replace: equal keys are replaced instead of merged. */
static void merge_mappings(struct tree *tree, struct node *base, struct node *over, bool replace,
			   unsigned depth)
{
	struct pair **sorted = tree_sorted(tree, over);
	bool *used = arena_new(tree->arena, bool, over->count);
	size_t count = base->count;

	for (size_t i = 0; over->count && i < count; i++) {
		struct pair *mine = &base->pairs[i];
		struct pair **found =
			bsearch(mine->key->text, sorted, over->count, sizeof(*sorted), compare_key);

		if (!found)
			continue;
		used[*found - over->pairs] = true;
		mine->value = replace ? (*found)->value
				      : merge_nodes(tree, mine->value, (*found)->value,
						    mine->key->text, depth + 1);
		mine->key = (*found)->key;
	}
	for (size_t i = 0; i < over->count; i++)
		if (!used[i])
			tree_put(tree, base, over->pairs[i].key, over->pairs[i].value);
}

static struct node *merge_lists(struct tree *tree, struct node *base, struct node *over,
				const char *key)
{
	struct node *mapping = list_to_mapping(tree, base, key);
	struct node *list = tree_node(tree, NODE_SEQUENCE, base->pos);

	/* A subnet is described further; everything else in lists is replaced. */
	merge_mappings(tree, mapping, list_to_mapping(tree, over, key), strcmp(key, "config") != 0,
		       0);
	for (size_t i = 0; i < mapping->count; i++)
		tree_append(tree, list, mapping->pairs[i].value);
	return list;
}

/* Brings the forms a service's key can have to one that can be merged. */
static struct node *common_form(struct tree *tree, struct node *node, const char *key)
{
	if (is_pairs(key))
		return pairs_to_mapping(tree, node, key);
	if (is_string_or_list(key))
		return single_to_list(tree, node);
	if (strcmp(key, "extra_hosts") == 0)
		return hosts_to_list(tree, node);
	return strcmp(key, "build") == 0 ? build_to_mapping(tree, node) : node;
}

/* The options of one logging driver mean nothing to another. */
static bool is_other_driver(const struct node *base, const struct node *over, const char *key)
{
	const char *driver = member_text(over, "driver", NULL);

	return strcmp(key, "logging") == 0 && driver &&
	       strcmp(member_text(base, "driver", driver), driver) != 0;
}

/* Depths: 0 the manifest, 1 its keys, 2 service names, 3 and more the keys of services. */
static struct node *merge_nodes(struct tree *tree, struct node *base, struct node *over,
				const char *key, unsigned depth)
{
	if (over->tag == TAG_OVERRIDE || over->tag == TAG_RESET)
		return over;
	if (node_is_null(over) && depth != 0)
		return base;
	if (node_is_null(base) || tree_full(tree))
		return over;
	if (depth >= 3 && (is_replaced(key) || is_other_driver(base, over, key)))
		return over;
	if (depth >= 3) {
		base = common_form(tree, base, key);
		over = common_form(tree, over, key);
	}
	if (depth >= 3 && strcmp(key, "x-probe") == 0)
		merge_probe_forms(tree, base, over);
	if (base->kind != over->kind || base->kind == NODE_SCALAR)
		return over;
	if (base->kind == NODE_SEQUENCE)
		return merge_lists(tree, base, over, key);
	merge_mappings(tree, base, over, depth >= 3 && is_texts(key), depth);
	return base;
}

struct node *merge_manifests(struct tree *tree, struct node *base, struct node *over)
{
	if (!base || !over)
		return base ? base : over;
	return merge_nodes(tree, base, over, "", 0);
}

struct node *merge_services(struct tree *tree, struct node *base, struct node *over)
{
	return merge_nodes(tree, base, over, "", 2);
}

void merge_prune(struct node *node)
{
	size_t kept = 0;

	for (size_t i = 0; i < node->count; i++) {
		bool mapping = node->kind == NODE_MAPPING;
		struct node *child = mapping ? node->pairs[i].value : node->items[i];

		if (child->tag == TAG_RESET)
			continue;
		merge_prune(child);
		if (mapping)
			node->pairs[kept++] = node->pairs[i];
		else
			node->items[kept++] = child;
	}
	if (node->kind != NODE_SCALAR)
		node->count = kept;
}
