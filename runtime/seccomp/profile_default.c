// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The default profile. Data only: equal in effect to the default of moby/profiles (the engines'
 * common one) at its commit 02e898b of 2026, but for what is stricter here:
 * - ioctl(TIOCSTI) and ioctl(TIOCLINUX), which push input into a terminal, are refused;
 * - socketcall(2) of 32-bit programs answers ENOSYS: it would hand out the address families that
 *   socket(2) refuses, because no filter can look behind its pointer.
 */
#include "runtime/base/cleanup.h"
#include "runtime/seccomp/profile.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define CALLS(...)     .calls = ((const char *const[]){__VA_ARGS__, NULL})
#define ALLOW	       .answer = SECCOMP_RET_ALLOW
#define REFUSE(errnum) .answer = SECCOMP_RET_ERRNO | (errnum)
#define WITH(cap)      .with = UINT64_C(1) << CAP_##cap
#define WITHOUT(cap)   .without = UINT64_C(1) << CAP_##cap
#define ARGUMENT(...)                                                                              \
	.arguments = &(const struct profile_argument){__VA_ARGS__}, .argument_count = 1

#define NEW_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
	 CLONE_NEWCGROUP)

#define ALLOW_PERSONALITY(value)                                                                   \
	{                                                                                          \
		CALLS("personality"), ALLOW, ARGUMENT(0, PROFILE_EQUAL, value, 0)                  \
	}
#define ALLOW_SOCKETS(family)                                                                      \
	{                                                                                          \
		CALLS("socket"), ALLOW, ARGUMENT(0, PROFILE_EQUAL, family, 0)                      \
	}

