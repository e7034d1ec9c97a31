// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes the system calls that a filter is to keep from the kernel, one per name, each in a child
 * of its own.
 *
 * Prints "NAME reached the kernel" or "NAME refused". The arguments are such that the kernel itself
 * answers something else than the filter (EPERM, ENOSYS), mostly that they make no sense, so no
 * attempt does any harm. Linked statically: it runs in any root.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define UPPER_HALF (1L << 32) /* what the kernel does not look at where an int is meant */

struct attempt {
	const char *name;
	long number;
	long args[5];
};

/* Calls whose arguments are checked before any privilege. */
static const struct attempt plain[] = {
	{"unshare-user", SYS_unshare, {CLONE_NEWUSER}},
	{"clone-user", SYS_clone, {CLONE_NEWUSER | SIGCHLD}},
	{"setns", SYS_setns, {-1, 0}},
	{"mount", SYS_mount, {0}},
	{"umount2", SYS_umount2, {0}},
	{"open-tree", SYS_open_tree, {-1, 0, 0}},
	{"mount-setattr", SYS_mount_setattr, {-1, 0, 0, 0, 0}},
	{"fsconfig", SYS_fsconfig, {-1, 0, 0, 0, 0}},
	{"keyctl", SYS_keyctl, {KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0}},
	{"add-key", SYS_add_key, {0, 0, 0, 0, KEY_SPEC_PROCESS_KEYRING}},
	{"request-key", SYS_request_key, {0, 0, 0, 0}},
	{"bpf", SYS_bpf, {9999, 0, 0}},
	{"perf-event-open", SYS_perf_event_open, {0, 0, -1, -1, -1}},
	{"userfaultfd", SYS_userfaultfd, {UFFD_USER_MODE_ONLY}},
	{"io-uring-setup", SYS_io_uring_setup, {0, 0}},
	{"io-uring-enter", SYS_io_uring_enter, {-1, 0, 0, 0, 0}},
	{"io-uring-register", SYS_io_uring_register, {-1, 0, 0, 0}},
	{"open-by-handle-at", SYS_open_by_handle_at, {-1, 0, 0}},
	{"fanotify-init", SYS_fanotify_init, {0x200 /* FAN_REPORT_FID */, 0}},
	{"quotactl", SYS_quotactl, {0, 0, 0, 0}},
	{"kcmp", SYS_kcmp, {-1, -1, 0, 0, 0}},
	{"pidfd-getfd", SYS_pidfd_getfd, {-1, 0, 0}},
	{"process-madvise", SYS_process_madvise, {-1, 0, 0, 0, 0}},
	{"mbind", SYS_mbind, {0, 0, -1, 0, 0}},
	{"get-mempolicy", SYS_get_mempolicy, {0, 0, 0, 0, -1}},
	{"move-pages", SYS_move_pages, {0, 0, 0, 0, 0}},
	{"migrate-pages", SYS_migrate_pages, {-1, 0, 0, 0}},
	{"settimeofday", SYS_settimeofday, {1, 0}},
	{"clock-settime", SYS_clock_settime, {0, 1}},
	{"iopl", SYS_iopl, {9}},
	{"ioperm", SYS_ioperm, {-1, -1, 1}},
	{"sysfs", SYS_sysfs, {3}},
	{"ustat", SYS_ustat, {0, 0}},
	{"odd-personality", SYS_personality, {ADDR_NO_RANDOMIZE}},
	{"kernel-ciphers", SYS_socket, {AF_ALG, SOCK_SEQPACKET, 0}},
	{"kernel-ciphers-by-half", SYS_socket, {AF_ALG | UPPER_HALF, SOCK_SEQPACKET, 0}},
	{"hypervisor", SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}},
	{"hypervisor-by-half", SYS_socket, {AF_VSOCK | UPPER_HALF, SOCK_STREAM, 0}},
	{"terminal-input", SYS_ioctl, {-1, TIOCSTI, 0}},
	{"terminal-input-by-half", SYS_ioctl, {-1, TIOCSTI | UPPER_HALF, 0}},
	{"console-paste", SYS_ioctl, {-1, TIOCLINUX, 0}},
	{"console-paste-by-half", SYS_ioctl, {-1, TIOCLINUX | UPPER_HALF, 0}},
};

