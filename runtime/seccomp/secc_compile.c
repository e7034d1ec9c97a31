// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Profiles to BPF programs; see secc_compile.h. The only file that knows libseccomp.
 */
#include "runtime/seccomp/secc_compile.h"
#include "runtime/base/cleanup.h"
#include "runtime/seccomp/record.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void context_drop(scmp_filter_ctx *context)
{
	seccomp_release(*context);
}
#define autocontext __attribute__((cleanup(context_drop)))

/* Bit 0: the native one, always compiled. */
struct arch {
	uint32_t token;
	unsigned bit;
};

/* The architectures a 64-bit kernel also runs; the first is the native one. */
#if defined(__x86_64__)
static const struct arch arches[] = {
	{SCMP_ARCH_X86_64, 0}, {SCMP_ARCH_X86, PROFILE_X86}, {SCMP_ARCH_X32, PROFILE_X32}};
#define X32_TOKEN SCMP_ARCH_X32
#elif defined(__aarch64__)
static const struct arch arches[] = {{SCMP_ARCH_AARCH64, 0}, {SCMP_ARCH_ARM, PROFILE_ARM}};
#define X32_TOKEN 0
#else
#error "no system call profile for this architecture"
#endif

/* Calls a libseccomp may be too old for. From SECC_UNIFIED on every architecture gives a new call
 * the same number; what is below is of the native one. */
static const struct {
	const char *name;
	uint32_t number;
} newer_calls[] = {
	{"cachestat", 451},	    {"fchmodat2", 452},	       {"map_shadow_stack", 453},
	{"futex_wake", 454},	    {"futex_wait", 455},       {"futex_requeue", 456},
	{"statmount", 457},	    {"listmount", 458},	       {"lsm_get_self_attr", 459},
	{"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
	{"setxattrat", 463},	    {"getxattrat", 464},       {"listxattrat", 465},
	{"removexattrat", 466},	    {"open_tree_attr", 467},   {"file_getattr", 468},
	{"file_setattr", 469},
#if defined(__x86_64__)
	{"uretprobe", 335},
#endif
};

/* One compilation. */
struct compiler {
	const struct profile *profile;
	scmp_filter_ctx context;
	struct secc_newer newer[SECC_NEWER_MAX];
	size_t newer_count;
	size_t comparisons; /* on all architectures */
	size_t arch_count;
	int64_t end_ms; /* of processor time */
	struct err *err;
};

/* libseccomp takes ever longer for each further comparison of arguments, minutes for what is a
 * small file; a program of more is not much below what the kernel takes. */
#define COMPARISONS_MAX 1024
/* What many names and rules may take; the default profile takes a hundredth of it. */
#define COMPILE_MS_MAX 1000

static int64_t spent_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

_Static_assert(ARRAY_SIZE(newer_calls) <= SECC_NEWER_MAX, "each at most once");

/* 0: no such call. */
static uint32_t newer_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(newer_calls); i++)
		if (strcmp(newer_calls[i].name, name) == 0)
			return newer_calls[i].number;
	return 0;
}

/* True for answers that do not just let a call through. */
static bool refuses(uint32_t answer)
{
	uint32_t action = answer & SECCOMP_RET_ACTION_FULL;

	return action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG;
}

static bool rule_counts(const struct profile_rule *rule, const struct secc_host *host)
{
	return (host->capabilities & rule->with) == rule->with &&
	       !(host->capabilities & rule->without) && host->kernel >= rule->kernel_from &&
	       (!rule->kernel_before || host->kernel < rule->kernel_before);
}

static struct scmp_arg_cmp comparison(const struct profile_argument *argument)
{
	static const enum scmp_compare tests[] = {
		[PROFILE_EQUAL] = SCMP_CMP_EQ,	       [PROFILE_DIFFERENT] = SCMP_CMP_NE,
		[PROFILE_BELOW] = SCMP_CMP_LT,	       [PROFILE_AT_MOST] = SCMP_CMP_LE,
		[PROFILE_AT_LEAST] = SCMP_CMP_GE,      [PROFILE_ABOVE] = SCMP_CMP_GT,
		[PROFILE_MASKED] = SCMP_CMP_MASKED_EQ,
	};

	return (struct scmp_arg_cmp){.arg = argument->index,
				     .op = tests[argument->test],
				     .datum_a = argument->value,
				     .datum_b = argument->second};
}

/* As the engines have it: a rule that compares one argument twice means either. */
static bool means_either(const struct profile_rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->argument_count; i++) {
		if (seen & 1U << rule->arguments[i].index)
			return true;
		seen |= 1U << rule->arguments[i].index;
	}
	return false;
}

