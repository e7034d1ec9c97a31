// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads the filter into a child and makes the calls it is there for. */
#include "runtime/base/cleanup.h"
#include "runtime/seccomp/secc.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct attempt {
	const char *name;
	long number;
	long args[3];
	int errnum; /* what the filter answers; 0: lets it through to the kernel */
};

/* Arguments are such that the kernel itself would answer otherwise: EFAULT, EBADF, EINVAL or
 * success. */
static const struct attempt refused[] = {
	{"unshare user", SYS_unshare, {CLONE_NEWUSER}, EPERM},
	{"unshare nothing", SYS_unshare, {0}, EPERM},
	{"clone into a user namespace", SYS_clone, {CLONE_NEWUSER | 17}, EPERM},
	{"clone into a mount namespace", SYS_clone, {CLONE_NEWNS | 17}, EPERM},
	{"clone3", SYS_clone3, {0, 0}, ENOSYS},
	{"setns", SYS_setns, {-1, 0}, EPERM},
	{"mount", SYS_mount, {0}, EPERM},
	{"umount2", SYS_umount2, {0}, EPERM},
	{"pivot_root", SYS_pivot_root, {0}, EPERM},
	{"fsopen", SYS_fsopen, {0}, EPERM},
	{"open_tree", SYS_open_tree, {-1, 0, 0}, EPERM},
	{"move_mount", SYS_move_mount, {-1, 0, -1}, EPERM},
	{"add_key", SYS_add_key, {0}, EPERM},
	{"keyctl", SYS_keyctl, {0}, EPERM},
	{"request_key", SYS_request_key, {0}, EPERM},
	{"bpf", SYS_bpf, {-1, 0, 0}, EPERM},
	{"perf_event_open", SYS_perf_event_open, {0}, EPERM},
	{"userfaultfd", SYS_userfaultfd, {-1}, EPERM},
	{"io_uring_setup", SYS_io_uring_setup, {0, 0}, EPERM},
	{"kexec_load", SYS_kexec_load, {0}, EPERM},
	{"init_module", SYS_init_module, {0}, EPERM},
	{"open_by_handle_at", SYS_open_by_handle_at, {-1, 0, 0}, EPERM},
	{"settimeofday", SYS_settimeofday, {1, 1}, EPERM},
	{"swapon", SYS_swapon, {0}, EPERM},
	{"reboot", SYS_reboot, {0}, EPERM},
	{"acct", SYS_acct, {1}, EPERM},
	{"AF_VSOCK", SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}, EPERM},
	{"AF_ALG", SYS_socket, {AF_ALG, SOCK_SEQPACKET, 0}, EPERM},
	{"an odd personality", SYS_personality, {0x0040000}, EPERM},
	{"TIOCSTI", SYS_ioctl, {-1, TIOCSTI, 0}, EPERM},
	{"TIOCSTI with high bits", SYS_ioctl, {-1, 0x100000000L | TIOCSTI, 0}, EPERM},
	{"TIOCLINUX", SYS_ioctl, {-1, TIOCLINUX, 0}, EPERM},
	{"a call of the future", 900, {0}, ENOSYS},
};

static const struct attempt allowed[] = {
	{"getpid", SYS_getpid, {0}, 0},
	{"openat2", SYS_openat2, {-1, 0, 0}, EINVAL},
	{"another ioctl", SYS_ioctl, {-1, TCGETS, 0}, EBADF},
	{"AF_UNIX", SYS_socket, {AF_UNIX, 99, 0}, EINVAL},
	{"AF_NETLINK", SYS_socket, {AF_NETLINK, 99, 0}, EINVAL},
	{"personality query", SYS_personality, {0xffffffff}, 0},
	{"rseq", SYS_rseq, {0, 0, 0}, EINVAL},
};

/* Returns the index of the first attempt that went otherwise, or -1. Runs in the child. */
static int first_other(const struct attempt *attempts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct attempt *a = &attempts[i];

		errno = 0;
		long r = syscall(a->number, a->args[0], a->args[1], a->args[2], 0L, 0L);

		if (r < 0 ? errno != a->errnum : a->errnum != 0)
			return (int)i;
	}
	return -1;
}

static int under_filter(uint64_t capabilities, const struct attempt *attempts, size_t count)
{
	const struct secc *filter = NULL;
	struct err err = {0};
	int status = 0;

	assert_int_equal(secc_acquire(capabilities, &filter, &err), 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || secc_load(filter, &err) < 0)
			_exit(254);
		_exit(first_other(attempts, count) + 1);
	}
	waitpid(pid, &status, 0);
	secc_release(filter);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 254);
	return WEXITSTATUS(status) - 1;
}

static void dangerous_calls_are_refused(void **unused)
{
	int other = under_filter(0, refused, ARRAY_SIZE(refused));

	if (other >= 0)
		print_message("not refused: %s\n", refused[other].name);
	assert_int_equal(other, -1);
}

static void ordinary_calls_are_let_through(void **unused)
{
	int other = under_filter(0, allowed, ARRAY_SIZE(allowed));

	if (other >= 0)
		print_message("not let through: %s\n", allowed[other].name);
	assert_int_equal(other, -1);
}

static void capabilities_open_their_calls(void **unused)
{
	static const struct attempt mounts[] = {
		{"umount2", SYS_umount2, {0}, EFAULT},
		{"unshare", SYS_unshare, {0}, 0},
		{"clone3", SYS_clone3, {0, 0}, EINVAL},
	};
	static const struct attempt unshare[] = {{"unshare", SYS_unshare, {0}, EPERM}};

	if (geteuid() == 0)
		assert_int_equal(under_filter(UINT64_C(1) << CAP_SYS_ADMIN, mounts, 3), -1);
	assert_int_equal(under_filter(UINT64_C(1) << CAP_SYS_BOOT, unshare, 1), -1);
}

static void equal_capabilities_share_a_filter(void **unused)
{
	const struct secc *one = NULL;
	const struct secc *two = NULL;
	const struct secc *other = NULL;
	struct err err;

	assert_int_equal(secc_acquire(UINT64_C(1) << CAP_CHOWN, &one, &err), 0);
	assert_int_equal(secc_acquire(0, &two, &err), 0);
	assert_int_equal(secc_acquire(UINT64_C(1) << CAP_SYS_CHROOT, &other, &err), 0);
	assert_ptr_equal(one, two);
	assert_ptr_not_equal(one, other);
	secc_release(one);
	secc_release(two);
	secc_release(other);
	secc_release(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dangerous_calls_are_refused),
		cmocka_unit_test(ordinary_calls_are_let_through),
		cmocka_unit_test(capabilities_open_their_calls),
		cmocka_unit_test(equal_capabilities_share_a_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
