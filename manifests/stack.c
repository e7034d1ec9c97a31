// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a loaded stack: all of it is one block of memory.
 */
#include "manifests/stack_memory.h"

#include "runtime/base/path.h"

#include <stdlib.h>
#include <string.h>

struct stack *stack_new(struct err *err)
{
	struct arena arena = {0};

	if (arena_open(&arena, err) < 0)
		return NULL;
	struct stack_memory *memory = arena_new(&arena, struct stack_memory, 1);

	memory->arena = arena;
	*arena_push(&memory->arena, memory->stack.files, memory->file_count, memory->file_cap) =
		NULL;
	return &memory->stack;
}

struct arena *stack_arena(struct stack *stack)
{
	return &((struct stack_memory *)stack)->arena;
}

const char *stack_add_file(struct stack *stack, const char *name)
{
	struct stack_memory *memory = (struct stack_memory *)stack;
	char **files = stack->files;

	for (; *files; files++)
		if (strcmp(*files, name) == 0)
			return *files;
	char *copy = arena_text(&memory->arena, name);

	stack->files[memory->file_count - 1] = copy;
	*arena_push(&memory->arena, stack->files, memory->file_count, memory->file_cap) = NULL;
	return copy;
}

void stack_free(struct stack *stack)
{
	if (!stack)
		return;
	/* The description of the memory lies in the memory. */
	struct arena arena = *stack_arena(stack);

	arena_close(&arena);
}

static int compare_service(const void *name, const void *service)
{
	return strcmp(name, ((const struct service *)service)->name);
}

const struct service *stack_service(const struct stack *stack, const char *name)
{
	if (!stack->service_count)
		return NULL;
	return bsearch(name, stack->services, stack->service_count, sizeof(*stack->services),
		       compare_service);
}

const struct service *stack_network_owner(const struct stack *stack, const struct service *service)
{
	/* The checks of the loader leave no circle. */
	while (service->network.join_service)
		service = stack_service(stack, service->network.join_service);
	return service;
}

static int compare_network(const void *key, const void *network)
{
	return strcmp(key, ((const struct network *)network)->key);
}

const struct network *stack_network(const struct stack *stack, const char *key)
{
	if (!stack->network_count)
		return NULL;
	return bsearch(key, stack->networks, stack->network_count, sizeof(*stack->networks),
		       compare_network);
}

static int compare_volume(const void *key, const void *volume)
{
	return strcmp(key, ((const struct volume *)volume)->key);
}

const struct volume *stack_volume(const struct stack *stack, const char *key)
{
	if (!stack->volume_count)
		return NULL;
	return bsearch(key, stack->volumes, stack->volume_count, sizeof(*stack->volumes),
		       compare_volume);
}

/* What of the host an instance can write to by it: NULL: nothing. A faulty mount has no source. */
static const char *writable_by(const struct stack *stack, const struct mount_spec *mount)
{
	if (mount->read_only || !mount->source)
		return NULL;
	const struct volume *volume =
		mount->kind == MOUNT_VOLUME ? stack_volume(stack, mount->source) : NULL;

	return mount->kind == MOUNT_BIND ? mount->source : volume ? volume->device : NULL;
}

/* Below "/" nothing is safe from who may write there. */
static bool is_above(const char *top, const char *path)
{
	return top && strlen(top) > 1 && strcmp(top, path) != 0 && path_below(path, top);
}

const char *stack_writable_above(const struct stack *stack, const char *path)
{
	const char *top = NULL;

	for (size_t i = 0; i < stack->service_count; i++)
		for (size_t j = 0; j < stack->services[i].mount_count; j++) {
			const char *one = writable_by(stack, &stack->services[i].mounts[j]);

			if (is_above(one, path) && (!top || strlen(one) < strlen(top)))
				top = one;
		}
	return top;
}

struct file_name {
	enum file_kind kind;
	const char *key;
};

static int compare_file(const void *name, const void *object)
{
	const struct file_name *wanted = name;
	const struct file_object *here = object;

	return wanted->kind != here->kind ? (int)wanted->kind - (int)here->kind
					  : strcmp(wanted->key, here->key);
}

const struct file_object *stack_file(const struct stack *stack, enum file_kind kind,
				     const char *key)
{
	const struct file_name name = {kind, key};

	if (!stack->files_given.count)
		return NULL;
	return bsearch(&name, stack->files_given.items, stack->files_given.count,
		       sizeof(*stack->files_given.items), compare_file);
}
