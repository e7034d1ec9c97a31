// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The surroundings of a service's processes: `init`, `tty`, `sysctls`, `shm_size` and what they
 * share with others.
 */
#include "manifests/decode_resources.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <string.h>

void decode_init(struct decoder *decoder, const struct node *node, const char *key)
{
	struct process_spec *process = &decoder->service->process;

	process->init = decode_bool(decoder, node, key, false);
	process->init_pos = node->pos;
}

void decode_tty(struct decoder *decoder, const struct node *node, const char *key)
{
	struct process_spec *process = &decoder->service->process;

	process->tty = decode_bool(decoder, node, key, false);
	process->tty_pos = node->pos;
}

void decode_stdin_open(struct decoder *decoder, const struct node *node, const char *key)
{
	struct process_spec *process = &decoder->service->process;

	process->stdin_open = decode_bool(decoder, node, key, false);
	process->stdin_pos = node->pos;
}

void decode_privileged(struct decoder *decoder, const struct node *node, const char *key)
{
	struct process_spec *process = &decoder->service->process;

	process->privileged = decode_bool(decoder, node, key, false);
	process->privileged_pos = node->pos;
}

void decode_oom_score_adj(struct decoder *decoder, const struct node *node, const char *key)
{
	struct process_spec *process = &decoder->service->process;
	int64_t value = 0;

	if (!decode_int(decoder, node, key, (struct decode_range){-1000, 1000}, &value))
		return;
	process->oom_score_adj = (int)value;
	process->oom_pos = node->pos;
}

void decode_shm_size(struct decoder *decoder, const struct node *node, const char *key)
{
	struct process_spec *process = &decoder->service->process;
	const char *text = decode_scalar(decoder, node, key);
	struct err err;

	if (!text)
		return;
	if (scalar_bytes(text, &process->shm_bytes, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	else
		process->shm_pos = node->pos;
}

/* The ones that a namespace has for its own; a dot at the end: all below. */
static bool is_namespaced(const char *name)
{
	static const char *const known[] = {
		"fs.mqueue.",	 "kernel.msgmax", "kernel.msgmnb",
		"kernel.msgmni", "kernel.sem",	  "kernel.shm_rmid_forced",
		"kernel.shmall", "kernel.shmmax", "kernel.shmmni",
		"net.",
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t len = strlen(known[i]);
		bool below = known[i][len - 1] == '.';

		if (below ? strncmp(name, known[i], len) == 0 : strcmp(name, known[i]) == 0)
			return true;
	}
	return false;
}

/* It becomes a path: no empty part, no ".." and no slash. */
static bool is_sysctl(const char *name)
{
	char last = '.';

	for (; *name; last = *name++) {
		if (*name == '.' ? last == '.'
				 : !isalnum((unsigned char)*name) && !strchr("_-", *name))
			return false;
	}
	return last != '.';
}

static bool is_sysctl_value(const char *value)
{
	for (; *value; value++)
		if (!isprint((unsigned char)*value) && *value != '\t')
			return false;
	return true;
}

static void add_sysctl(struct decoder *decoder, const char *name, const char *value, struct pos pos,
		       void *ctx)
{
	const struct node place = {.pos = pos};

	if (!is_sysctl(name) || !is_namespaced(name))
		decode_error(decoder, &place, "sysctls",
			     "'%.60s' is not an instance's own: those are kernel.msg*, "
			     "kernel.sem, kernel.shm*, fs.mqueue.* and net.*",
			     name);
	else if (!value)
		decode_error(decoder, &place, "sysctls", "'%.60s' needs a value", name);
	else if (!is_sysctl_value(value))
		decode_error(decoder, &place, "sysctls", "the value of '%.60s' is not one line",
			     name);
	else
		vars_set(ctx, name, value, pos);
}

void decode_sysctls(struct decoder *decoder, const struct node *node, const char *key)
{
	struct vars sysctls = {.arena = decoder->scratch};

	decode_pairs(decoder, node, key, add_sysctl, &sysctls);
	decoder->service->process.sysctls = vars_list(&sysctls, decoder->keep);
}

/* What a namespace may be shared as; @words end with NULL. */
struct share_words {
	const struct share_word {
		const char *word;
		enum share_kind kind;
	} * words;
	bool services; /* service:NAME and container:NAME, too */
	const char *valid;
};

static bool is_reference(struct decoder *decoder, const struct node *node, const char *prefix,
			 struct share_spec *share)
{
	size_t len = strlen(prefix);

	if (strncmp(node->text, prefix, len) != 0 || !node->text[len])
		return false;
	share->name = arena_text(decoder->keep, node->text + len);
	return true;
}

static void decode_share(struct decoder *decoder, const struct node *node, const char *key,
			 const struct share_words *words, struct share_spec *share)
{
	const char *text = decode_scalar(decoder, node, key);

	if (!text || !text[0])
		return;
	share->pos = node->pos;
	for (const struct share_word *word = words->words; word->word; word++)
		if (strcmp(word->word, text) == 0)
			share->kind = word->kind;
	if (words->services && is_reference(decoder, node, "service:", share)) {
		share->kind = SHARE_SERVICE;
		decode_implied_dependency(decoder, share->name, node->pos);
	} else if (words->services && is_reference(decoder, node, "container:", share)) {
		share->kind = SHARE_CONTAINER;
	}
	if (share->kind == SHARE_DEFAULT)
		decode_error(decoder, node, key, "'%.60s' is not %s", text, words->valid);
}

void decode_cgroup(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct share_word words[] = {
		{"host", SHARE_HOST}, {"private", SHARE_PRIVATE}, {NULL, SHARE_DEFAULT}};

	decode_share(decoder, node, key, &(struct share_words){words, false, "host or private"},
		     &decoder->service->process.cgroup);
}

void decode_ipc(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct share_word words[] = {{"host", SHARE_HOST},
						  {"none", SHARE_NONE},
						  {"private", SHARE_PRIVATE},
						  {"shareable", SHARE_SHAREABLE},
						  {NULL, SHARE_DEFAULT}};

	decode_share(decoder, node, key,
		     &(struct share_words){words, true,
					   "host, none, private, shareable or service:NAME"},
		     &decoder->service->process.ipc);
}

void decode_pid(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct share_word words[] = {
		{"host", SHARE_HOST}, {"private", SHARE_PRIVATE}, {NULL, SHARE_DEFAULT}};

	decode_share(decoder, node, key,
		     &(struct share_words){words, true, "host, private or service:NAME"},
		     &decoder->service->process.pid);
}

void decode_uts(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct share_word words[] = {
		{"host", SHARE_HOST}, {"private", SHARE_PRIVATE}, {NULL, SHARE_DEFAULT}};

	decode_share(decoder, node, key, &(struct share_words){words, false, "host or private"},
		     &decoder->service->process.uts);
}
