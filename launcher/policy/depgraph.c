// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dependency graph as two compressed adjacency lists: rows 0..n-1 are what a service depends
 * on, rows n..2n-1 what depends on it. Levels come from taking away, again and again, the services
 * whose dependencies are all taken; what can never be taken is in, or behind, a cycle.
 */
#include "launcher/policy/depgraph.h"

#include "launcher/policy/observed.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

static size_t row(const struct depgraph *graph, size_t index, const size_t **ret_services)
{
	*ret_services = graph->edges + graph->offsets[index];
	return graph->offsets[index + 1] - graph->offsets[index];
}

size_t depgraph_dependencies(const struct depgraph *graph, size_t service,
			     const size_t **ret_services)
{
	return row(graph, service, ret_services);
}

size_t depgraph_dependents(const struct depgraph *graph, size_t service,
			   const size_t **ret_services)
{
	return row(graph, graph->count + service, ret_services);
}

void depgraph_free(struct depgraph *graph)
{
	free(graph->order);
	free(graph->level);
	free(graph->edges);
	free(graph->offsets);
	*graph = (struct depgraph){0};
}

/* Calls for every edge of the stack; the first pass counts, the second one fills. */
static void scan_edges(const struct stack *stack, struct depgraph *graph, bool fill)
{
	size_t n = graph->count;

	for (size_t s = 0; s < n; s++) {
		const struct service *service = &stack->services[s];

		for (size_t i = 0; i < service->depends_on_count; i++) {
			long d = observed_service(stack, service->depends_on[i].service);

			if (d < 0)
				continue;
			if (fill) {
				graph->edges[--graph->offsets[s + 1]] = (size_t)d;
				graph->edges[--graph->offsets[n + (size_t)d + 1]] = s;
			} else {
				graph->offsets[s + 1]++;
				graph->offsets[n + (size_t)d + 1]++;
			}
		}
	}
}

static int compare_index(const void *a, const void *b)
{
	size_t left = *(const size_t *)a;
	size_t right = *(const size_t *)b;

	return (left > right) - (left < right);
}

/*
 * Counts become the ends of the rows; filling moves each end back to its row's start, which is
 * then shifted to where row() looks for it.
 */
static int collect_edges(const struct stack *stack, struct depgraph *graph)
{
	size_t rows = 2 * graph->count;

	graph->offsets = calloc(rows + 2, sizeof(*graph->offsets));
	if (!graph->offsets)
		return -ENOMEM;
	scan_edges(stack, graph, false);
	for (size_t i = 0; i < rows; i++)
		graph->offsets[i + 1] += graph->offsets[i];

	size_t total = graph->offsets[rows];

	graph->edges = calloc(total + 1, sizeof(*graph->edges));
	if (!graph->edges)
		return -ENOMEM;
	scan_edges(stack, graph, true);
	for (size_t i = 0; i < rows; i++)
		graph->offsets[i] = graph->offsets[i + 1];
	graph->offsets[rows] = total;
	for (size_t i = 0; i < rows; i++)
		qsort(graph->edges + graph->offsets[i], graph->offsets[i + 1] - graph->offsets[i],
		      sizeof(*graph->edges), compare_index);
	return 0;
}

/*
 * Takes one service away: those that depend on it may become free. Services are taken in order of
 * their levels, so what is written last is the highest.
 */
static void take(struct depgraph *graph, size_t service, size_t *missing, size_t *ret_taken)
{
	const size_t *dependents;
	size_t count = depgraph_dependents(graph, service, &dependents);

	for (size_t i = 0; i < count; i++) {
		size_t dependent = dependents[i];

		graph->level[dependent] = graph->level[service] + 1;
		if (--missing[dependent] == 0)
			graph->order[(*ret_taken)++] = dependent;
	}
}

/* Returns the number of services put in order; @missing keeps what the others still wait for. */
static size_t take_all(struct depgraph *graph, size_t *missing)
{
	const size_t *unused;
	size_t taken = 0;

	for (size_t s = 0; s < graph->count; s++) {
		missing[s] = depgraph_dependencies(graph, s, &unused);
		if (missing[s] == 0)
			graph->order[taken++] = s;
	}
	for (size_t next = 0; next < taken; next++)
		take(graph, graph->order[next], missing, &taken);
	return taken;
}

/* Levels are known now: sort by them, then by position, in one stable counting pass each. */
static int sort_order(struct depgraph *graph)
{
	autofree size_t *starts = calloc(graph->count + 2, sizeof(*starts));

	if (!starts)
		return -ENOMEM;
	for (size_t s = 0; s < graph->count; s++)
		starts[graph->level[s] + 1]++;
	for (size_t level = 0; level < graph->count; level++)
		starts[level + 1] += starts[level];
	for (size_t s = 0; s < graph->count; s++)
		graph->order[starts[graph->level[s]]++] = s;
	return 0;
}

/* A service that was not taken depends on another one that was not: following these comes back. */
static size_t untaken_dependency(const struct depgraph *graph, const size_t *missing,
				 size_t service)
{
	const size_t *services;
	size_t count = depgraph_dependencies(graph, service, &services);

	for (size_t i = 0; i < count; i++)
		if (missing[services[i]] > 0)
			return services[i];
	return service;
}

static int describe_cycle(const struct stack *stack, const struct depgraph *graph,
			  const size_t *missing, struct err *err)
{
	autobuf struct buf text = {0};
	size_t at = 0;

	while (missing[at] == 0)
		at++;
	/* After as many steps as there are services we are on the cycle itself. */
	for (size_t i = 0; i < graph->count; i++)
		at = untaken_dependency(graph, missing, at);

	size_t first = at;

	buf_puts(&text, stack->services[first].name);
	do {
		at = untaken_dependency(graph, missing, at);
		buf_printf(&text, " -> %s", stack->services[at].name);
	} while (at != first);
	return err_say(err, ELOOP, "services depend on each other: %s",
		       text.failed ? "" : text.data);
}

int depgraph_build(const struct stack *stack, struct depgraph *ret_graph, struct err *err)
{
	autodepgraph struct depgraph graph = {.count = stack->service_count};
	autofree size_t *missing = calloc(graph.count + 1, sizeof(*missing));

	graph.order = calloc(graph.count + 1, sizeof(*graph.order));
	graph.level = calloc(graph.count + 1, sizeof(*graph.level));
	if (!missing || !graph.order || !graph.level || collect_edges(stack, &graph) < 0)
		return err_set(err, ENOMEM, "dependency graph");
	if (take_all(&graph, missing) < graph.count)
		return describe_cycle(stack, &graph, missing, err);
	if (sort_order(&graph) < 0)
		return err_set(err, ENOMEM, "dependency graph");
	*ret_graph = graph;
	graph = (struct depgraph){0};
	return 0;
}

void depgraph_mark_dependencies(const struct depgraph *graph, bool *marked)
{
	const size_t *services;

	for (size_t i = graph->count; i-- > 0;) {
		if (!marked[graph->order[i]])
			continue;

		size_t count = depgraph_dependencies(graph, graph->order[i], &services);

		for (size_t k = 0; k < count; k++)
			marked[services[k]] = true;
	}
}
