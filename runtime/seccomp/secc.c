// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compiles and shares system call filters; see secc.h. The only file that knows libseccomp.
 * Compilation runs in the parent; only secc_load() runs in a cloned child.
 */
#include "runtime/seccomp/secc.h"
#include "runtime/base/cleanup.h"
#include "runtime/seccomp/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct secc {
	struct secc *next;
	uint64_t key; /* the capabilities that make a difference */
	unsigned users;
	struct sock_fprog program;
	struct sock_filter *code;
};

/* Set in the numbers of x86-64's x32 calls; above every number elsewhere. */
#define SECC_X32_BIT 0x40000000

/* Filters in use, shared by all plans of this (single-threaded) process. */
static struct secc *secc_shared;

static void secc_context_drop(scmp_filter_ctx *context)
{
	seccomp_release(*context);
}
#define autocontext __attribute__((cleanup(secc_context_drop)))

/* The architectures a 64-bit kernel also runs; the first is the native one. */
#if defined(__x86_64__)
static const uint32_t secc_arches[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32};
#elif defined(__aarch64__)
static const uint32_t secc_arches[] = {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM};
#else
#error "no system call profile for this architecture"
#endif

static bool secc_held(uint64_t capabilities, int capability)
{
	return capabilities >> capability & 1;
}

/* Keeps of @capabilities what any rule asks for. */
static uint64_t secc_key(uint64_t capabilities)
{
	uint64_t asked = 0;

	for (size_t i = 0; i < profile_group_count; i++)
		if (profile_groups[i].capability >= 0)
			asked |= UINT64_C(1) << profile_groups[i].capability;
	return capabilities & asked;
}

static int secc_allow(scmp_filter_ctx context, const char *name, struct err *err)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR)
		return 0;
	int r = seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 0);

	/* EDOM, EINVAL for a pseudo number: an architecture without that call. */
	if (r < 0 && number >= 0)
		return err_set(err, -r, "seccomp: allow %s", name);
	return 0;
}

static int secc_allow_some(scmp_filter_ctx context, const struct profile_rule *rule,
			   struct err *err)
{
	struct scmp_arg_cmp compare = {.arg = rule->argument, .datum_a = rule->value};

	switch (rule->test) {
	case PROFILE_ANY_ARGUMENT:
		return secc_allow(context, rule->call, err);
	case PROFILE_EQUAL:
		compare.op = SCMP_CMP_EQ;
		break;
	case PROFILE_DIFFERENT:
		compare.op = SCMP_CMP_NE;
		break;
	case PROFILE_NO_BITS:
		compare.op = SCMP_CMP_MASKED_EQ;
		compare.datum_b = 0;
		break;
	case PROFILE_BELOW:
		compare.op = SCMP_CMP_LT;
		break;
	case PROFILE_ABOVE:
		compare.op = SCMP_CMP_GT;
		break;
	}
	int number = seccomp_syscall_resolve_name(rule->call);
	int r = seccomp_rule_add_array(context, SCMP_ACT_ALLOW, number, 1, &compare);

	return r < 0 ? err_set(err, -r, "seccomp: rule for %s", rule->call) : 0;
}

static int secc_add_rules(scmp_filter_ctx context, uint64_t capabilities, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < profile_group_count; i++) {
		const struct profile_group *group = &profile_groups[i];

		if (group->capability >= 0 && !secc_held(capabilities, group->capability))
			continue;
		for (const char *const *call = group->calls; r == 0 && *call; call++)
			r = secc_allow(context, *call, err);
	}
	for (size_t i = 0; r == 0 && i < profile_rule_count; i++) {
		const struct profile_rule *rule = &profile_rules[i];

		if (rule->without < 0 || !secc_held(capabilities, rule->without))
			r = secc_allow_some(context, rule, err);
	}
	if (r < 0 || secc_held(capabilities, CAP_SYS_ADMIN))
		return r;
	/* Its flags are behind a pointer no filter can read: C libraries fall back to clone(2). */
	r = seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r < 0 ? err_set(err, -r, "seccomp: rule for clone3") : 0;
}

static int secc_build(uint64_t capabilities, scmp_filter_ctx *ret_context, struct err *err)
{
	autocontext scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (!context)
		return err_set(err, ENOMEM, "seccomp: new filter");
	for (size_t i = 1; i < ARRAY_SIZE(secc_arches); i++) {
		int r = seccomp_arch_add(context, secc_arches[i]);

		if (r < 0)
			return err_set(err, -r, "seccomp: add architecture");
	}
	/* A binary tree instead of a chain of comparisons; libseccomp before 2.5 has none, and its
	 * filters are only slower. */
	(void)seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	int r = secc_add_rules(context, capabilities, err);

	if (r < 0)
		return r;
	*ret_context = take_ptr(context);
	return 0;
}

/* The highest number any name of the profile has on the architecture. */
static uint32_t secc_newest(uint32_t arch)
{
	int newest = 0;

	for (size_t i = 0; i < profile_group_count; i++) {
		for (const char *const *call = profile_groups[i].calls; *call; call++) {
			int number = seccomp_syscall_resolve_name_arch(arch, *call);

#if defined(__x86_64__)
			number = number > 0 ? number & ~SECC_X32_BIT : number;
#endif
			/* x32's own calls (512 and on) are no measure of age. */
			if (number > newest && number < 512)
				newest = number;
		}
	}
	return (uint32_t)newest;
}

