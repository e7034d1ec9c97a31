// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is run inside an instance, as whom, and how its health is asked for.
 */
#include "manifests/decode.h"
#include "manifests/scalar.h"
#include "manifests/words.h"

#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* A list, or one text that is split as a shell would. */
static void decode_words(struct decoder *decoder, const struct node *node, const char *key,
			 struct text_list *ret_words)
{
	struct err err;

	if (node->kind == NODE_SCALAR) {
		if (words_split(decoder->keep, node->text, node->pos, ret_words, &err) < 0)
			decode_error(decoder, node, key, "%s", err.text);
	} else {
		decode_list(decoder, node, key, false, ret_words);
	}
}

void decode_command(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_words(decoder, node, key, &decoder->service->command);
	decoder->service->no_command = !decoder->service->command.count;
	if (!decoder->service->entrypoint.count)
		decoder->service->command_pos = node->pos;
}

void decode_entrypoint(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_words(decoder, node, key, &decoder->service->entrypoint);
	decoder->service->no_entrypoint = !decoder->service->entrypoint.count;
	if (decoder->service->entrypoint.count)
		decoder->service->command_pos = node->pos;
}

/* A name, or a number that is a valid id. */
static bool is_user_part(const char *text, size_t len)
{
	size_t digits = 0;

	if (!len || len > 32)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("_.-$", text[i]))
			return false;
		digits += isdigit((unsigned char)text[i]) != 0;
	}
	if (digits < len)
		return text[0] != '-' && !isdigit((unsigned char)text[0]);

	char number[33] = {0};
	int64_t id = 0;

	memcpy(number, text, len);
	return scalar_int(number, 0, UINT32_MAX - 1, &id, NULL) == 0;
}

/* "${UID}:${GID}" of variables that are not set: root is what engines make of a missing part. */
void decode_user(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);

	if (!text || !text[0])
		return;
	size_t len = strcspn(text, ":");
	const char *group = text[len] && text[len + 1] ? text + len + 1 : NULL;

	if ((len && !is_user_part(text, len)) || (group && !is_user_part(group, strlen(group)))) {
		decode_error(
			decoder, node, key,
			"'%.60s' is not a user: write NAME or UID, and :GROUP or :GID after it",
			text);
		return;
	}
	decoder->service->user =
		(struct text){arena_format(decoder->keep, "%.*s%s%s", len ? (int)len : 1,
					   len ? text : "0", group ? ":" : "", group ? group : ""),
			      node->pos};
}

static bool is_hostname(const char *text)
{
	size_t label = 0;

	if (strlen(text) > 64)
		return false;
	for (; *text; text++) {
		bool edge = !label || !text[1] || text[1] == '.';

		if (*text == '.' ? !label : !isalnum((unsigned char)*text) && !strchr("-_", *text))
			return false;
		if (*text == '-' && edge)
			return false;
		label = *text == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label > 0;
}

void decode_hostname(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_string(decoder, node, key);

	if (text && text[0] && !is_hostname(text))
		decode_error(decoder, node, key,
			     "'%.80s' is not a host name: letters, digits, - and _, at most 64",
			     text);
	else if (text && text[0])
		decode_text(decoder, node, key, &decoder->service->hostname);
}

void decode_domainname(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_string(decoder, node, key);

	if (text && text[0] && !is_hostname(text))
		decode_error(decoder, node, key,
			     "'%.80s' is not a domain name: letters, digits, - and ., at most 64",
			     text);
	else if (text && text[0])
		decode_text(decoder, node, key, &decoder->service->domainname);
}

void decode_group_add(struct decoder *decoder, const struct node *node, const char *key)
{
	struct text_list *groups = &decoder->service->group_add;

	decode_list(decoder, node, key, false, groups);
	for (size_t i = 0; i < groups->count; i++) {
		const struct text *group = &groups->items[i];
		const struct node place = {.pos = group->pos};

		if (!is_user_part(group->value, strlen(group->value)))
			decode_error(decoder, &place, key,
				     "'%.60s' is not a group: write a NAME or a GID", group->value);
	}
}

void decode_working_dir(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);

	if (text && text[0] && text[0] != '/')
		decode_error(decoder, node, key, "'%.60s' must start with /", text);
	else if (text && text[0])
		decoder->service->working_dir =
			(struct text){.value = decode_path(decoder, "", text), .pos = node->pos};
}