/* Names that no architecture of this machine has are passed over. */
static const struct profile_rule default_rules[] = {
	{CALLS("socketcall"), REFUSE(ENOSYS)},
	{ALLOW,
	 CALLS("accept", "accept4", "access", "adjtimex", "alarm", "bind", "brk", "cachestat",
	       "capget", "capset", "chdir", "chmod", "chown", "chown32", "clock_adjtime",
	       "clock_adjtime64", "clock_getres", "clock_getres_time64", "clock_gettime",
	       "clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "close",
	       "close_range", "connect", "copy_file_range", "creat", "dup", "dup2", "dup3",
	       "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait",
	       "epoll_pwait2", "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "execve",
	       "execveat", "exit", "exit_group", "faccessat", "faccessat2", "fadvise64",
	       "fadvise64_64", "fallocate", "fanotify_mark", "fchdir", "fchmod", "fchmodat",
	       "fchmodat2", "fchown", "fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync",
	       "fgetxattr", "flistxattr", "flock", "fork", "fremovexattr", "fsetxattr", "fstat",
	       "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64",
	       "futex", "futex_requeue", "futex_time64", "futex_wait", "futex_waitv", "futex_wake",
	       "futimesat", "get_robust_list", "get_thread_area", "getcpu", "getcwd", "getdents",
	       "getdents64", "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32",
	       "getgroups", "getgroups32", "getitimer", "getpeername", "getpgid", "getpgrp",
	       "getpid", "getppid", "getpriority", "getrandom", "getresgid", "getresgid32",
	       "getresuid", "getresuid32", "getrlimit", "getrusage", "getsid", "getsockname",
	       "getsockopt", "gettid", "gettimeofday", "getuid", "getuid32", "getxattr",
	       "getxattrat", "inotify_add_watch", "inotify_init", "inotify_init1",
	       "inotify_rm_watch", "io_cancel", "io_destroy", "io_getevents", "io_pgetevents",
	       "io_pgetevents_time64", "io_setup", "io_submit", "ioctl", "ioprio_get", "ioprio_set",
	       "ipc", "kill", "landlock_add_rule", "landlock_create_ruleset",
	       "landlock_restrict_self", "lchown", "lchown32", "lgetxattr", "link", "linkat",
	       "listen", "listmount", "listxattr", "listxattrat", "llistxattr", "_llseek",
	       "lremovexattr", "lseek", "lsetxattr", "lstat", "lstat64", "madvise",
	       "map_shadow_stack", "membarrier", "memfd_create", "memfd_secret", "mincore", "mkdir",
	       "mkdirat", "mknod", "mknodat", "mlock", "mlock2", "mlockall", "mmap", "mmap2",
	       "mprotect", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive",
	       "mq_timedreceive_time64", "mq_timedsend", "mq_timedsend_time64", "mq_unlink",
	       "mremap", "mseal", "msgctl", "msgget", "msgrcv", "msgsnd", "msync", "munlock",
	       "munlockall", "munmap", "name_to_handle_at", "nanosleep", "newfstatat", "_newselect",
	       "open", "openat", "openat2", "pause", "pidfd_open", "pidfd_send_signal", "pipe",
	       "pipe2", "pkey_alloc", "pkey_free", "pkey_mprotect", "poll", "ppoll", "ppoll_time64",
	       "prctl", "pread64", "preadv", "preadv2", "prlimit64", "process_mrelease", "pselect6",
	       "pselect6_time64", "pwrite64", "pwritev", "pwritev2", "read", "readahead",
	       "readlink", "readlinkat", "readv", "recv", "recvfrom", "recvmmsg", "recvmmsg_time64",
	       "recvmsg", "remap_file_pages", "removexattr", "removexattrat", "rename", "renameat",
	       "renameat2", "restart_syscall", "riscv_hwprobe", "rmdir", "rseq", "rt_sigaction",
	       "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn",
	       "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo",
	       "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity",
	       "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_rr_get_interval",
	       "sched_rr_get_interval_time64", "sched_setaffinity", "sched_setattr",
	       "sched_setparam", "sched_setscheduler", "sched_yield", "seccomp", "select", "semctl",
	       "semget", "semop", "semtimedop", "semtimedop_time64", "send", "sendfile",
	       "sendfile64", "sendmmsg", "sendmsg", "sendto", "set_robust_list", "set_thread_area",
	       "set_tid_address", "setfsgid", "setfsgid32", "setfsuid", "setfsuid32", "setgid",
	       "setgid32", "setgroups", "setgroups32", "setitimer", "setpgid", "setpriority",
	       "setregid", "setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32",
	       "setreuid", "setreuid32", "setrlimit", "setsid", "setsockopt", "setuid", "setuid32",
	       "setxattr", "setxattrat", "shmat", "shmctl", "shmdt", "shmget", "shutdown",
	       "sigaltstack", "signalfd", "signalfd4", "sigprocmask", "sigreturn", "socketpair",
	       "splice", "stat", "stat64", "statfs", "statfs64", "statmount", "statx", "symlink",
	       "symlinkat", "sync", "sync_file_range", "syncfs", "sysinfo", "tee", "tgkill", "time",
	       "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime",
	       "timer_gettime64", "timer_settime", "timer_settime64", "timerfd_create",
	       "timerfd_gettime", "timerfd_gettime64", "timerfd_settime", "timerfd_settime64",
	       "times", "tkill", "truncate", "truncate64", "ugetrlimit", "umask", "uname", "unlink",
	       "unlinkat", "uretprobe", "utime", "utimensat", "utimensat_time64", "utimes", "vfork",
	       "vmsplice", "wait4", "waitid", "waitpid", "write",
	       "writev", /* of single architectures */
	       "arch_prctl", "modify_ldt", "arm_fadvise64_64", "arm_sync_file_range",
	       "sync_file_range2", "breakpoint", "cacheflush", "set_tls")},
	/* Before 4.8 a tracer could get past the filter of what it traced. */
	{CALLS("process_vm_readv", "process_vm_writev", "ptrace"), ALLOW,
	 .kernel_from = PROFILE_KERNEL(4, 8)},

	/* The address families one by one: all 64 bits of the argument are compared, of which the
	   kernel takes 32. Not those it has no more, not AF_ALG (its ciphers) and not AF_VSOCK (the
	   hypervisor), which anybody may use. */
	{CALLS("socket"), ALLOW, ARGUMENT(0, PROFILE_BELOW, AF_DECnet, 0)},
	ALLOW_SOCKETS(AF_NETBEUI),
	ALLOW_SOCKETS(AF_SECURITY),
	ALLOW_SOCKETS(AF_KEY),
	ALLOW_SOCKETS(AF_NETLINK),
	ALLOW_SOCKETS(AF_PACKET),
	ALLOW_SOCKETS(AF_ASH),
	ALLOW_SOCKETS(AF_RDS),
	ALLOW_SOCKETS(AF_SNA),
	ALLOW_SOCKETS(AF_PPPOX),
	ALLOW_SOCKETS(AF_LLC),
	ALLOW_SOCKETS(AF_IB),
	ALLOW_SOCKETS(AF_MPLS),
	ALLOW_SOCKETS(AF_CAN),
	ALLOW_SOCKETS(AF_TIPC),
	ALLOW_SOCKETS(AF_BLUETOOTH),
	ALLOW_SOCKETS(AF_IUCV),
	ALLOW_SOCKETS(AF_RXRPC),
	ALLOW_SOCKETS(AF_PHONET),
	ALLOW_SOCKETS(AF_IEEE802154),
	ALLOW_SOCKETS(AF_NFC),
	ALLOW_SOCKETS(AF_KCM),
	ALLOW_SOCKETS(AF_QIPCRTR),
	ALLOW_SOCKETS(AF_SMC),
	ALLOW_SOCKETS(AF_XDP),
	ALLOW_SOCKETS(AF_MCTP),

	/* Linux and 32-bit Linux, each with and without the old uname; 0xffffffff asks. */
	ALLOW_PERSONALITY(0x0),
	ALLOW_PERSONALITY(0x8),
	ALLOW_PERSONALITY(0x20000),
	ALLOW_PERSONALITY(0x20008),
	ALLOW_PERSONALITY(0xffffffff),

	{CALLS("clone"), ALLOW, ARGUMENT(0, PROFILE_MASKED, NEW_NAMESPACES, 0), WITHOUT(SYS_ADMIN)},
	/* Its flags are behind a pointer no filter can read: C libraries fall back to clone(2). */
	{CALLS("clone3"), REFUSE(ENOSYS), WITHOUT(SYS_ADMIN)},
	{WITH(SYS_ADMIN), ALLOW,
	 CALLS("bpf", "clone", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick",
	       "lookup_dcookie", "lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr",
	       "mount", "mount_setattr", "move_mount", "open_tree", "perf_event_open", "quotactl",
	       "quotactl_fd", "setdomainname", "sethostname", "setns", "syslog", "umount",
	       "umount2", "unshare")},
	{WITH(BPF), ALLOW, CALLS("bpf")},
	{WITH(DAC_READ_SEARCH), ALLOW, CALLS("open_by_handle_at")},
	{WITH(PERFMON), ALLOW, CALLS("perf_event_open")},
	{WITH(SYSLOG), ALLOW, CALLS("syslog")},
	{WITH(SYS_BOOT), ALLOW, CALLS("reboot")},
	{WITH(SYS_CHROOT), ALLOW, CALLS("chroot")},
	{WITH(SYS_MODULE), ALLOW, CALLS("delete_module", "init_module", "finit_module")},
	{WITH(SYS_NICE), ALLOW,
	 CALLS("get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node")},
	{WITH(SYS_PACCT), ALLOW, CALLS("acct")},
	{WITH(SYS_PTRACE), ALLOW,
	 CALLS("kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev",
	       "ptrace")},
	{WITH(SYS_RAWIO), ALLOW, CALLS("iopl", "ioperm")},
	{WITH(SYS_TIME), ALLOW, CALLS("settimeofday", "stime", "clock_settime", "clock_settime64")},
	{WITH(SYS_TTY_CONFIG), ALLOW, CALLS("vhangup")},
};

static const uint32_t default_refused_ioctls[] = {TIOCSTI, TIOCLINUX};

const struct profile profile_default = {
	.answer = SECCOMP_RET_ERRNO | EPERM,
	.arches = PROFILE_X86 | PROFILE_X32 | PROFILE_ARM,
	.rules = default_rules,
	.rule_count = ARRAY_SIZE(default_rules),
	.refused_ioctls = default_refused_ioctls,
	.refused_ioctl_count = ARRAY_SIZE(default_refused_ioctls),
};