static int add_comparisons(struct compiler *compiler, const struct profile_rule *rule, int number)
{
	struct scmp_arg_cmp compare[PROFILE_ARGUMENTS];
	size_t count = rule->argument_count;
	int r = 0;

	if (means_either(rule)) {
		for (size_t i = 0; r == 0 && i < count; i++) {
			compare[0] = comparison(&rule->arguments[i]);
			r = seccomp_rule_add_array(compiler->context, rule->answer, number, 1,
						   compare);
		}
		return r;
	}
	for (size_t i = 0; i < count; i++)
		compare[i] = comparison(&rule->arguments[i]);
	return seccomp_rule_add_array(compiler->context, rule->answer, number, (unsigned)count,
				      compare);
}

static int add_to_library(struct compiler *compiler, const struct profile_rule *rule,
			  const char *name, int number)
{
	compiler->comparisons += rule->argument_count * compiler->arch_count;
	if (compiler->comparisons > COMPARISONS_MAX)
		return err_say(
			compiler->err, E2BIG,
			"more than %d comparisons of arguments on all architectures together",
			COMPARISONS_MAX);
	int r = add_comparisons(compiler, rule, number);

	if (spent_ms() >= compiler->end_ms)
		return err_say(compiler->err, E2BIG, "not compiled within a second");
	if (r == -EEXIST)
		return err_say(compiler->err, EEXIST, "two rules contradict each other about %s",
			       name);
	/* A pseudo number: an architecture without that call. */
	if (r == 0 || (number < 0 && (r == -EDOM || r == -EINVAL)))
		return 0;
	return err_set(compiler->err, -r, "rule for %s", name);
}

/* The first rule of a call counts. */
static int add_newer(struct compiler *compiler, const struct profile_rule *rule, const char *name)
{
	uint32_t number = newer_number(name);

	/* A name of the future may be allowed: a profile may well be newer than this program. What
	 * is to be refused must not be let through in silence. */
	if (number == 0)
		return refuses(rule->answer) ? err_say(compiler->err, EINVAL,
						       "there is no system call '%s'", name)
					     : 0;
	for (size_t i = 0; i < compiler->newer_count; i++)
		if (compiler->newer[i].number == number)
			return 0;
	if (rule->argument_count)
		return err_say(compiler->err, ENOSYS,
			       "%s: the installed libseccomp is too old to compare its arguments",
			       name);
	compiler->newer[compiler->newer_count++] = (struct secc_newer){number, rule->answer};
	return 0;
}

static int add_rule(struct compiler *compiler, const struct profile_rule *rule)
{
	int r = 0;

	/* What is answered anyway; libseccomp refuses such a rule. */
	if (rule->answer == compiler->profile->answer)
		return 0;
	for (const char *const *call = rule->calls; r == 0 && *call; call++) {
		int number = seccomp_syscall_resolve_name(*call);

		r = number == __NR_SCMP_ERROR ? add_newer(compiler, rule, *call)
					      : add_to_library(compiler, rule, *call, number);
	}
	return r;
}

static int open_context(struct compiler *compiler)
{
	const struct profile *profile = compiler->profile;

	compiler->context = seccomp_init(profile->answer);
	if (!compiler->context)
		return err_set(compiler->err, ENOMEM, "new filter");
	compiler->arch_count = 1;
	for (size_t i = 1; i < ARRAY_SIZE(arches); i++) {
		if (!(profile->arches & arches[i].bit))
			continue;
		int r = seccomp_arch_add(compiler->context, arches[i].token);

		if (r < 0)
			return err_set(compiler->err, -r, "add architecture");
		compiler->arch_count++;
	}
	/* A binary tree instead of a chain of comparisons; libseccomp before 2.5 has none, and its
	 * filters are only slower. */
	(void)seccomp_attr_set(compiler->context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return 0;
}

/* The highest number any name of the profile has on the architecture. */
static uint32_t newest_number(const struct profile *profile, uint32_t arch)
{
	uint32_t newest = 0;

	for (size_t i = 0; i < profile->rule_count; i++) {
		for (const char *const *call = profile->rules[i].calls; *call; call++) {
			int number = seccomp_syscall_resolve_name_arch(arch, *call);
			uint32_t found = number > 0 ? (uint32_t)number : 0;

			if (number == __NR_SCMP_ERROR)
				found = newer_number(*call);

			if (found > newest)
				newest = found;
		}
	}
	return newest;
}

static unsigned short put_head(const struct compiler *compiler, const struct arch *arch,
			       struct sock_filter *code)
{
	const struct profile *profile = compiler->profile;
	bool native = arch == &arches[0];
	bool knows_age =
		refuses(profile->answer) && profile->answer != (SECCOMP_RET_ERRNO | ENOSYS);
	struct secc_head head = {
		.arch = arch->token,
		.native = native,
		.ioctls = {(uint32_t)seccomp_syscall_resolve_name_arch(arch->token, "ioctl")},
		.has_x32 = native && X32_TOKEN,
		.profile = profile,
		.newer = compiler->newer,
		.newer_count = compiler->newer_count,
		.newest = knows_age ? newest_number(profile, arch->token) : UINT32_MAX,
	};

	/* x32 has the same token, other numbers. */
	if (head.has_x32)
		head.ioctls[1] = (uint32_t)seccomp_syscall_resolve_name_arch(X32_TOKEN, "ioctl");
	return secc_head(&head, code);
}

static unsigned short put_heads(const struct compiler *compiler, struct sock_filter *code)
{
	unsigned short count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(arches); i++) {
		if (arches[i].token == X32_TOKEN ||
		    (i > 0 && !(compiler->profile->arches & arches[i].bit)))
			continue;
		count = (unsigned short)(count + put_head(compiler, &arches[i], code + count));
	}
	return count;
}

