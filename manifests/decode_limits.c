// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one instance may use, beyond `cpus`, `mem_limit` and `pids_limit`.
 */
#include "manifests/decode_resources.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

void decode_twin(struct decoder *decoder, const struct node *node, const char *key,
		 struct twin twin, int64_t value)
{
	if (twin.pos->line && *twin.value != value) {
		decode_error(decoder, node, key,
			     "contradicts line %u: write it once, or the same twice",
			     twin.pos->line);
		return;
	}
	*twin.value = value;
	*twin.pos = node->pos;
}

void decode_cpu_shares(struct decoder *decoder, const struct node *node, const char *key)
{
	struct limits *limits = &decoder->service->limits;

	if (decode_int(decoder, node, key, (struct decode_range){0, 262144}, &limits->cpu_shares))
		limits->cpu_shares_pos = node->pos;
}

/* Microseconds, or a duration. */
static bool decode_micros(struct decoder *decoder, const struct node *node, const char *key,
			  int64_t *ret_us)
{
	const char *text = decode_scalar(decoder, node, key);
	int64_t ms = 0;

	if (!text)
		return false;
	if (scalar_int(text, -1, INT64_MAX, ret_us, NULL) == 0)
		return true;
	if (scalar_duration_ms(text, &ms, NULL) < 0 || ms > INT64_MAX / 1000) {
		decode_error(decoder, node, key,
			     "'%.60s' is neither a number of microseconds nor a duration", text);
		return false;
	}
	*ret_us = ms * 1000;
	return true;
}

void decode_cpu_quota(struct decoder *decoder, const struct node *node, const char *key)
{
	struct limits *limits = &decoder->service->limits;
	int64_t us = 0;

	if (!decode_micros(decoder, node, key, &us))
		return;
	if (us > 0 && us < 1000) {
		decode_error(decoder, node, key,
			     "must be at least 1000 (microseconds), or -1 for no limit");
		return;
	}
	limits->cpu_quota_us = us;
	limits->cpu_quota_pos = node->pos;
}

void decode_cpu_period(struct decoder *decoder, const struct node *node, const char *key)
{
	struct limits *limits = &decoder->service->limits;
	int64_t us = 0;

	if (!decode_micros(decoder, node, key, &us))
		return;
	if (us && (us < 1000 || us > 1000000)) {
		decode_error(decoder, node, key, "must be 1000 to 1000000 microseconds");
		return;
	}
	limits->cpu_period_us = us;
	limits->cpu_period_pos = node->pos;
}

#define CPUS_MAX 8192

/* "0-3,5": numbers and ranges, ascending inside a range. */
static bool is_cpuset(const char *text)
{
	while (true) {
		char *end = NULL;
		unsigned long first = strtoul(text, &end, 10);
		unsigned long last = first;

		if (end == text || strchr("+- \t", text[0]))
			return false;
		if (*end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
			if (end == text || strchr("+- \t", text[0]))
				return false;
		}
		if (last < first || last >= CPUS_MAX)
			return false;
		if (!*end)
			return true;
		if (*end != ',')
			return false;
		text = end + 1;
	}
}

void decode_cpuset(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);

	if (text && text[0] && !is_cpuset(text))
		decode_error(decoder, node, key,
			     "'%.60s' is not a set of processors: write for example 0-3 or 0,2",
			     text);
	else if (text && text[0])
		decode_text(decoder, node, key, &decoder->service->limits.cpuset);
}

void decode_cpu_reserved(struct decoder *decoder, const struct node *node, const char *key)
{
	struct limits *limits = &decoder->service->limits;
	const char *text = decode_scalar(decoder, node, key);
	struct err err;

	if (!text)
		return;
	if (scalar_mcpu(text, &limits->cpu_reserved_mcpu, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	else
		limits->cpu_reserved_pos = node->pos;
}

void decode_memory_reserved(struct decoder *decoder, const struct node *node, const char *key)
{
	struct limits *limits = &decoder->service->limits;
	const char *text = decode_scalar(decoder, node, key);
	int64_t bytes = 0;
	struct err err;

	if (!text)
		return;
	if (scalar_bytes(text, &bytes, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	else
		decode_twin(
			decoder, node, key,
			(struct twin){&limits->memory_reserved_bytes, &limits->memory_reserved_pos},
			bytes);
}

void decode_memory_high(struct decoder *decoder, const struct node *node, const char *key)
{
	struct limits *limits = &decoder->service->limits;
	const char *text = decode_scalar(decoder, node, key);
	struct err err;

	if (!text)
		return;
	if (scalar_bytes(text, &limits->memory_high_bytes, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	else
		limits->memory_high_pos = node->pos;
}

void decode_memswap(struct decoder *decoder, const struct node *node, const char *key)
{
	struct limits *limits = &decoder->service->limits;
	const char *text = decode_scalar(decoder, node, key);
	int64_t bytes = -1;
	struct err err;

	if (!text)
		return;
	if (strcmp(text, "-1") != 0 && scalar_bytes(text, &bytes, &err) < 0) {
		decode_error(decoder, node, key, "%s, or -1 for no limit", err.text);
		return;
	}
	limits->memory_swap_bytes = bytes;
	limits->memory_swap_pos = node->pos;
}
