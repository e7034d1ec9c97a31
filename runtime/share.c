// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Namespaces of another container; see share.h. The steps run in the cloned child and allocate
 * nothing.
 */
#include "runtime/share.h"

#include "runtime/base/cleanup.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/vfs.h>

int share_clone(struct launch *launch, const struct step *steps, uint64_t flags,
		struct container_process *ret_process, struct container_fault *fault)
{
	autoclose int own_fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);

	if (own_fd < 0)
		return err_set(&fault->err, errno, "own pid namespace");
	if (setns(launch->target_pidfd, CLONE_NEWPID) < 0)
		return errno == ESRCH
			       ? err_say(&fault->err, ESRCH, "the container has ended")
			       : err_set(&fault->err, errno, "the container's pid namespace");
	int r = launch_clone(launch, steps, flags, ret_process, fault);

	/* Cannot fail: the namespace is our own, and the capability for it was just used. */
	int back = setns(own_fd, CLONE_NEWPID);

	assert(back == 0);
	return r;
}

int step_shared_memory(struct launch *launch, struct container_fault *fault)
{
	struct statfs fs;

	if (launch->ipc_pidfd <= 0)
		return 0;
	if (setns(launch->ipc_pidfd, CLONE_NEWNS) < 0)
		return err_set(&fault->err, errno, "look into the other container");
	/* Without what may be mounted below it: only that one file system is shared. */
	launch->shm_fd = open_tree(AT_FDCWD, SHM_PLACE, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (launch->shm_fd < 0 || fstatfs(launch->shm_fd, &fs) < 0)
		return err_set(&fault->err, errno, "/dev/shm of the other container");
	if (fs.f_type != TMPFS_MAGIC)
		return err_say(&fault->err, EINVAL,
			       "/dev/shm of the other container is not in memory");
	return 0;
}

int step_shared_ipc(struct launch *launch, struct container_fault *fault)
{
	if (launch->ipc_pidfd > 0 && setns(launch->ipc_pidfd, CLONE_NEWIPC) < 0)
		return err_set(&fault->err, errno, "the IPC namespace of the other container");
	return 0;
}
