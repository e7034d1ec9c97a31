// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a stack owns what it points to. Private to this folder.
 */
#pragma once

#include "manifests/arena.h"
#include "manifests/stack.h"

struct stack_memory {
	struct stack stack; /* first: the public face is the address of the whole */
	struct arena arena;
	size_t file_count;
	size_t file_cap;
};

/* An empty stack to fill, or NULL when there is no memory; stack_free() it. */
struct stack *stack_new(struct err *err);

/* Where everything the stack points to must be allocated. */
struct arena *stack_arena(struct stack *stack);

/* The stack's own pointer for a file name, for positions. */
const char *stack_add_file(struct stack *stack, const char *name);
