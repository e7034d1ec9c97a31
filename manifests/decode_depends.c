// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `depends_on`: a list of names, or a mapping with conditions; and `links`, which ask for the same
 * order of starting: names lead everywhere in a stack without them. Whether the services exist and
 * form no circle is checked once all are known, in check.c.
 */
#include "manifests/decode_networks.h"
#include "manifests/decode_resources.h"

#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

static void decode_condition(struct decoder *decoder, const struct node *node,
			     struct dependency *dependency)
{
	static const char *const words[] = {[DEPENDS_STARTED] = "service_started",
					    [DEPENDS_HEALTHY] = "service_healthy",
					    [DEPENDS_COMPLETED] = "service_completed_successfully"};
	const char *text = decode_scalar(decoder, node, "condition");

	for (size_t i = 0; text && i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i], text) != 0)
			continue;
		dependency->condition = (enum dependency_condition)i;
		return;
	}
	if (text)
		decode_error(decoder, node, "condition",
			     "'%.60s' is not service_started, service_healthy or "
			     "service_completed_successfully",
			     text);
}

static void decode_long(struct decoder *decoder, const struct node *node,
			struct dependency *dependency)
{
	const struct node *condition = node_get(node, "condition");
	const struct node *required = node_get(node, "required");
	const struct node *restart = node_get(node, "restart");

	if (node_is_null(condition))
		report_error(decoder->report, dependency->pos,
			     "%s: needs a condition, for example service_started", decoder->path);
	else
		decode_condition(decoder, condition, dependency);
	if (!node_is_null(required))
		dependency->required = decode_bool(decoder, required, "required", true);
	if (!node_is_null(restart))
		dependency->restart = decode_bool(decoder, restart, "restart", false);
}

static int compare_dependencies(const void *left, const void *right)
{
	const struct dependency *a = left;
	const struct dependency *b = right;
	int order = strcmp(a->service, b->service);

	return order ? order : (int)a->pos.line - (int)b->pos.line;
}

/* A list may name a service twice; the first counts. */
static void drop_repeated(struct service *service)
{
	size_t kept = 0;

	if (service->depends_on_count)
		qsort(service->depends_on, service->depends_on_count, sizeof(*service->depends_on),
		      compare_dependencies);
	for (size_t i = 0; i < service->depends_on_count; i++)
		if (!kept || strcmp(service->depends_on[kept - 1].service,
				    service->depends_on[i].service) != 0)
			service->depends_on[kept++] = service->depends_on[i];
	service->depends_on_count = kept;
}

static void decode_one(struct decoder *decoder, const struct node *name, const struct node *value,
		       const char *key)
{
	struct service *service = decoder->service;
	struct dependency *dependency = &service->depends_on[service->depends_on_count];
	const char *text = decode_scalar(decoder, name, key);
	const char *outer = decoder->path;

	if (!text)
		return;
	*dependency = (struct dependency){
		.service = arena_text(decoder->keep, text), .required = true, .pos = name->pos};
	service->depends_on_count++;
	if (!value)
		return;
	decoder->path = arena_format(decoder->scratch, "%s.%s.%s", outer, key, text);
	if (keys_check(decoder->report, value, keys_dependency, decoder->path))
		decode_long(decoder, value, dependency);
	decoder->path = outer;
}

void decode_depends_on(struct decoder *decoder, const struct node *node, const char *key)
{
	struct service *service = decoder->service;
	bool mapping = node->kind == NODE_MAPPING;

	if (node->kind == NODE_SCALAR) {
		decode_error(decoder, node, key, "must be a list or a mapping, this is text");
		return;
	}
	service->depends_on = arena_new(decoder->keep, struct dependency, node->count);
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++)
		decode_one(decoder, mapping ? node->pairs[i].key : node->items[i],
			   mapping ? node->pairs[i].value : NULL, key);
	drop_repeated(service);
}

static bool is_dependency(const struct service *service, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(service->depends_on[i].service, name) == 0)
			return true;
	return false;
}

/* SERVICE or SERVICE:ALIAS; NULL with an error. The service's own name is no alias. */
static char *link_target(struct decoder *decoder, const struct node *node, const char *key)
{
	struct service_network *network = &decoder->service->network;
	struct link_spec link;

	if (!decode_link(decoder, node, key, &link))
		return NULL;
	if (strcmp(link.alias, link.target) != 0)
		network->links[network->link_count++] = link;
	return link.target;
}

void decode_links(struct decoder *decoder, const struct node *node, const char *key)
{
	struct service *service = decoder->service;
	struct dependency *before = service->depends_on;
	size_t written = service->depends_on_count;

	if (node->kind != NODE_SEQUENCE) {
		decode_error(decoder, node, key, "must be a list, this is %s",
			     node_kind_name(node));
		return;
	}
	service->depends_on = arena_new(decoder->keep, struct dependency, written + node->count);
	if (written)
		memcpy(service->depends_on, before, written * sizeof(*before));
	service->network.links = arena_new(decoder->keep, struct link_spec, node->count);
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++) {
		char *target = link_target(decoder, node->items[i], key);

		/* What depends_on says in more words counts. */
		if (target && !is_dependency(service, written, target))
			service->depends_on[service->depends_on_count++] =
				(struct dependency){.service = target,
						    .required = true,
						    .restart = true,
						    .pos = node->items[i]->pos};
	}
	drop_repeated(service);
}

void decode_implied_dependency(struct decoder *decoder, const char *target, struct pos pos)
{
	struct service *service = decoder->service;
	struct dependency *before = service->depends_on;
	size_t written = service->depends_on_count;

	if (is_dependency(service, written, target))
		return;
	service->depends_on = arena_new(decoder->keep, struct dependency, written + 1);
	if (written)
		memcpy(service->depends_on, before, written * sizeof(*before));
	service->depends_on[service->depends_on_count++] =
		(struct dependency){.service = arena_text(decoder->keep, target),
				    .required = true,
				    .restart = true,
				    .pos = pos};
	drop_repeated(service);
}
