// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the default profile answers to every call, with no capability and with each: written down
 * here by what it refuses, while the profile says what it allows.
 */
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/secc_probe.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if !defined(__x86_64__)
#error "the numbers are those of x86-64"
#endif

#define NEWEST 466 /* removexattrat; what is above answers ENOSYS */

/* No libc of today has names for these. */
#define SYS_uretprobe	      335
#define SYS_uprobe	      336
#define SYS_lsm_get_self_attr 459
#define SYS_lsm_list_modules  461

static const int never[] = {
	SYS_uselib,	     SYS_ustat,		 SYS_sysfs,	     SYS_pivot_root,
	SYS__sysctl,	     SYS_swapon,	 SYS_swapoff,	     SYS_create_module,
	SYS_get_kernel_syms, SYS_query_module,	 SYS_nfsservctl,     SYS_getpmsg,
	SYS_putpmsg,	     SYS_afs_syscall,	 SYS_tuxcall,	     SYS_security,
	SYS_vserver,	     SYS_kexec_load,	 SYS_add_key,	     SYS_request_key,
	SYS_keyctl,	     SYS_migrate_pages,	 SYS_move_pages,     SYS_kexec_file_load,
	SYS_userfaultfd,     SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
};

static const struct {
	int call;
	int capability;
} conditional[] = {
	{SYS_bpf, CAP_SYS_ADMIN},
	{SYS_bpf, CAP_BPF},
	{SYS_fanotify_init, CAP_SYS_ADMIN},
	{SYS_fsconfig, CAP_SYS_ADMIN},
	{SYS_fsmount, CAP_SYS_ADMIN},
	{SYS_fsopen, CAP_SYS_ADMIN},
	{SYS_fspick, CAP_SYS_ADMIN},
	{SYS_lookup_dcookie, CAP_SYS_ADMIN},
	{SYS_lsm_get_self_attr, CAP_SYS_ADMIN},
	{SYS_lsm_get_self_attr + 1, CAP_SYS_ADMIN},
	{SYS_lsm_list_modules, CAP_SYS_ADMIN},
	{SYS_mount, CAP_SYS_ADMIN},
	{SYS_mount_setattr, CAP_SYS_ADMIN},
	{SYS_move_mount, CAP_SYS_ADMIN},
	{SYS_open_tree, CAP_SYS_ADMIN},
	{SYS_perf_event_open, CAP_SYS_ADMIN},
	{SYS_perf_event_open, CAP_PERFMON},
	{SYS_quotactl, CAP_SYS_ADMIN},
	{SYS_quotactl_fd, CAP_SYS_ADMIN},
	{SYS_setdomainname, CAP_SYS_ADMIN},
	{SYS_sethostname, CAP_SYS_ADMIN},
	{SYS_setns, CAP_SYS_ADMIN},
	{SYS_syslog, CAP_SYS_ADMIN},
	{SYS_syslog, CAP_SYSLOG},
	{SYS_umount2, CAP_SYS_ADMIN},
	{SYS_unshare, CAP_SYS_ADMIN},
	{SYS_open_by_handle_at, CAP_DAC_READ_SEARCH},
	{SYS_reboot, CAP_SYS_BOOT},
	{SYS_chroot, CAP_SYS_CHROOT},
	{SYS_delete_module, CAP_SYS_MODULE},
	{SYS_init_module, CAP_SYS_MODULE},
	{SYS_finit_module, CAP_SYS_MODULE},
	{SYS_get_mempolicy, CAP_SYS_NICE},
	{SYS_mbind, CAP_SYS_NICE},
	{SYS_set_mempolicy, CAP_SYS_NICE},
	{SYS_set_mempolicy_home_node, CAP_SYS_NICE},
	{SYS_acct, CAP_SYS_PACCT},
	{SYS_kcmp, CAP_SYS_PTRACE},
	{SYS_pidfd_getfd, CAP_SYS_PTRACE},
	{SYS_process_madvise, CAP_SYS_PTRACE},
	{SYS_iopl, CAP_SYS_RAWIO},
	{SYS_ioperm, CAP_SYS_RAWIO},
	{SYS_settimeofday, CAP_SYS_TIME},
	{SYS_clock_settime, CAP_SYS_TIME},
	{SYS_vhangup, CAP_SYS_TTY_CONFIG},
};

static int expected(int call, int capability)
{
	bool asks = false;

	for (size_t i = 0; i < ARRAY_SIZE(conditional); i++) {
		if (conditional[i].call == call && conditional[i].capability == capability)
			return PROBE_REACHED;
		asks |= conditional[i].call == call;
	}
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (never[i] == call)
			return EPERM;
	if (call > NEWEST || (call == SYS_clone3 && capability != CAP_SYS_ADMIN))
		return ENOSYS;
	/* The numbers between were kept free for architectures of old. */
	return asks || (call > SYS_uprobe && call < 424) ? EPERM : PROBE_REACHED;
}

