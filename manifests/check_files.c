// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is mounted in an instance: every source exists, no two things have the same place.
 */
#include "manifests/check.h"

#include "manifests/keys.h"

#include <stdlib.h>
#include <string.h>

/* A mount, a config or a secret of a service. */
struct place {
	const char *target;
	struct pos pos;
	size_t order;
};

static const char *near_volume(const struct stack *stack, struct arena *scratch,
			       const struct report *report, const char *key)
{
	struct key_names known = {.count = stack->volume_count, .stride = sizeof(*stack->volumes)};

	if (known.count)
		known.names = (const char *const *)&stack->volumes[0].key;
	return keys_suggestion(scratch, report, known, key);
}

static const char *near_file(const struct stack *stack, struct arena *scratch,
			     const struct report *report, const struct file_grant *grant)
{
	const struct stack_files *files = &stack->files_given;
	struct key_names known = {.stride = sizeof(*files->items)};

	for (size_t i = 0; i < files->count; i++) {
		if (files->items[i].kind != grant->kind)
			continue;
		if (!known.count++)
			known.names = (const char *const *)&files->items[i].key;
	}
	return keys_suggestion(scratch, report, known, grant->source);
}

static void check_grant(const struct stack *stack, const struct service *service,
			const struct file_grant *grant, struct arena *scratch,
			struct report *report)
{
	bool secret = grant->kind == FILE_SECRET;

	if (!stack_file(stack, grant->kind, grant->source))
		report_error(report, grant->source_pos,
			     "services.%s.%s: no %s '%.80s' is defined under the top-level %s%s",
			     service->name, secret ? "secrets" : "configs",
			     secret ? "secret" : "config", grant->source,
			     secret ? "secrets" : "configs",
			     near_file(stack, scratch, report, grant));
}

static void check_sources(const struct stack *stack, const struct service *service,
			  struct arena *scratch, struct report *report)
{
	for (size_t i = 0; i < service->mount_count; i++) {
		const struct mount_spec *mount = &service->mounts[i];

		if (mount->kind == MOUNT_VOLUME && mount->source &&
		    !stack_volume(stack, mount->source))
			report_error(report, mount->source_pos,
				     "services.%s.volumes: no volume '%.80s' is defined under "
				     "the top-level volumes%s",
				     service->name, mount->source,
				     near_volume(stack, scratch, report, mount->source));
	}
	for (size_t i = 0; i < service->files.count; i++)
		check_grant(stack, service, &service->files.items[i], scratch, report);
	for (size_t i = 0; i < service->build.secret_count; i++)
		check_grant(stack, service, &service->build.secrets[i], scratch, report);
}

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left;
	const struct place *b = right;
	int order = strcmp(a->target, b->target);

	return order ? order : (a->order > b->order) - (a->order < b->order);
}

static void check_targets(const struct service *service, struct arena *scratch,
			  struct report *report)
{
	size_t count = service->mount_count + service->files.count;
	struct place *places = arena_new(scratch, struct place, count);

	for (size_t i = 0; i < count; i++) {
		size_t grant = i - service->mount_count;

		places[i].order = i;
		places[i].target = i < service->mount_count ? service->mounts[i].target
							    : service->files.items[grant].target;
		places[i].pos = i < service->mount_count ? service->mounts[i].pos
							 : service->files.items[grant].pos;
	}
	if (count)
		qsort(places, count, sizeof(*places), compare_places);
	for (size_t i = 1; i < count; i++)
		if (strcmp(places[i].target, places[i - 1].target) == 0)
			report_error(report, places[i].pos,
				     "services.%s: %.200s is mounted twice, first on line %u",
				     service->name, places[i].target, places[i - 1].pos.line);
}

void check_files(const struct stack *stack, struct arena *scratch, struct report *report)
{
	for (size_t i = 0; i < stack->service_count; i++) {
		check_sources(stack, &stack->services[i], scratch, report);
		check_targets(&stack->services[i], scratch, report);
	}
}
