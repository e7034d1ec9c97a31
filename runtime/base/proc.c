// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading /proc/PID; see proc.h. */
#include "runtime/base/proc.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

#define PROC_BYTES_MAX 65536

/* Linux 6.15; the C library's header is older. */
struct pidfd_exit_info {
	uint64_t mask;
	uint64_t cgroup_id;
	uint32_t ids[11];
	int32_t exit_code;
};
#define GET_INFO  _IOWR(0xff, 11, struct pidfd_exit_info)
#define INFO_EXIT (UINT64_C(1) << 3)

static int read_file(pid_t pid, const char *name, char **ret_text, struct err *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	int r = fs_read(path, PROC_BYTES_MAX, ret_text, NULL, err);

	/* (ESRCH: it has ended since it was opened) */
	return r == -ENOENT ? err_say(err, ESRCH, "there is no process %d", (int)pid) : r;
}

int proc_read(pid_t pid, struct proc_info *ret, struct err *err)
{
	autofree char *text = NULL;
	char state = 0;
	int parent = 0;
	uint64_t start = 0;
	int r = read_file(pid, "stat", &text, err);

	if (r < 0)
		return r;
	/* The name in parentheses is the program's choice. */
	const char *rest = strrchr(text, ')');

	if (!rest ||
	    sscanf(rest + 1,
		   " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%" SCNu64,
		   &state, &parent, &start) != 3)
		return err_say(err, EPROTO, "/proc/%d/stat is not as expected", (int)pid);
	*ret = (struct proc_info){pid, parent, start, state == 'Z' || state == 'X'};
	return 0;
}

/* "NSpid:\t4711\t1": the last number is the one in its own namespace. */
int proc_is_first(pid_t pid, struct err *err)
{
	autofree char *text = NULL;
	int r = read_file(pid, "status", &text, err);

	if (r < 0)
		return r;
	const char *line = strstr(text, "\nNSpid:");
	const char *end = line ? strchr(line + 1, '\n') : NULL;

	return end && end - line > 2 && memcmp(end - 2, "\t1", 2) == 0;
}

bool proc_is_self(pid_t pid)
{
	char path[64];
	struct stat own, its;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return stat("/proc/self/exe", &own) == 0 && stat(path, &its) == 0 &&
	       own.st_dev == its.st_dev && own.st_ino == its.st_ino;
}

static int open_process(pid_t pid, uint64_t start_ticks, bool ended_too, struct err *err)
{
	autoclose int pidfd = pidfd_open(pid, 0);
	struct proc_info info;

	if (pidfd < 0)
		return err_set(err, errno, "process %d", (int)pid);
	/* Read after the pidfd was opened: if it is this process now, the pidfd is of it. */
	int r = proc_read(pid, &info, err);

	if (r == 0 && (info.start_ticks != start_ticks || (info.zombie && !ended_too)))
		r = err_say(err, ESRCH, "process %d has ended", (int)pid);
	return r < 0 ? r : take_fd(&pidfd);
}

int proc_open(pid_t pid, uint64_t start_ticks, struct err *err)
{
	return open_process(pid, start_ticks, false, err);
}

int proc_hold(pid_t pid, uint64_t start_ticks, struct err *err)
{
	return open_process(pid, start_ticks, true, err);
}

static int reaped_status(int pidfd, int *ret_status)
{
	struct pidfd_exit_info info = {.mask = INFO_EXIT};

	if (ioctl(pidfd, GET_INFO, &info) < 0)
		return errno == ESRCH ? -EAGAIN : -ENOTSUP;
	if (!(info.mask & INFO_EXIT))
		return -EAGAIN;
	*ret_status = info.exit_code;
	return 0;
}

/* To whom it may not tell the kernel says 0. */
static bool may_look_into(pid_t pid)
{
	char path[64];
	char name[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	return readlink(path, name, sizeof(name)) >= 0 || errno == ENOENT;
}

/* The last field of the line, of a process that waits to be reaped. */
static int zombie_status(pid_t pid, int *ret_status)
{
	autofree char *text = NULL;
	struct proc_info info;

	if (proc_read(pid, &info, NULL) < 0 || !info.zombie)
		return -EAGAIN;
	if (!may_look_into(pid) || read_file(pid, "stat", &text, NULL) < 0)
		return -ENOTSUP;
	const char *last = strrchr(text, ' ');

	return last && sscanf(last, " %d", ret_status) == 1 ? 0 : -ENOTSUP;
}

int proc_exit_status(int pidfd, pid_t pid, int *ret_status)
{
	int status = 0;
	int r = reaped_status(pidfd, ret_status);

	if (r == 0)
		return 0;
	r = zombie_status(pid, &status);
	/* Reaped meanwhile, the pid may have been another's. */
	int again = reaped_status(pidfd, ret_status);

	if (again == 0 || (again == -ENOTSUP && r < 0))
		return again;
	if (r == 0)
		*ret_status = status;
	return r;
}

int proc_namespace(pid_t pid, const char *name, struct err *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_set(err, errno, "open '%s'", path) : fd;
}

int proc_boot_id(char ret_id[static PROC_BOOT_ID_SIZE], struct err *err)
{
	autofree char *text = NULL;
	int r = fs_read("/proc/sys/kernel/random/boot_id", 128, &text, NULL, err);

	if (r < 0)
		return r;
	snprintf(ret_id, PROC_BOOT_ID_SIZE, "%.*s", (int)strcspn(text, "\n"), text);
	return 0;
}
