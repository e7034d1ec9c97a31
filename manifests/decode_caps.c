// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `cap_add` and `cap_drop`: names are checked here, so that a typing error is found before
 * anything is started.
 */
#include "manifests/decode.h"

#include <ctype.h>
#include <string.h>

/* capability.h of Linux 5.9 and later; a key table, so that misspelt names find their neighbour. */
static const struct key_info capabilities[] = {
	{"ALL"},
	{"AUDIT_CONTROL"},
	{"AUDIT_READ"},
	{"AUDIT_WRITE"},
	{"BLOCK_SUSPEND"},
	{"BPF"},
	{"CHECKPOINT_RESTORE"},
	{"CHOWN"},
	{"DAC_OVERRIDE"},
	{"DAC_READ_SEARCH"},
	{"FOWNER"},
	{"FSETID"},
	{"IPC_LOCK"},
	{"IPC_OWNER"},
	{"KILL"},
	{"LEASE"},
	{"LINUX_IMMUTABLE"},
	{"MAC_ADMIN"},
	{"MAC_OVERRIDE"},
	{"MKNOD"},
	{"NET_ADMIN"},
	{"NET_BIND_SERVICE"},
	{"NET_BROADCAST"},
	{"NET_RAW"},
	{"PERFMON"},
	{"SETFCAP"},
	{"SETGID"},
	{"SETPCAP"},
	{"SETUID"},
	{"SYS_ADMIN"},
	{"SYS_BOOT"},
	{"SYS_CHROOT"},
	{"SYS_MODULE"},
	{"SYS_NICE"},
	{"SYS_PACCT"},
	{"SYS_PTRACE"},
	{"SYS_RAWIO"},
	{"SYS_RESOURCE"},
	{"SYS_TIME"},
	{"SYS_TTY_CONFIG"},
	{"SYSLOG"},
	{"WAKE_ALARM"},
	{NULL},
};

static bool is_known(const char *name)
{
	for (const struct key_info *known = capabilities; known->name; known++)
		if (strcmp(known->name, name) == 0)
			return true;
	return false;
}

static bool canonical(struct decoder *decoder, struct text *item, const char *key)
{
	const struct node place = {.pos = item->pos};
	char *upper = arena_text(decoder->scratch, item->value);

	for (char *at = upper; *at; at++)
		*at = (char)toupper((unsigned char)*at);

	const char *name = strncmp(upper, "CAP_", 4) == 0 ? upper + 4 : upper;

	if (is_known(name)) {
		bool all = strcmp(name, "ALL") == 0;

		item->value = arena_format(decoder->keep, "%s%s", all ? "" : "CAP_", name);
		return true;
	}
	const char *near = keys_nearest(capabilities, name);

	decode_error(decoder, &place, key, "'%.60s' is not a capability%s%s%s", item->value,
		     near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
	return false;
}

static void decode_caps(struct decoder *decoder, const struct node *node, const char *key,
			struct text_list *ret_caps)
{
	size_t kept = 0;

	decode_list(decoder, node, key, false, ret_caps);
	for (size_t i = 0; i < ret_caps->count; i++)
		if (canonical(decoder, &ret_caps->items[i], key))
			ret_caps->items[kept++] = ret_caps->items[i];
	ret_caps->count = kept;
}

void decode_cap_add(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_caps(decoder, node, key, &decoder->service->cap_add);
}

void decode_cap_drop(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_caps(decoder, node, key, &decoder->service->cap_drop);
}