static const struct secc *default_filter(uint64_t capabilities)
{
	const struct secc_source source = {.capabilities = capabilities};
	const struct secc *filter = NULL;
	struct err err;

	assert_int_equal(secc_acquire(&source, &filter, &err), 0);
	return filter;
}

static void check_all(int capability)
{
	static struct probe_call calls[NEWEST + 34];
	const struct secc *filter = default_filter(capability < 0 ? 0 : UINT64_C(1) << capability);
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		calls[i] = (struct probe_call){.number = (long)i};
	/* Newer kernels let the two past every filter, and kill who has no business calling them.
	 */
	calls[SYS_uretprobe].number = SYS_getpid;
	calls[SYS_uprobe].number = SYS_getpid;
	probe_calls(filter, calls, ARRAY_SIZE(calls));
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].errnum == expected((int)i, capability))
			continue;
		print_message("call %zu with capability %d: %d, not %d\n", i, capability,
			      calls[i].errnum, expected((int)i, capability));
		wrong++;
	}
	secc_release(filter);
	assert_int_equal(wrong, 0);
}

static void without_capabilities_the_list_is_what_it_says(void **unused)
{
	check_all(-1);
}

static void each_capability_opens_its_calls_and_no_other(void **unused)
{
	for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
		check_all(capability);
}

static void all_capabilities_leave_refused_what_none_opens(void **unused)
{
	const struct secc *filter = default_filter(UINT64_MAX);
	struct probe_call calls[ARRAY_SIZE(never)];

	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		calls[i] = (struct probe_call){.number = never[i]};
	probe_calls(filter, calls, ARRAY_SIZE(calls));
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		assert_int_equal(calls[i].errnum, EPERM);
	secc_release(filter);
}

/* errnum: what is expected. */
static void check_calls(const struct probe_call *expected_calls, size_t count)
{
	const struct secc *filter = default_filter(0);
	struct probe_call calls[64];
	size_t wrong = 0;

	assert_true(count <= ARRAY_SIZE(calls));
	memcpy(calls, expected_calls, count * sizeof(*calls));
	probe_calls(filter, calls, count);
	for (size_t i = 0; i < count; i++) {
		if (calls[i].errnum == expected_calls[i].errnum)
			continue;
		print_message("call %ld(%#lx, %#lx): %d, not %d\n", calls[i].number,
			      calls[i].args[0], calls[i].args[1], calls[i].errnum,
			      expected_calls[i].errnum);
		wrong++;
	}
	secc_release(filter);
	assert_int_equal(wrong, 0);
}

static void namespaces_are_not_made_by_clone(void **unused)
{
	static const uint64_t flags[] = {CLONE_NEWNS,  CLONE_NEWUTS, CLONE_NEWIPC,   CLONE_NEWUSER,
					 CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP};
	struct probe_call calls[ARRAY_SIZE(flags) + 2];

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		calls[i] = (struct probe_call){SYS_clone, {flags[i] | 17}, EPERM};
	calls[ARRAY_SIZE(flags)] =
		(struct probe_call){SYS_clone, {CLONE_VM | CLONE_FILES | 17}, PROBE_REACHED};
	calls[ARRAY_SIZE(flags) + 1] =
		(struct probe_call){SYS_clone, {~0ULL & ~0x7e020000ULL}, PROBE_REACHED};
	check_calls(calls, ARRAY_SIZE(calls));
}

static void dangerous_address_families_are_refused(void **unused)
{
	static const int families[] = {AF_ALG,	  AF_VSOCK, AF_DECnet,	AF_ECONET,
				       AF_ATMSVC, AF_IRDA,  AF_WANPIPE, AF_ISDN,
				       AF_CAIF,	  47,	    63};
	struct probe_call calls[2 * ARRAY_SIZE(families)];

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		uint64_t family = (uint64_t)families[i];

		calls[2 * i] = (struct probe_call){SYS_socket, {family, SOCK_STREAM}, EPERM};
		/* The kernel looks at the lower half only. */
		calls[2 * i + 1] =
			(struct probe_call){SYS_socket, {family | 1ULL << 32, SOCK_STREAM}, EPERM};
	}
	check_calls(calls, ARRAY_SIZE(calls));
}

