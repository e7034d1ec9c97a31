// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `tmpfs`: targets with the options of mount(8).
 */
#include "manifests/decode_files.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <string.h>

bool decode_tmpfs_mode(struct decoder *decoder, const struct node *node, const char *text,
		       int *ret_mode)
{
	const char *digits = strncmp(text, "0o", 2) == 0 ? text + 2 : text;
	size_t len = strspn(digits, "01234567");

	if (!len || digits[len] || len > 5) {
		decode_error(decoder, node, "mode", "'%.60s' is not an octal mode: write \"1777\"",
			     text);
		return false;
	}
	int mode = 0;

	for (size_t i = 0; i < len; i++)
		mode = mode * 8 + (digits[i] - '0');
	if (mode > 07777)
		decode_error(decoder, node, "mode", "'%.60s' is larger than 7777", text);
	else
		*ret_mode = mode;
	return mode <= 07777;
}

bool decode_tmpfs_size(struct decoder *decoder, const struct node *node, const char *text,
		       int64_t *ret_bytes)
{
	struct err err;

	if (scalar_bytes(text, ret_bytes, &err) == 0)
		return true;
	decode_error(decoder, node, "size", "%s", err.text);
	return false;
}

/* NAME=NUMBER */
static bool number_option(struct decoder *decoder, const struct node *node, const char *word,
			  int64_t *ret_number)
{
	const char *equals = strchr(word, '=');
	const char *name = arena_copy(decoder->scratch, word, (size_t)(equals - word));
	struct err err;

	if (scalar_int(equals + 1, 0, UINT32_MAX - 1, ret_number, &err) == 0)
		return true;
	decode_error(decoder, node, name, "%s", err.text);
	return false;
}

/* What a mount of a tmpfs is in any case, or what makes no difference to one. */
static bool is_idle(const char *word)
{
	static const char *const words[] = {"rw",	   "nosuid",	    "nodev",
					    "relatime",	   "norelatime",    "noatime",
					    "atime",	   "diratime",	    "nodiratime",
					    "strictatime", "nostrictatime", "async",
					    "sync",	   "dirsync",	    ""};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static bool is_refused(const char *word)
{
	return strcmp(word, "suid") == 0 || strcmp(word, "dev") == 0;
}

static bool tmpfs_option(struct decoder *decoder, const struct node *node, const char *key,
			 const char *word, struct mount_spec *mount)
{
	if (is_idle(word))
		return true;
	if (strcmp(word, "ro") == 0)
		return mount->read_only = true;
	if (strcmp(word, "exec") == 0 || strcmp(word, "noexec") == 0) {
		mount->tmpfs_exec = word[0] == 'e';
		return true;
	}
	if (strncmp(word, "mode=", 5) == 0)
		return decode_tmpfs_mode(decoder, node, word + 5, &mount->tmpfs_mode);
	if (strncmp(word, "size=", 5) == 0)
		return decode_tmpfs_size(decoder, node, word + 5, &mount->tmpfs_bytes);
	if (strncmp(word, "uid=", 4) == 0)
		return number_option(decoder, node, word, &mount->tmpfs_uid);
	if (strncmp(word, "gid=", 4) == 0)
		return number_option(decoder, node, word, &mount->tmpfs_gid);
	if (strncmp(word, "nr_inodes=", 10) == 0)
		return number_option(decoder, node, word, &mount->tmpfs_inodes);
	if (is_refused(word)) {
		report_warning(decoder->report, node->pos,
			       "%s.%s: '%s' has no effect: a tmpfs is always nosuid and nodev",
			       decoder->path, key, word);
		return true;
	}
	decode_error(decoder, node, key,
		     "the option '%.60s' is not supported: write size=, mode=, uid=, gid=, "
		     "nr_inodes=, exec or ro",
		     word);
	return false;
}

/* TARGET[:OPTIONS] */
static void one_tmpfs(struct decoder *decoder, const struct node *node, const char *key)
{
	struct mount_spec mount = decode_new_mount(MOUNT_TMPFS, node->pos);
	const char *text = decode_scalar(decoder, node, key);
	char *options;

	if (!text)
		return;
	char *target = arena_text(decoder->scratch, text);

	options = strchr(target, ':');
	if (options)
		*options++ = '\0';
	if (!decode_mount_target(decoder, node, key, target, &mount))
		return;
	for (char *word; options && (word = strsep(&options, ","));)
		if (!tmpfs_option(decoder, node, key, word, &mount))
			return;
	decode_add_mount(decoder, &mount);
}

void decode_tmpfs(struct decoder *decoder, const struct node *node, const char *key)
{
	if (node->kind != NODE_SEQUENCE) {
		one_tmpfs(decoder, node, key);
		return;
	}
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++)
		one_tmpfs(decoder, node->items[i], key);
}
