// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the print*.c files share: building the tree of a canonical manifest value by value. Private
 * to this folder.
 */
#pragma once

#include "manifests/stack.h"
#include "manifests/tree.h"

struct printer {
	bool resolved; /* defaults are written */
	struct tree tree;
	struct arena arena;
};

struct node *print_mapping(struct printer *printer);
struct node *print_list(struct printer *printer);

/* A string, its dollar signs doubled: it will be interpolated again. */
struct node *print_string(struct printer *printer, const char *text);
struct node *print_number(struct printer *printer, int64_t value);
struct node *print_bool(struct printer *printer, bool value);
struct node *print_duration(struct printer *printer, int64_t ms);

/* Adds to a mapping. Keys are not interpolated: they keep their dollar signs. */
void print_put(struct printer *printer, struct node *node, const char *key, struct node *value);

/* Nothing where @text is NULL. */
void print_put_text(struct printer *printer, struct node *node, const char *key, const char *text);

/* A text that is absent as its default, where defaults are written. */
void print_put_default(struct printer *printer, struct node *node, const char *key,
		       const char *text, const char *fallback);

/* print_networks.c: what a service, and the stack, has of networks. @only: of
 * the stack's those that this service names; NULL: all. */
void print_service_network(struct printer *printer, struct node *node,
			   const struct service *service);
void print_networks(struct printer *printer, struct node *root, const struct stack *stack,
		    const struct service *only);

/* Nothing where the list is empty; "A=b" texts as a mapping. */
void print_put_list(struct printer *printer, struct node *node, const char *key,
		    const struct text_list *texts);
void print_put_pairs(struct printer *printer, struct node *node, const char *key,
		     const struct text_list *texts);

/* print_deploy.c: limits, in the attribute and in the deploy that say them, and the rest of deploy
 */
void print_deploy(struct printer *printer, struct node *node, struct node *deploy,
		  const struct service *service);

/* print_resources.c */
void print_resources(struct printer *printer, struct node *node, const struct service *service);

/* print.c */
void print_ulimits(struct printer *printer, struct node *node, const struct ulimit_spec *items,
		   size_t count);

/* print_build.c */
void print_build(struct printer *printer, struct node *node, const struct service *service);

/* print_mounts.c */
void print_mounts(struct printer *printer, struct node *node, const struct service *service);
void print_top_volumes(struct printer *printer, struct node *root, const struct stack *stack,
		       const struct service *only);

/* print_files.c */
void print_top_files(struct printer *printer, struct node *root, const struct stack *stack);
struct node *print_grant(struct printer *printer, const struct file_grant *grant);
void print_service_files(struct printer *printer, struct node *node, const struct service *service);

/* print_kept.c */
void print_kept(struct printer *printer, struct node *node, const struct service *service);
void print_reserved_devices(struct printer *printer, struct node *reservations,
			    const struct service *service);

/* print_probes.c */
void print_probes(struct printer *printer, struct node *node, const struct service *service);
