// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The services of a stack as a graph of `depends_on`: orders, levels, closures. Pure, iterative.
 *
 * Services are named by their position in stack->services. Dependencies on services that are not
 * in the stack (the loader allows them with required: false) are left out.
 */
#pragma once

#include "manifests/stack.h"
#include "runtime/base/err.h"

struct depgraph {
	size_t count;
	size_t *order;	 /* dependencies first, by level, then by position; backwards: to stop */
	unsigned *level; /* per service: 0 depends on nothing, else 1 + the highest below it */
	size_t *edges;	 /* private: read with depgraph_dependencies() and _dependents() */
	size_t *offsets;
};

/*
 * @ret_graph	out: owned by the caller, depgraph_free(); untouched on failure
 *
 * Returns 0; -ELOOP with the names of one cycle in @err ("a -> b -> a"); -ENOMEM.
 */
int depgraph_build(const struct stack *stack, struct depgraph *ret_graph,
		   struct err *err) must_check;

/* Accepts a zeroed graph. */
void depgraph_free(struct depgraph *graph);
#define autodepgraph __attribute__((cleanup(depgraph_free)))

/* What @service depends on, directly. Borrowed; returns their number. */
size_t depgraph_dependencies(const struct depgraph *graph, size_t service,
			     const size_t **ret_services);

/* What depends on @service, directly. Borrowed; returns their number. */
size_t depgraph_dependents(const struct depgraph *graph, size_t service,
			   const size_t **ret_services);

/* Adds everything that the marked services depend on, directly or not: `up SERVICE`.
 * @marked is an array of graph->count. */
void depgraph_mark_dependencies(const struct depgraph *graph, bool *marked);
