// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The filter is written by hand: it is a list, and the library for filters would be a third of this
 * process.
 */
#include "launcher/helper/confine.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE_AUDIT AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_AUDIT AUDIT_ARCH_AARCH64
#else
#error "no filter for this architecture"
#endif

/* Memory, time and the loop; datagrams and streams; files to read. The rest is the C library's. */
static const unsigned allowed[] = {
	SYS_accept4,	   SYS_brk,
	SYS_clock_gettime, SYS_close,
	SYS_connect,	   SYS_epoll_ctl,
	SYS_epoll_pwait,   SYS_exit,
	SYS_exit_group,	   SYS_fcntl,
	SYS_fstat,	   SYS_futex,
	SYS_getsockopt,	   SYS_getpid,
	SYS_getrandom,	   SYS_gettid,
	SYS_lseek,	   SYS_madvise,
	SYS_mmap,	   SYS_mprotect,
	SYS_mremap,	   SYS_munmap,
	SYS_newfstatat,	   SYS_pread64,
	SYS_read,	   SYS_recvfrom,
	SYS_recvmsg,	   SYS_restart_syscall,
	SYS_rt_sigaction,  SYS_rt_sigprocmask,
	SYS_rt_sigreturn,  SYS_sendto,
	SYS_sigaltstack,   SYS_tgkill,
	SYS_write,
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
};

#define MORE_MAX 8

#define LOAD(field)                                                                                \
	(struct sock_filter)                                                                       \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
#define ANSWER(what) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, (what))
/* The next instruction, or @other more. */
#define IF_EQUAL(value, other)                                                                     \
	(struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (other))
#define IF_ANY_BIT(value, other)                                                                   \
	(struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (value), 0, (other))
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

/* Checks of arguments, which end with an answer. */
static const struct sock_filter checked[] = {
	IF_EQUAL(SYS_openat, 4),
	LOAD(args[2]),
	IF_ANY_BIT(O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 1),
	ANSWER(REFUSE),
	ANSWER(SECCOMP_RET_ALLOW),
	IF_EQUAL(SYS_socket, 5),
	LOAD(args[0]),
	IF_EQUAL(AF_INET, 1),
	ANSWER(SECCOMP_RET_ALLOW),
	IF_EQUAL(AF_INET6, 1),
	ANSWER(SECCOMP_RET_ALLOW),
	ANSWER(REFUSE),
};

static unsigned short put_call(struct sock_filter *code, unsigned short count, unsigned call)
{
	code[count++] = IF_EQUAL(call, 1);
	code[count++] = ANSWER(SECCOMP_RET_ALLOW);
	return count;
}

static int filter_calls(const unsigned *calls, size_t call_count, struct err *err)
{
	struct sock_filter code[8 + 2 * (ARRAY_SIZE(allowed) + MORE_MAX) + ARRAY_SIZE(checked)];
	unsigned short count = 0;

	code[count++] = LOAD(arch);
	code[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_AUDIT, 1, 0);
	code[count++] = ANSWER(SECCOMP_RET_KILL_PROCESS);
	code[count++] = LOAD(nr);
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		count = put_call(code, count, allowed[i]);
	for (size_t i = 0; i < call_count && i < MORE_MAX; i++)
		count = put_call(code, count, calls[i]);
	for (size_t i = 0; i < ARRAY_SIZE(checked); i++)
		code[count++] = checked[i];
	code[count++] = ANSWER(REFUSE);

	const struct sock_fprog program = {.len = count, .filter = code};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return err_set(err, errno, "system call filter");
	return 0;
}

int confine_self(unsigned id, const unsigned *calls, size_t count, struct err *err)
{
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) < 0 || setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0))
		return err_set(err, errno, "become user %u", id);
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(err, errno, "give up privileges");
	return filter_calls(calls, count, err);
}