/* Those that want a privilege first: as an attacker would, from a user namespace of its own, should
 * that be possible. */
static const struct attempt from_userns[] = {
	{"pivot-root", SYS_pivot_root, {0, 0}},
	{"fsopen", SYS_fsopen, {0, 0}},
	{"fsmount", SYS_fsmount, {-1, 0, 0}},
	{"fspick", SYS_fspick, {-1, 0, 0}},
	{"move-mount", SYS_move_mount, {-1, 0, -1, 0, 0}},
	{"sethostname", SYS_sethostname, {0, -1}},
	{"setdomainname", SYS_setdomainname, {0, -1}},
	{"unshare-mount", SYS_unshare, {CLONE_NEWNS}},
	{"unshare-net", SYS_unshare, {CLONE_NEWNET}},
	{"clone-mount", SYS_clone, {CLONE_NEWNS | SIGCHLD}},
};

static bool refused(long r)
{
	return r < 0 && (errno == EPERM || errno == ENOSYS);
}

static bool attempt_plain(const struct attempt *attempt)
{
	const long *args = attempt->args;

	return !refused(syscall(attempt->number, args[0], args[1], args[2], args[3], args[4], 0L));
}

static bool attempt_from_userns(const struct attempt *attempt)
{
	(void)!unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS);
	return attempt_plain(attempt);
}

/* Its flags are behind a pointer that no filter can follow. */
static bool attempt_clone3(const struct attempt *attempt)
{
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};

	return !refused(syscall(SYS_clone3, &args, sizeof(args)));
}

#if defined(__x86_64__)
static bool attempt_x86(const struct attempt *attempt)
{
	int r = (int)attempt->number;

	__asm__ volatile("int $0x80"
			 : "+a"(r)
			 : "b"((int)attempt->args[0]), "c"((int)attempt->args[1]),
			   "d"((int)attempt->args[2])
			 : "memory");
	return r != -EPERM && r != -ENOSYS;
}

/* The 32-bit call with the arguments of socket(2) behind a pointer. */
static bool attempt_socketcall(const struct attempt *attempt)
{
	int32_t *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct attempt call = {NULL, 102, {1 /* socket */, (long)(intptr_t)args}};

	if (args == MAP_FAILED)
		return false;
	args[0] = AF_ALG;
	args[1] = SOCK_SEQPACKET;
	return attempt_x86(&call);
}

static const struct attempt x86[] = {
	{"32-bit-unshare-user", 310, {CLONE_NEWUSER}},
	{"32-bit-keyctl", 288, {KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING}},
	{"32-bit-kernel-ciphers", 359, {AF_ALG, SOCK_SEQPACKET, 0}},
	{"32-bit-terminal-input", 54, {-1, TIOCSTI}},
};
#endif

static void report(const struct attempt *attempt, bool (*run)(const struct attempt *attempt))
{
	int status = 1;
	pid_t pid = fork();

	/* (a clone of the child's comes through here as well) */
	if (pid == 0)
		_exit(run(attempt) ? 0 : 1);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		exit(2);
	printf("%s %s\n", attempt->name, status == 0 ? "reached the kernel" : "refused");
	fflush(stdout);
}

static void report_all(const struct attempt *attempts, size_t count,
		       bool (*run)(const struct attempt *attempt))
{
	for (size_t i = 0; i < count; i++)
		report(&attempts[i], run);
}

int main(void)
{
	report_all(plain, sizeof(plain) / sizeof(plain[0]), attempt_plain);
	report_all(from_userns, sizeof(from_userns) / sizeof(from_userns[0]), attempt_from_userns);
	report(&(struct attempt){.name = "clone3-user"}, attempt_clone3);
#if defined(__x86_64__)
	report_all(x86, sizeof(x86) / sizeof(x86[0]), attempt_x86);
	report(&(struct attempt){.name = "32-bit-socketcall"}, attempt_socketcall);
#endif
	return 0;
}