static void ordinary_address_families_are_allowed(void **unused)
{
	static const int families[] = {AF_UNIX,	  AF_INET, AF_INET6, AF_NETLINK, AF_PACKET,
				       AF_BRIDGE, AF_KEY,  AF_CAN,   AF_TIPC,	 AF_KCM,
				       AF_SMC,	  AF_XDP,  AF_MCTP,  AF_NFC,	 AF_BLUETOOTH};
	struct probe_call calls[ARRAY_SIZE(families)];

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		calls[i] = (struct probe_call){
			SYS_socket, {(uint64_t)families[i], SOCK_STREAM}, PROBE_REACHED};
	check_calls(calls, ARRAY_SIZE(calls));
}

static void only_harmless_personalities_are_allowed(void **unused)
{
	static const struct probe_call calls[] = {
		{SYS_personality, {PER_LINUX}, PROBE_REACHED},
		{SYS_personality, {PER_LINUX32}, PROBE_REACHED},
		{SYS_personality, {UNAME26}, PROBE_REACHED},
		{SYS_personality, {UNAME26 | PER_LINUX32}, PROBE_REACHED},
		{SYS_personality, {0xffffffff}, PROBE_REACHED},
		{SYS_personality, {ADDR_NO_RANDOMIZE}, EPERM},
		{SYS_personality, {READ_IMPLIES_EXEC}, EPERM},
		{SYS_personality, {ADDR_NO_RANDOMIZE | 1ULL << 32}, EPERM},
	};

	check_calls(calls, ARRAY_SIZE(calls));
}

static void a_terminal_cannot_be_fed(void **unused)
{
	static const struct probe_call calls[] = {
		{SYS_ioctl, {0, TIOCSTI}, EPERM},
		{SYS_ioctl, {0, TIOCLINUX}, EPERM},
		{SYS_ioctl, {0, TIOCSTI | 1ULL << 32}, EPERM},
		{SYS_ioctl, {0, TIOCLINUX | 0xffULL << 32}, EPERM},
		{SYS_ioctl, {TIOCSTI, TCGETS}, PROBE_REACHED},
		{SYS_ioctl, {0, TIOCSCTTY}, PROBE_REACHED},
		/* The same by the numbers of x32. */
		{0x40000000 | 514, {0, TIOCSTI}, EPERM},
		{0x40000000 | 514, {0, TCGETS}, PROBE_REACHED},
	};

	check_calls(calls, ARRAY_SIZE(calls));
}

static void x32_numbers_open_nothing(void **unused)
{
	static const struct probe_call calls[] = {
		{0x40000000 | SYS_unshare, {CLONE_NEWUSER}, EPERM},
		{0x40000000 | SYS_io_uring_setup, {0}, EPERM},
		{0x40000000 | SYS_keyctl, {0}, EPERM},
		{0x40000000 | SYS_clone, {CLONE_NEWUSER}, EPERM},
		{0x40000000 | SYS_socket, {AF_ALG}, EPERM},
	};

	check_calls(calls, ARRAY_SIZE(calls));
}

static void programs_of_32_bit_have_no_way_around(void **unused)
{
	const struct secc *filter = default_filter(0);

	assert_int_equal(probe_x86_call(filter, 20 /* getpid */, 0), PROBE_REACHED);
	assert_int_equal(probe_x86_call(filter, 359 /* socket */, AF_INET), PROBE_REACHED);
	assert_int_equal(probe_x86_call(filter, 359 /* socket */, AF_ALG), EPERM);
	assert_int_equal(probe_x86_call(filter, 102 /* socketcall */, 1 /* socket */), ENOSYS);
	assert_int_equal(probe_x86_call(filter, 310 /* unshare */, CLONE_NEWUSER), EPERM);
	assert_int_equal(probe_x86_call(filter, 288 /* keyctl */, 0), EPERM);
	assert_int_equal(probe_x86_call(filter, 462 /* mseal */, 0), PROBE_REACHED);
	assert_int_equal(probe_x86_call(filter, 335 /* rt_tgsigqueueinfo */, 0), PROBE_REACHED);
	assert_int_equal(probe_x86_call(filter, 500, 0), ENOSYS);
	secc_release(filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_capabilities_the_list_is_what_it_says),
		cmocka_unit_test(each_capability_opens_its_calls_and_no_other),
		cmocka_unit_test(all_capabilities_leave_refused_what_none_opens),
		cmocka_unit_test(namespaces_are_not_made_by_clone),
		cmocka_unit_test(dangerous_address_families_are_refused),
		cmocka_unit_test(ordinary_address_families_are_allowed),
		cmocka_unit_test(only_harmless_personalities_are_allowed),
		cmocka_unit_test(a_terminal_cannot_be_fed),
		cmocka_unit_test(x32_numbers_open_nothing),
		cmocka_unit_test(programs_of_32_bit_have_no_way_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
