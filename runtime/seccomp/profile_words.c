// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of the profile format; see profile_words.h. */
#include "runtime/seccomp/profile_words.h"
#include "runtime/seccomp/profile.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>

/* Which words mean the machine this is compiled for. */
#if defined(__x86_64__)
#define ON_X86(value) (value)
#define ON_ARM(value) 0
#else
#define ON_X86(value) 0
#define ON_ARM(value) (value)
#endif

const struct profile_word profile_actions[] = {
	{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
	{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
	{"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
	{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
	{"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
	{"SCMP_ACT_LOG", SECCOMP_RET_LOG},
	{"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
	{"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
	{"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
	{0},
};

const struct profile_word profile_tests[] = {
	{"SCMP_CMP_EQ", PROFILE_EQUAL},	    {"SCMP_CMP_GE", PROFILE_AT_LEAST},
	{"SCMP_CMP_GT", PROFILE_ABOVE},	    {"SCMP_CMP_LE", PROFILE_AT_MOST},
	{"SCMP_CMP_LT", PROFILE_BELOW},	    {"SCMP_CMP_MASKED_EQ", PROFILE_MASKED},
	{"SCMP_CMP_NE", PROFILE_DIFFERENT}, {0},
};

/* A filter is loaded into a single thread, and nobody waits for notifications. */
const struct profile_word profile_flags[] = {
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_TSYNC", 0},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0},
	{0},
};

const struct profile_word profile_arch_tokens[] = {
	{"SCMP_ARCH_X86_64", ON_X86(PROFILE_NATIVE)},
	{"SCMP_ARCH_X86", ON_X86(PROFILE_X86)},
	{"SCMP_ARCH_X32", ON_X86(PROFILE_X32)},
	{"SCMP_ARCH_AARCH64", ON_ARM(PROFILE_NATIVE)},
	{"SCMP_ARCH_ARM", ON_ARM(PROFILE_ARM)},
	{"SCMP_ARCH_LOONGARCH64", 0},
	{"SCMP_ARCH_M68K", 0},
	{"SCMP_ARCH_MIPS", 0},
	{"SCMP_ARCH_MIPS64", 0},
	{"SCMP_ARCH_MIPS64N32", 0},
	{"SCMP_ARCH_MIPSEL", 0},
	{"SCMP_ARCH_MIPSEL64", 0},
	{"SCMP_ARCH_MIPSEL64N32", 0},
	{"SCMP_ARCH_PARISC", 0},
	{"SCMP_ARCH_PARISC64", 0},
	{"SCMP_ARCH_PPC", 0},
	{"SCMP_ARCH_PPC64", 0},
	{"SCMP_ARCH_PPC64LE", 0},
	{"SCMP_ARCH_RISCV64", 0},
	{"SCMP_ARCH_S390", 0},
	{"SCMP_ARCH_S390X", 0},
	{"SCMP_ARCH_SH", 0},
	{"SCMP_ARCH_SHEB", 0},
	{0},
};

const struct profile_word profile_machines[] = {
	{"amd64", ON_X86(1)}, {"arm", 0},	  {"arm64", ON_ARM(1)},
	{"loong64", 0},	      {"loongarch64", 0}, {"m68k", 0},
	{"mips", 0},	      {"mips3l64n32", 0}, {"mips64", 0},
	{"mips64n32", 0},     {"mipsel", 0},	  {"mipsel64", 0},
	{"mipsel64n32", 0},   {"mipsle", 0},	  {"parisc", 0},
	{"parisc64", 0},      {"ppc", 0},	  {"ppc64", 0},
	{"ppc64le", 0},	      {"riscv64", 0},	  {"s390", 0},
	{"s390x", 0},	      {"sh", 0},	  {"sheb", 0},
	{"x32", 0},	      {"x86", 0},	  {0},
};

#define CAPABILITY(name)                                                                           \
	{                                                                                          \
#name, name                                                                        \
	}

const struct profile_word profile_capabilities[] = {
	CAPABILITY(CAP_AUDIT_CONTROL),
	CAPABILITY(CAP_AUDIT_READ),
	CAPABILITY(CAP_AUDIT_WRITE),
	CAPABILITY(CAP_BLOCK_SUSPEND),
	CAPABILITY(CAP_BPF),
	CAPABILITY(CAP_CHECKPOINT_RESTORE),
	CAPABILITY(CAP_CHOWN),
	CAPABILITY(CAP_DAC_OVERRIDE),
	CAPABILITY(CAP_DAC_READ_SEARCH),
	CAPABILITY(CAP_FOWNER),
	CAPABILITY(CAP_FSETID),
	CAPABILITY(CAP_IPC_LOCK),
	CAPABILITY(CAP_IPC_OWNER),
	CAPABILITY(CAP_KILL),
	CAPABILITY(CAP_LEASE),
	CAPABILITY(CAP_LINUX_IMMUTABLE),
	CAPABILITY(CAP_MAC_ADMIN),
	CAPABILITY(CAP_MAC_OVERRIDE),
	CAPABILITY(CAP_MKNOD),
	CAPABILITY(CAP_NET_ADMIN),
	CAPABILITY(CAP_NET_BIND_SERVICE),
	CAPABILITY(CAP_NET_BROADCAST),
	CAPABILITY(CAP_NET_RAW),
	CAPABILITY(CAP_PERFMON),
	CAPABILITY(CAP_SETFCAP),
	CAPABILITY(CAP_SETGID),
	CAPABILITY(CAP_SETPCAP),
	CAPABILITY(CAP_SETUID),
	CAPABILITY(CAP_SYS_ADMIN),
	CAPABILITY(CAP_SYS_BOOT),
	CAPABILITY(CAP_SYS_CHROOT),
	CAPABILITY(CAP_SYS_MODULE),
	CAPABILITY(CAP_SYS_NICE),
	CAPABILITY(CAP_SYS_PACCT),
	CAPABILITY(CAP_SYS_PTRACE),
	CAPABILITY(CAP_SYS_RAWIO),
	CAPABILITY(CAP_SYS_RESOURCE),
	CAPABILITY(CAP_SYS_TIME),
	CAPABILITY(CAP_SYS_TTY_CONFIG),
	CAPABILITY(CAP_SYSLOG),
	CAPABILITY(CAP_WAKE_ALARM),
	{0},
};

const struct profile_word *profile_word(const struct profile_word *table, const char *word)
{
	for (; table->word; table++)
		if (strcmp(table->word, word) == 0)
			return table;
	return NULL;
}

int profile_errno(const char *name)
{
	for (int number = 1; number < 256; number++) {
		const char *known = strerrorname_np(number);

		if (known && strcmp(known, name) == 0)
			return number;
	}
	return -1;
}
