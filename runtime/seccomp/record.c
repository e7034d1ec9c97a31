// SPDX-License-Identifier: GPL-2.0-or-later
/* What was recorded, and the profile made of it; see record.h. Pure but for the names. */
#include "runtime/seccomp/record.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE_AUDIT AUDIT_ARCH_X86_64
#define NATIVE_TOKEN "SCMP_ARCH_X86_64"
#define COMPAT_TOKEN "SCMP_ARCH_X86"
#else
#define NATIVE_AUDIT AUDIT_ARCH_AARCH64
#define NATIVE_TOKEN "SCMP_ARCH_AARCH64"
#define COMPAT_TOKEN "SCMP_ARCH_ARM"
#endif

#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
	 CLONE_NEWCGROUP)

static const struct {
	const char *name;
	long number;
	unsigned argument;
} watched[RECORD_WATCHED] = {
	[RECORD_SOCKET] = {"socket", SYS_socket, 0},
	[RECORD_IOCTL] = {"ioctl", SYS_ioctl, 1},
	[RECORD_PERSONALITY] = {"personality", SYS_personality, 0},
};

/* The kernel looks at the lower half of these. */
static void record_value(struct record *record, enum record_watched which, uint32_t value)
{
	uint32_t count = record->watched[which].count;

	for (uint32_t i = 0; i < count; i++)
		if (record->watched[which].values[i] == value)
			return;
	if (count == RECORD_VALUES) {
		record->watched[which].any = true;
		return;
	}
	record->watched[which].values[count] = value;
	record->watched[which].count = count + 1;
}

void record_call(struct record *record, const struct seccomp_data *data)
{
	bool native = data->arch == NATIVE_AUDIT;

	if (data->nr < 0 || data->nr >= RECORD_NUMBERS)
		return; /* x32, or no call at all */
	record->calls[native ? RECORD_NATIVE : RECORD_COMPAT][data->nr] = true;
	if (!native)
		return;
	for (enum record_watched i = 0; i < RECORD_WATCHED; i++)
		if (data->nr == watched[i].number)
			record_value(record, i, (uint32_t)data->args[watched[i].argument]);
	if (data->nr == SYS_clone)
		record->clone_namespaces |= (uint32_t)data->args[0] & NAMESPACES;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool uses_compat(const struct record *record)
{
	for (size_t i = 0; i < RECORD_NUMBERS; i++)
		if (record->calls[RECORD_COMPAT][i])
			return true;
	return false;
}

/* Also what every program needs sooner or later, though it may not have come to it: to end, and to
 * return from a signal. */
static int collect_names(const struct record *record, struct strv *names, struct err *err)
{
	static const char *const always[] = {"execve", "exit", "exit_group", "restart_syscall",
					     "rt_sigreturn"};

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		strv_add(names, always[i]);
	if (uses_compat(record))
		strv_add(names, "sigreturn");
	for (enum record_arch arch = 0; arch < RECORD_ARCHES; arch++) {
		for (uint32_t number = 0; number < RECORD_NUMBERS; number++) {
			autofree char *name =
				record->calls[arch][number] ? record_name(arch, number) : NULL;

			if (name && !strv_has(names, name))
				strv_add(names, name);
		}
	}
	int r = strv_check(names, err);

	if (r == 0)
		qsort(names->items, names->count, sizeof(*names->items), compare_names);
	return r;
}

/* True when the name has rules of its own. */
static bool is_special(const struct record *record, const char *name)
{
	for (size_t i = 0; i < RECORD_WATCHED; i++)
		if (strcmp(watched[i].name, name) == 0)
			return !record->watched[i].any && record->watched[i].count;
	return strcmp(name, "clone") == 0;
}

static void print_names(const struct record *record, const struct strv *names, struct buf *out)
{
	const char *separator = "";

	buf_puts(out, "\t\t{\n\t\t\t\"names\": [\n");
	for (size_t i = 0; i < names->count; i++) {
		if (is_special(record, names->items[i]))
			continue;
		buf_printf(out, "%s\t\t\t\t\"%s\"", separator, names->items[i]);
		separator = ",\n";
	}
	buf_puts(out, "\n\t\t\t],\n\t\t\t\"action\": \"SCMP_ACT_ALLOW\"\n\t\t}");
}

/* One rule: @index of @name, masked, must be @value. */
static void print_rule(const char *name, unsigned index, const uint32_t mask_and_value[2],
		       struct buf *out)
{
	buf_printf(out,
		   ",\n\t\t{\"names\": [\"%s\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": "
		   "[{\"index\": %u, \"value\": %u, \"valueTwo\": %u, \"op\": "
		   "\"SCMP_CMP_MASKED_EQ\"}]}",
		   name, index, mask_and_value[0], mask_and_value[1]);
}

static void print_values(const struct record *record, struct buf *out)
{
	for (size_t i = 0; i < RECORD_WATCHED; i++) {
		for (uint32_t k = 0; !record->watched[i].any && k < record->watched[i].count; k++) {
			const uint32_t pair[] = {UINT32_MAX, record->watched[i].values[k]};

			print_rule(watched[i].name, watched[i].argument, pair, out);
		}
	}
}

/*
 * clone3's flags cannot be looked at, so who did not need it is told that there is none, and falls
 * back to clone.
 */
static void print_clones(const struct record *record, const struct strv *names, struct buf *out)
{
	const uint32_t pair[] = {NAMESPACES & ~record->clone_namespaces, 0};

	if (strv_has(names, "clone"))
		print_rule("clone", 0, pair, out);
	if (!strv_has(names, "clone3"))
		buf_puts(out, ",\n\t\t{\"names\": [\"clone3\"], \"action\": \"SCMP_ACT_ERRNO\", "
			      "\"errnoRet\": 38}");
}

int record_print(const struct record *shared, struct buf *out, struct err *err)
{
	autofree struct record *record = malloc(sizeof(*record));
	autostrv struct strv names = {0};

	if (!record)
		return err_set(err, ENOMEM, "print the profile");
	*record = *shared; /* which may be written to meanwhile */
	for (size_t i = 0; i < RECORD_WATCHED; i++)
		record->watched[i].any |= uses_compat(record);
	int r = collect_names(record, &names, err);

	if (r < 0)
		return r;
	buf_puts(out, "{\n\t\"defaultAction\": \"SCMP_ACT_ERRNO\",\n\t\"defaultErrnoRet\": 1,\n"
		      "\t\"archMap\": [\n\t\t{\"architecture\": \"" NATIVE_TOKEN
		      "\", \"subArchitectures\": [");
	buf_puts(out, uses_compat(record) ? "\"" COMPAT_TOKEN "\"]}" : "]}");
	buf_puts(out, "\n\t],\n\t\"syscalls\": [\n");
	print_names(record, &names, out);
	print_values(record, out);
	print_clones(record, &names, out);
	buf_puts(out, "\n\t]\n}\n");
	return buf_check(out, err);
}
