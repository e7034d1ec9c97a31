// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Consistency across a stack. Everything sorts or looks up by bisection: a thousand services with
 * a thousand dependencies each are a legal manifest.
 */
#include "manifests/check.h"

#include "manifests/check_networks.h"
#include "manifests/check_resources.h"
#include "manifests/keys.h"
#include "manifests/stack_memory.h"

#include <stdlib.h>
#include <string.h>

struct check {
	struct stack *stack;
	struct arena *scratch;
	struct report *report;
};

/* ": did you mean 'db'?", or "". */
static const char *near_service(const struct check *check, const char *name)
{
	const struct stack *stack = check->stack;
	struct key_names known = {.count = stack->service_count,
				  .stride = sizeof(*stack->services)};

	if (known.count)
		known.names = (const char *const *)&stack->services[0].name;
	return keys_suggestion(check->scratch, check->report, known, name);
}

static void check_dependency(const struct check *check, const struct service *service,
			     const struct dependency *dependency)
{
	const struct service *target = stack_service(check->stack, dependency->service);

	if (!target && dependency->required) {
		report_error(check->report, dependency->pos,
			     "services.%s.depends_on: there is no service '%.80s'%s", service->name,
			     dependency->service, near_service(check, dependency->service));
	} else if (!target) {
		report_warning(check->report, dependency->pos,
			       "services.%s.depends_on: there is no service '%.80s'%s",
			       service->name, dependency->service,
			       near_service(check, dependency->service));
	} else if (service->enabled && !target->enabled && dependency->required) {
		report_error(check->report, dependency->pos,
			     "services.%s.depends_on: no active profile enables '%.80s'",
			     service->name, dependency->service);
	} else if (target->schedule.present) {
		report_error(
			check->report, dependency->pos,
			"services.%s.depends_on: '%.80s' runs at times (x-schedule), for which "
			"nothing can wait",
			service->name, dependency->service);
	} else if (dependency->condition == DEPENDS_HEALTHY && target->rootfs != ROOTFS_IMAGE &&
		   !check_has_health(target)) {
		report_error(check->report, dependency->pos,
			     "services.%s.depends_on: service_healthy, but '%.80s' has no "
			     "healthcheck",
			     service->name, dependency->service);
	}
}

struct walk {
	const struct check *check;
	unsigned char *state; /* 0 new, 1 on the path, 2 done */
	size_t *path;
	size_t *next; /* per path entry: the dependency to look at */
	size_t depth;
};

static void report_cycle(const struct walk *walk, size_t target, const struct dependency *last)
{
	const struct service *services = walk->check->stack->services;
	autobuf struct buf text = {0};
	size_t from = 0;

	while (walk->path[from] != target)
		from++;
	for (size_t shown = 0; from < walk->depth; from++, shown++) {
		if (shown < 20)
			buf_printf(&text, "%s -> ", services[walk->path[from]].name);
		else if (shown == 20)
			buf_puts(&text, "... -> ");
	}
	buf_puts(&text, services[target].name);
	report_error(walk->check->report, last->pos, "depends_on goes in a circle: %s",
		     text.data ? text.data : "");
}

static void walk_enter(struct walk *walk, size_t index)
{
	walk->state[index] = 1;
	walk->path[walk->depth] = index;
	walk->next[walk->depth++] = 0;
}

/* One step of a depth-first search with its own stack: chains can be as long as the manifest. */
static void walk_step(struct walk *walk)
{
	struct stack *stack = walk->check->stack;
	size_t index = walk->path[walk->depth - 1];
	const struct service *service = &stack->services[index];
	size_t at = walk->next[walk->depth - 1]++;

	if (at >= service->depends_on_count) {
		walk->state[index] = 2;
		walk->depth--;
		return;
	}
	const struct dependency *dependency = &service->depends_on[at];
	const struct service *target = stack_service(stack, dependency->service);
	size_t to = target ? (size_t)(target - stack->services) : 0;

	if (!target || walk->state[to] == 2)
		return;
	if (walk->state[to] == 1)
		report_cycle(walk, to, dependency);
	else
		walk_enter(walk, to);
}

static void check_cycles(const struct check *check)
{
	size_t count = check->stack->service_count;
	struct walk walk = {.check = check,
			    .state = arena_new(check->scratch, unsigned char, count),
			    .path = arena_new(check->scratch, size_t, count),
			    .next = arena_new(check->scratch, size_t, count)};

	for (size_t i = 0; i < count; i++) {
		if (walk.state[i])
			continue;
		walk_enter(&walk, i);
		while (walk.depth)
			walk_step(&walk);
	}
}

static void check_network(const struct check *check, struct service *service)
{
	if (!service->port_count)
		return;
	if (service->network.mode == NETWORK_NONE)
		report_error(check->report, service->ports[0].pos,
			     "services.%s.ports: network_mode none has no ports to publish",
			     service->name);
	if (service->network.mode == NETWORK_HOST) {
		report_warning(check->report, service->ports[0].pos,
			       "services.%s.ports has no effect with network_mode host",
			       service->name);
		service->port_count = 0;
	}
}

static int compare_ports(const void *left, const void *right)
{
	const struct port_spec *a = *(const struct port_spec *const *)left;
	const struct port_spec *b = *(const struct port_spec *const *)right;
	int order = strcmp(a->host_ip ? a->host_ip : "", b->host_ip ? b->host_ip : "");

	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	if (a->published != b->published)
		return a->published < b->published ? -1 : 1;
	if (order)
		return order;
	if (a->pos.line != b->pos.line)
		return a->pos.line < b->pos.line ? -1 : 1;
	return (a->pos.col > b->pos.col) - (a->pos.col < b->pos.col);
}

