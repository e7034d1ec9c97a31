// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `ulimits`: one number for both limits, or soft and hard.
 */
#include "manifests/decode_files.h"

#include "runtime/base/cleanup.h"

#include <string.h>
#include <sys/resource.h>

static const struct {
	const char *name;
	int resource;
} known[] = {
	{"as", RLIMIT_AS},
	{"core", RLIMIT_CORE},
	{"cpu", RLIMIT_CPU},
	{"data", RLIMIT_DATA},
	{"fsize", RLIMIT_FSIZE},
	{"memlock", RLIMIT_MEMLOCK},
	{"msgqueue", RLIMIT_MSGQUEUE},
	{"nice", RLIMIT_NICE},
	{"nofile", RLIMIT_NOFILE},
	{"nproc", RLIMIT_NPROC},
	{"rtprio", RLIMIT_RTPRIO},
	{"rttime", RLIMIT_RTTIME},
	{"sigpending", RLIMIT_SIGPENDING},
	{"stack", RLIMIT_STACK},
};

static bool decode_value(struct decoder *decoder, const struct node *node, const char *key,
			 int64_t *ret_value)
{
	return decode_int(decoder, node, key, (struct decode_range){-1, INT64_MAX}, ret_value);
}

/* Unlimited is above every number. */
static bool is_above(int64_t a, int64_t b)
{
	return b >= 0 && (a < 0 || a > b);
}

static bool decode_pair(struct decoder *decoder, const struct node *node, const char *name,
			struct ulimit_spec *limit)
{
	const char *path = arena_format(decoder->scratch, "%s.ulimits.%s", decoder->path, name);
	const struct node *soft = node_get(node, "soft");
	const struct node *hard = node_get(node, "hard");

	if (!keys_check(decoder->report, node, keys_ulimit, path))
		return false;
	if (node_is_null(soft) || node_is_null(hard)) {
		report_error(decoder->report, node->pos, "%s needs both soft and hard", path);
		return false;
	}
	if (!decode_value(decoder, soft, "ulimits.soft", &limit->soft) ||
	    !decode_value(decoder, hard, "ulimits.hard", &limit->hard))
		return false;
	if (!is_above(limit->soft, limit->hard))
		return true;
	report_error(decoder->report, soft->pos, "%s: the soft limit is above the hard one", path);
	return false;
}

static bool decode_ulimit(struct decoder *decoder, const struct node *node, size_t index,
			  struct ulimit_spec *limit)
{
	const char *key = arena_format(decoder->scratch, "ulimits.%s", known[index].name);

	*limit = (struct ulimit_spec){
		.name = known[index].name, .resource = known[index].resource, .pos = node->pos};
	if (node->kind == NODE_MAPPING)
		return decode_pair(decoder, node, limit->name, limit);
	if (!decode_value(decoder, node, key, &limit->soft))
		return false;
	limit->hard = limit->soft;
	return true;
}

void decode_ulimit_list(struct decoder *decoder, const struct node *node, const char *key,
			struct ulimit_spec **ret_items, size_t *ret_count)
{
	const char *path = arena_format(decoder->scratch, "%s.%s", decoder->path, key);
	struct ulimit_spec *items = arena_new(decoder->keep, struct ulimit_spec, ARRAY_SIZE(known));
	size_t count = 0;

	if (!keys_check(decoder->report, node, keys_ulimits, path))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const struct node *value = node_get(node, known[i].name);

		if (!node_is_null(value))
			count += decode_ulimit(decoder, value, i, &items[count]);
	}
	*ret_items = items;
	*ret_count = count;
}

void decode_ulimits(struct decoder *decoder, const struct node *node, const char *key)
{
	struct service *service = decoder->service;

	decode_ulimit_list(decoder, node, key, &service->ulimits, &service->ulimit_count);
}