/*
 * What libseccomp cannot express, in front of its filter, for one architecture:
 * - Numbers above the newest known one answer ENOSYS, so that a C library newer than this profile
 *   falls back instead of failing.
 * - Every ioctl but two: pushing input into a terminal somebody else reads (TIOCSTI, TIOCLINUX).
 *   libseccomp refuses rules on a call that is allowed as a whole.
 */
static unsigned short secc_head_arch(struct sock_filter *code, uint32_t arch)
{
	uint32_t any_ioctl = (uint32_t)seccomp_syscall_resolve_name_arch(arch, "ioctl");
	uint32_t x32_ioctl = any_ioctl;

#if defined(__x86_64__)
	/* The same architecture token, other numbers. */
	if (arch == SCMP_ARCH_X86_64)
		x32_ioctl = (uint32_t)seccomp_syscall_resolve_name_arch(SCMP_ARCH_X32, "ioctl");
#endif
	const struct sock_filter head[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 10),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, any_ioctl, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, x32_ioctl, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SECC_X32_BIT, 6, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, secc_newest(arch), 4, 5),
		/* The lower half of the second argument: both architectures are little-endian. */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 2),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};

	memcpy(code, head, sizeof(head));
	return ARRAY_SIZE(head);
}

#define SECC_HEAD_MAX 48

static unsigned short secc_head(struct sock_filter *code)
{
	unsigned short n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(secc_arches); i++) {
#if defined(__x86_64__)
		if (secc_arches[i] == SCMP_ARCH_X32)
			continue; /* its token is that of x86-64 */
#endif
		n = (unsigned short)(n + secc_head_arch(code + n, secc_arches[i]));
	}
	return n;
}

static int secc_export(scmp_filter_ctx context, struct secc *filter, struct err *err)
{
	struct stat st = {0};
	autoclose int fd = memfd_create("seccomp", MFD_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno, "seccomp: memory file");
	int r = seccomp_export_bpf(context, fd);

	if (r < 0 || fstat(fd, &st) < 0)
		return err_set(err, r < 0 ? -r : errno, "seccomp: compile");
	size_t count = (size_t)st.st_size / sizeof(struct sock_filter);

	if (count == 0 || count + SECC_HEAD_MAX > BPF_MAXINSNS)
		return err_say(err, E2BIG, "seccomp: filter of %zu instructions", count);
	filter->code = calloc(count + SECC_HEAD_MAX, sizeof(*filter->code));
	if (!filter->code)
		return err_set(err, ENOMEM, "seccomp: compile");
	unsigned short head = secc_head(filter->code);
	ssize_t want = (ssize_t)(count * sizeof(struct sock_filter));

	if (pread(fd, filter->code + head, (size_t)want, 0) != want)
		return err_set(err, EIO, "seccomp: read the filter");
	filter->program.len = (unsigned short)(head + count);
	filter->program.filter = filter->code;
	return 0;
}

static void secc_free(struct secc *filter)
{
	if (!filter)
		return;
	free(filter->code);
	free(filter);
}

static void secc_drop(struct secc **filter)
{
	secc_free(*filter);
}
#define autosecc __attribute__((cleanup(secc_drop)))

static struct secc *secc_find(uint64_t key)
{
	for (struct secc *known = secc_shared; known; known = known->next)
		if (known->key == key)
			return known;
	return NULL;
}

/* Compiling takes some 10 ms, so that a few filters are kept although nobody uses them now. */
#define SECC_UNUSED_MAX 8

static void secc_forget_unused(void)
{
	size_t unused = 0;

	for (struct secc **at = &secc_shared; *at;) {
		struct secc *known = *at;

		if (known->users > 0 || ++unused <= SECC_UNUSED_MAX) {
			at = &known->next;
			continue;
		}
		*at = known->next;
		secc_free(known);
	}
}

int secc_acquire(uint64_t capabilities, const struct secc **ret_filter, struct err *err)
{
	uint64_t key = secc_key(capabilities);
	struct secc *known = secc_find(key);

	if (known) {
		known->users++;
		*ret_filter = known;
		return 0;
	}
	autosecc struct secc *filter = calloc(1, sizeof(*filter));
	autocontext scmp_filter_ctx context = NULL;

	if (!filter)
		return err_set(err, ENOMEM, "seccomp: new filter");
	int r = secc_build(key, &context, err);

	if (r == 0)
		r = secc_export(context, filter, err);
	if (r < 0)
		return r;
	filter->key = key;
	filter->users = 1;
	filter->next = secc_shared;
	secc_shared = take_ptr(filter);
	*ret_filter = secc_shared;
	return 0;
}

void secc_release(const struct secc *filter)
{
	for (struct secc *known = secc_shared; known; known = known->next)
		if (known == filter)
			known->users--;
	secc_forget_unused();
}

int secc_load(const struct secc *filter, struct err *err)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter->program) < 0)
		return err_set(err, errno, "load the system call filter");
	return 0;
}