void decode_stop_signal(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);
	struct err err;

	decoder->service->stop_signal_set = text && text[0];
	if (text && text[0] && scalar_signal(text, &decoder->service->stop_signal, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
}

/* Further words become the shell's $0, $1, … */
static void shell_words(struct decoder *decoder, const struct text *words, size_t count,
			struct text_list *ret_words)
{
	static const char *const shell[] = {"/bin/sh", "-c"};
	struct text *items = arena_new(decoder->keep, struct text, ARRAY_SIZE(shell) + count);

	for (size_t i = 0; i < ARRAY_SIZE(shell); i++)
		items[i] = (struct text){.value = arena_text(decoder->keep, shell[i]),
					 .pos = words[0].pos};
	memcpy(items + ARRAY_SIZE(shell), words, count * sizeof(*words));
	*ret_words = (struct text_list){items, ARRAY_SIZE(shell) + count};
}

bool decode_program(struct decoder *decoder, const struct node *node, const char *key,
		    struct text_list *ret_words)
{
	struct text_list list = {0};

	if (node->kind == NODE_SCALAR) {
		struct text text = {arena_text(decoder->keep, node->text), node->pos};

		shell_words(decoder, &text, 1, ret_words);
		return true;
	}
	if (node->kind == NODE_SEQUENCE)
		decode_list(decoder, node, key, false, &list);
	const char *kind = list.count ? list.items[0].value : "";

	if (strcmp(kind, "CMD") == 0 && list.count > 1) {
		ret_words->items = list.items + 1;
		ret_words->count = list.count - 1;
		return true;
	}
	if (strcmp(kind, "CMD-SHELL") == 0 && list.count > 1) {
		shell_words(decoder, list.items + 1, list.count - 1, ret_words);
		return true;
	}
	return false;
}

static bool is_none(const struct node *node)
{
	return node->kind == NODE_SEQUENCE && node->count == 1 &&
	       node->items[0]->kind == NODE_SCALAR && strcmp(node->items[0]->text, "NONE") == 0;
}

static void decode_test(struct decoder *decoder, const struct node *node, const char *key)
{
	struct healthcheck *check = &decoder->service->healthcheck;

	if (node->kind == NODE_SEQUENCE && !node->count)
		return; /* as if it were not there */
	check->present = !is_none(node) && decode_program(decoder, node, key, &check->test);
	if (!check->present && !is_none(node))
		decode_error(decoder, node, key,
			     "must be text, [NONE], [CMD, program, …] or [CMD-SHELL, text]");
}

static void decode_disable(struct decoder *decoder, const struct node *node, const char *key)
{
	if (decode_bool(decoder, node, key, false))
		decoder->service->healthcheck.present = false;
}

static void decode_retries(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t retries = 0;

	if (decode_int(decoder, node, key, (struct decode_range){0, 100000}, &retries) && retries)
		decoder->service->healthcheck.retries = (unsigned)retries;
}

/* Nothing is the default, as elsewhere. */
static void positive_duration(struct decoder *decoder, const struct node *node, const char *key,
			      int64_t *ret_ms)
{
	const char *text = decode_scalar(decoder, node, key);
	int64_t ms = 0;
	struct err err;

	if (!text)
		return;
	if (scalar_duration_ms(text, &ms, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	else if (ms > 0)
		*ret_ms = ms;
	else if (strpbrk(text, "123456789"))
		decode_error(decoder, node, key, "must be at least 1ms");
}

static void decode_interval(struct decoder *decoder, const struct node *node, const char *key)
{
	positive_duration(decoder, node, key, &decoder->service->healthcheck.interval_ms);
}

static void decode_timeout(struct decoder *decoder, const struct node *node, const char *key)
{
	positive_duration(decoder, node, key, &decoder->service->healthcheck.timeout_ms);
}

static void decode_start_interval(struct decoder *decoder, const struct node *node, const char *key)
{
	positive_duration(decoder, node, key, &decoder->service->healthcheck.start_interval_ms);
}

static void decode_start_period(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_duration(decoder, node, key, &decoder->service->healthcheck.start_period_ms);
}

/* Without a test it is the image's, at the times that are written here; 0 means the image's, too.
 */
static void of_image(struct decoder *decoder, const struct node *node, const char *key)
{
	static const char *const times[] = {"interval", "timeout", "start_period", "start_interval",
					    "retries"};
	struct service *service = decoder->service;
	struct healthcheck *check = &service->healthcheck;
	bool written[ARRAY_SIZE(times)];

	check->present = false;
	if (service->rootfs != ROOTFS_NONE || (!service->image.value && !service->build.present)) {
		decode_error(decoder, node, key, "needs a test, for example [CMD, program]");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		written[i] = !node_is_null(node_get(node, times[i]));
	*check = (struct healthcheck){
		.of_image = true,
		.interval_ms = written[0] ? check->interval_ms : 0,
		.timeout_ms = written[1] ? check->timeout_ms : 0,
		.start_period_ms = written[2] ? check->start_period_ms : 0,
		.start_interval_ms = written[3] ? check->start_interval_ms : 0,
		.retries = written[4] ? check->retries : 0,
	};
}

void decode_healthcheck(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"test", decode_test},
		{"interval", decode_interval},
		{"timeout", decode_timeout},
		{"start_period", decode_start_period},
		{"start_interval", decode_start_interval},
		{"retries", decode_retries},
		{"disable", decode_disable},
	};
	static const struct decode_schema schema = {keys_healthcheck, fields, ARRAY_SIZE(fields)};
	struct healthcheck *check = &decoder->service->healthcheck;
	size_t errors = decoder->report->list->error_count;

	*check = (struct healthcheck){.present = true,
				      .interval_ms = 30000,
				      .timeout_ms = 30000,
				      .start_interval_ms = 5000,
				      .retries = 3,
				      .pos = node->pos};
	decode_mapping(decoder, node, key, &schema);
	if (node->kind == NODE_MAPPING && check->present && !check->test.count)
		of_image(decoder, node, key);
	/* A faulty one keeps its position, so that nobody complains that there is none. */
	if (decoder->report->list->error_count > errors)
		*check = (struct healthcheck){.pos = node->pos};
	else if (!check->present && !check->of_image)
		*check = (struct healthcheck){.disabled = true};
}
