// SPDX-License-Identifier: GPL-2.0-or-later
/* Landlock; see landlock.h. The only file that knows its interface. */
#include "runtime/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Younger than the headers of some systems that have the kernel for them. */
#define ACCESS_TRUNCATE	 (UINT64_C(1) << 14) /* version 3 */
#define ACCESS_IOCTL_DEV (UINT64_C(1) << 15) /* version 5 */

#define OF_FILES                                                                                   \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |                               \
	 LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE | ACCESS_IOCTL_DEV)
#define TO_READ                                                                                    \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | \
	 ACCESS_IOCTL_DEV)

/* Everything a version can deny. REFER, moving between directories, is denied unasked. */
static uint64_t known(int version)
{
	uint64_t access = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

	if (version >= 2)
		access |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		access |= ACCESS_TRUNCATE;
	if (version >= 5)
		access |= ACCESS_IOCTL_DEV;
	return access;
}

int landlock_version(void)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return version < 0 ? 0 : (int)version;
}

int landlock_make(int version, struct err *err)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = known(version)};
	/* Closes itself at the exec, as the kernel makes it. */
	long fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	return fd < 0 ? err_set(err, errno, "make rules") : (int)fd;
}

int landlock_allow(int rules_fd, int version, int fd, enum landlock_access access, struct err *err)
{
	struct landlock_path_beneath_attr attr = {
		.allowed_access = known(version) & (access == LANDLOCK_READ ? TO_READ : ~0ULL),
		.parent_fd = fd,
	};
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, errno, "look at what is allowed");
	if (!S_ISDIR(st.st_mode))
		attr.allowed_access &= OF_FILES;
	if (syscall(SYS_landlock_add_rule, rules_fd, LANDLOCK_RULE_PATH_BENEATH, &attr, 0) < 0)
		return err_set(err, errno, "add a rule");
	return 0;
}

int landlock_enforce(int rules_fd, struct err *err)
{
	if (syscall(SYS_landlock_restrict_self, rules_fd, 0) < 0)
		return err_set(err, errno, "submit to the rules");
	return 0;
}