static int export_code(const struct compiler *compiler, struct secc_code *ret)
{
	const size_t heads_max = ARRAY_SIZE(arches) * SECC_HEAD_MAX;
	struct stat st = {0};
	autoclose int fd = memfd_create("seccomp", MFD_CLOEXEC);

	if (fd < 0)
		return err_set(compiler->err, errno, "memory file");
	int r = seccomp_export_bpf(compiler->context, fd);

	/* libseccomp 2.5.4 does not look at all of its allocations: it tells of success, and the
	 * filter lacks a part. What malloc() has left in errno since secc_compile() began nobody
	 * takes back. */
	if (r == 0 && errno == ENOMEM)
		r = -ENOMEM;
	if (r < 0 || fstat(fd, &st) < 0)
		return err_set(compiler->err, r < 0 ? -r : errno, "compile");
	size_t count = (size_t)st.st_size / sizeof(struct sock_filter);

	if (count == 0 || count + heads_max > BPF_MAXINSNS)
		return err_say(compiler->err, E2BIG,
			       "%zu instructions, and the kernel takes %zu at most", count,
			       BPF_MAXINSNS - heads_max);
	autofree struct sock_filter *code = calloc(count + heads_max, sizeof(*code));

	if (!code)
		return err_set(compiler->err, ENOMEM, "compile");
	unsigned short head = put_heads(compiler, code);
	ssize_t want = (ssize_t)(count * sizeof(*code));

	if (pread(fd, code + head, (size_t)want, 0) != want)
		return err_set(compiler->err, EIO, "read the filter");
	*ret = (struct secc_code){take_ptr(code), (unsigned short)(head + count)};
	return 0;
}

int secc_compile(const struct profile *profile, const struct secc_host *host, struct secc_code *ret,
		 struct err *err)
{
	struct compiler compiler = {
		.profile = profile, .end_ms = spent_ms() + COMPILE_MS_MAX, .err = err};

	errno = 0; /* export_code() looks at it */
	int r = open_context(&compiler);
	autocontext scmp_filter_ctx context = compiler.context;
	size_t at = 0;

	for (size_t i = 0; r == 0 && i < profile->rule_count; i++)
		if (rule_counts(&profile->rules[i], host)) {
			r = add_rule(&compiler, &profile->rules[i]);
			at = i;
		}
	if (r < 0 && context)
		err_prefix(err, "syscalls[%zu]", at);
	return r < 0 ? r : export_code(&compiler, ret);
}

char *record_name(enum record_arch arch, uint32_t number)
{
	uint32_t token = arch == RECORD_NATIVE ? arches[0].token : arches[1].token;
	char *name = seccomp_syscall_resolve_num_arch(token, (int)number);

	for (size_t i = 0; !name && i < ARRAY_SIZE(newer_calls); i++)
		if (newer_calls[i].number == number &&
		    (arch == RECORD_NATIVE || number >= SECC_UNIFIED))
			name = strdup(newer_calls[i].name);
	return name;
}

void secc_compiler(unsigned ret_version[static 3])
{
	const struct scmp_version *version = seccomp_version();

	ret_version[0] = version ? version->major : 0;
	ret_version[1] = version ? version->minor : 0;
	ret_version[2] = version ? version->micro : 0;
}