static bool is_before(struct pos a, struct pos b)
{
	return a.line < b.line || (a.line == b.line && a.col < b.col);
}

/* A fault of a launch only: whoever starts one service at a time may well keep such a manifest.
 * @told: the entry reported last; a range that collides is one fault, not one per port. */
static void report_collision(const struct check *check, const struct port_spec *a,
			     const struct port_spec *b, struct pos *told)
{
	const struct port_spec *first = is_before(b->pos, a->pos) ? b : a;
	const struct port_spec *second = first == a ? b : a;

	if (told->line == second->pos.line && told->col == second->pos.col)
		return;
	*told = second->pos;
	report_note(check->report, second->pos, "port %u/%s is published twice, first on line %u",
		    second->published, second->protocol == PROTOCOL_UDP ? "udp" : "tcp",
		    first->pos.line);
}

/* What was seen of one port so far. */
struct taken {
	const struct port_spec *all; /* on every address */
	const struct port_spec *all_v4;
	const struct port_spec *all_v6;
	const struct port_spec *last_v4;
	const struct port_spec *last_v6;
};

/* Entries that name the same address are neighbours. */
static const struct port_spec *collision(const struct taken *taken, const struct port_spec *port)
{
	bool v6 = port->host_ip && strchr(port->host_ip, ':');
	const struct port_spec *last = v6 ? taken->last_v6 : taken->last_v4;
	const struct port_spec *wide = v6 ? taken->all_v6 : taken->all_v4;
	bool any = port->host_ip &&
		   (strcmp(port->host_ip, "0.0.0.0") == 0 || strcmp(port->host_ip, "::") == 0);

	if (taken->all || wide)
		return taken->all ? taken->all : wide;
	return last && (any || strcmp(last->host_ip, port->host_ip) == 0) ? last : NULL;
}

static void take(struct taken *taken, const struct port_spec *port)
{
	if (!port->host_ip)
		taken->all = port;
	else if (strchr(port->host_ip, ':'))
		taken->last_v6 = port;
	else
		taken->last_v4 = port;
	if (port->host_ip && strcmp(port->host_ip, "0.0.0.0") == 0)
		taken->all_v4 = port;
	if (port->host_ip && strcmp(port->host_ip, "::") == 0)
		taken->all_v6 = port;
}

/* An entry for all addresses sorts first among those of its port. */
static void report_collisions(const struct check *check, const struct port_spec **sorted,
			      size_t count)
{
	struct taken taken = {0};
	struct pos told = {0};

	for (size_t i = 0; i < count; i++) {
		const struct port_spec *port = sorted[i];

		if (i && (port->protocol != sorted[i - 1]->protocol ||
			  port->published != sorted[i - 1]->published))
			taken = (struct taken){0};
		const struct port_spec *other = collision(&taken, port);

		if (other)
			report_collision(check, other, port, &told);
		take(&taken, port);
	}
}

static void check_ports(const struct check *check)
{
	struct stack *stack = check->stack;
	size_t count = 0;

	for (size_t i = 0; i < stack->service_count; i++)
		count += stack->services[i].port_count;
	const struct port_spec **sorted =
		arena_new(check->scratch, const struct port_spec *, count);

	count = 0;
	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];

		for (size_t j = 0; service->enabled && j < service->port_count; j++)
			if (service->ports[j].published && !service->ports[j].published_last)
				sorted[count++] = &service->ports[j];
	}
	if (count)
		qsort(sorted, count, sizeof(*sorted), compare_ports);
	report_collisions(check, sorted, count);
}

static int compare_names(const void *left, const void *right)
{
	const struct service *a = *(const struct service *const *)left;
	const struct service *b = *(const struct service *const *)right;
	int order = strcmp(a->container_name.value, b->container_name.value);

	return order ? order : strcmp(a->name, b->name);
}

/* A name is of one instance, in the whole stack. */
static void check_names(const struct check *check)
{
	const struct stack *stack = check->stack;
	const struct service **sorted =
		arena_new(check->scratch, const struct service *, stack->service_count);
	size_t count = 0;

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];

		if (!service->container_name.value)
			continue;
		if (service->enabled)
			sorted[count++] = service;
		if (service->replicas > 1)
			report_error(check->report, service->container_name.pos,
				     "services.%s.container_name: %u instances cannot share one "
				     "name: remove it, or run one instance",
				     service->name, service->replicas);
	}
	if (count)
		qsort(sorted, count, sizeof(*sorted), compare_names);
	for (size_t i = 1; i < count; i++)
		if (strcmp(sorted[i]->container_name.value, sorted[i - 1]->container_name.value) ==
		    0)
			report_error(check->report, sorted[i]->container_name.pos,
				     "services.%s.container_name: '%.80s' is the name of service "
				     "'%s' already",
				     sorted[i]->name, sorted[i]->container_name.value,
				     sorted[i - 1]->name);
}

void check_stack(struct stack *stack, struct arena *scratch, struct report *report)
{
	struct check check = {.stack = stack, .scratch = scratch, .report = report};
	const struct network_check networks = {stack, stack_arena(stack), scratch, report};

	check_attachments(&networks);
	check_shares(&networks);
	for (size_t i = 0; i < stack->service_count; i++) {
		struct service *service = &stack->services[i];

		for (size_t j = 0; j < service->depends_on_count; j++)
			check_dependency(&check, service, &service->depends_on[j]);
		check_network(&check, service);
	}
	check_files(stack, scratch, report);
	check_cycles(&check);
	check_ports(&check);
	check_names(&check);
	check_addresses(&networks);
	check_network_notes(&networks);
	check_resources(stack, report);
	check_probes(stack, scratch, report);
}
