// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `volumes_from`: the mounts of other services, below a service's own. They are copied once all
 * services are decoded; from then on they are mounts like any other.
 */
#include "manifests/decode_files.h"
#include "manifests/decode_resources.h"

#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* A chain of services that take from each other is no longer. */
#define DONORS_DEPTH_MAX 64

/* SERVICE[:ro|rw], or service:SERVICE:ro|rw as older files have it */
static void decode_donor(struct decoder *decoder, const struct node *node, const char *key,
			 struct mount_donor *donors, size_t *count)
{
	const char *text = decode_scalar(decoder, node, key);

	if (text && strncmp(text, "service:", 8) == 0 && strchr(text + 8, ':'))
		text += 8;
	size_t len = text ? strcspn(text, ":") : 0;
	const char *mode = text && text[len] ? text + len + 1 : "rw";
	bool read_only = strcmp(mode, "ro") == 0;

	if (!text)
		return;
	if (strncmp(text, "container:", 10) == 0) {
		decode_note(decoder, node, key,
			    "'%.80s' is not supported: only services of this stack have volumes "
			    "to give",
			    text);
		return;
	}
	if (!len || (!read_only && strcmp(mode, "rw") != 0)) {
		decode_error(decoder, node, key, "'%.80s' is not SERVICE, SERVICE:ro or SERVICE:rw",
			     text);
		return;
	}
	char *service = arena_copy(decoder->keep, text, len);

	donors[(*count)++] = (struct mount_donor){service, read_only, node->pos};
	decode_implied_dependency(decoder, service, node->pos);
}

void decode_volumes_from(struct decoder *decoder, const struct node *node, const char *key)
{
	struct service *service = decoder->service;

	if (node->kind != NODE_SEQUENCE) {
		decode_error(decoder, node, key, "must be a list, this is %s",
			     node_kind_name(node));
		return;
	}
	service->donors = arena_new(decoder->keep, struct mount_donor, node->count);
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++)
		decode_donor(decoder, node->items[i], key, service->donors, &service->donor_count);
}

/* One service that takes mounts, and those whose turn it has to wait for. */
struct taking {
	struct decoder *decoder;
	unsigned char *state; /* by service: 0 not looked at, 1 being looked at, 2 done */
	unsigned depth;
};

static int compare_target(const void *target, const void *mount)
{
	return strcmp(target, (*(const struct mount_spec *const *)mount)->target);
}

static int compare_mounts(const void *left, const void *right)
{
	return compare_target((*(const struct mount_spec *const *)left)->target, right);
}

/* The mounts that a service has already, ordered by target. */
static const struct mount_spec **sorted_mounts(struct decoder *decoder,
					       const struct service *service)
{
	const struct mount_spec **sorted =
		arena_new(decoder->scratch, const struct mount_spec *, service->mount_count);

	for (size_t i = 0; i < service->mount_count; i++)
		sorted[i] = &service->mounts[i];
	if (service->mount_count)
		qsort(sorted, service->mount_count, sizeof(*sorted), compare_mounts);
	return sorted;
}

static void note_anonymous(struct decoder *decoder, const struct service *service,
			   const struct mount_donor *donor, const struct mount_spec *mount)
{
	decoder->report->service = service->name;
	report_note(decoder->report, donor->pos,
		    "services.%s.volumes_from: %.80s of %s has no name: it cannot be shared yet",
		    service->name, mount->target, donor->service);
	decoder->report->service = NULL;
}

static void take_mounts(struct decoder *decoder, struct service *service,
			const struct service *from, const struct mount_donor *donor)
{
	size_t own = service->mount_count;
	const struct mount_spec **sorted = sorted_mounts(decoder, service);
	struct mount_spec *mounts =
		arena_new(decoder->keep, struct mount_spec, own + from->mount_count);
	size_t count = own;

	if (own)
		memcpy(mounts, service->mounts, own * sizeof(*mounts));
	for (size_t i = 0; i < from->mount_count; i++) {
		const struct mount_spec *mount = &from->mounts[i];

		if (mount->kind == MOUNT_TMPFS ||
		    (own && bsearch(mount->target, sorted, own, sizeof(*sorted), compare_target)))
			continue;
		if (mount->kind == MOUNT_VOLUME && !mount->source) {
			note_anonymous(decoder, service, donor, mount);
			continue;
		}
		mounts[count] = *mount;
		mounts[count].pos = mounts[count].source_pos = donor->pos;
		mounts[count++].read_only |= donor->read_only;
	}
	service->mounts = mounts;
	service->mount_count = count;
}

/* What a service takes from has taken its own first. A circle ends here: the check of dependencies
 * tells of it. */
static void take_all(struct taking *taking, struct service *service)
{
	struct stack *stack = taking->decoder->stack;
	unsigned char *state = &taking->state[service - stack->services];

	if (*state)
		return;
	*state = 1;
	taking->depth++;
	for (size_t i = 0; i < service->donor_count; i++) {
		const struct mount_donor *donor = &service->donors[i];
		const struct service *from = stack_service(stack, donor->service);
		const struct node place = {.pos = donor->pos};

		if (!from || !decode_room(taking->decoder, &place))
			continue;
		if (taking->depth > DONORS_DEPTH_MAX)
			report_error(taking->decoder->report, donor->pos,
				     "services.%s.volumes_from: more than %d services in a row",
				     service->name, DONORS_DEPTH_MAX);
		else
			take_all(taking, &stack->services[from - stack->services]);
		if (taking->state[from - stack->services] == 2)
			take_mounts(taking->decoder, service, from, donor);
	}
	taking->depth--;
	*state = 2;
}

void decode_donated_mounts(struct decoder *decoder)
{
	struct stack *stack = decoder->stack;
	struct taking taking = {
		.decoder = decoder,
		.state = arena_new(decoder->scratch, unsigned char, stack->service_count)};

	for (size_t i = 0; i < stack->service_count; i++)
		if (stack->services[i].donor_count)
			take_all(&taking, &stack->services[i]);
}
