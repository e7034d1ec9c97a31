// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sysctls and the out-of-memory score; see settings.h. settings_init() runs in the parent, the
 * steps in the cloned child: they allocate nothing.
 */
#include "runtime/settings.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static bool is_network(const char *setting)
{
	return strncmp(setting, "net.", 4) == 0;
}

static bool is_ipc(const char *setting)
{
	static const char *const names[] = {
		"kernel.msgmax",	  "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
		"kernel.shm_rmid_forced", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
	};
	size_t len = strcspn(setting, "=");

	if (strncmp(setting, "fs.mqueue.", 10) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && memcmp(names[i], setting, len) == 0)
			return true;
	return false;
}

/* "a.b-c=value": the name becomes a path, so no part of it may be empty or mean a directory above,
 * and the value is one line. */
static bool is_setting(const char *text)
{
	char last = '.';

	for (; *text && *text != '='; last = *text++)
		if (*text == '.' ? last == '.'
				 : !isalnum((unsigned char)*text) && !strchr("_-", *text))
			return false;
	if (last == '.' || *text != '=')
		return false;
	for (text++; *text; text++)
		if (!isprint((unsigned char)*text) && *text != '\t')
			return false;
	return true;
}

/* davit may have been spared (-900): its containers are not. */
static bool is_spared(void)
{
	char text[16] = "";
	autoclose int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && text[0] == '-';
}

int settings_init(struct container_plan *plan, const struct container_config *config,
		  struct container_fault *fault)
{
	plan->oom_score_adj = config->oom_score_adj;
	plan->oom_score_given = config->oom_score_adj != 0 || is_spared();
	for (unsigned i = 0; config->sysctls && config->sysctls[i]; i++) {
		const char *text = config->sysctls[i];
		bool network = is_network(text);
		bool own = network ? !config->host_network : is_ipc(text) && !config->host_ipc;

		if (!is_setting(text) || !own) {
			err_say(&fault->err, EINVAL, "sysctl %.100s is not the container's own",
				text);
			return fault_of(fault, CONTAINER_ITEM_SYSCTL, i);
		}
		strv_add(&plan->sysctls, text);
		plan->network_settings |= network;
		plan->ipc_settings |= !network;
	}
	return strv_check(&plan->sysctls, &fault->err);
}

int step_oom_score(struct launch *launch, struct container_fault *fault)
{
	int score = launch->plan->oom_score_adj;
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", score);

	if (!launch->plan->oom_score_given)
		return 0;
	autoclose int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, text, (size_t)len) == len)
		return 0;
	err_set(&fault->err, errno, "oom_score_adj %d%s", score,
		errno == EACCES ? ": only CAP_SYS_RESOURCE lowers the one that davit has itself"
				: "");
	return fault_of(fault, CONTAINER_ITEM_OOM_SCORE, 0);
}

/* Attached nowhere, so nobody can have put anything over parts of it. */
static int open_procfs(struct err *err)
{
	struct statfs fs;
	autoclose int context_fd = fsopen("proc", FSOPEN_CLOEXEC);

	if (context_fd < 0 || fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_set(err, errno, "make a procfs");
	autoclose int fd = fsmount(context_fd, FSMOUNT_CLOEXEC,
				   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return err_set(err, errno, "make a procfs");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_say(err, ENOTDIR, "a procfs is none");
	return take_fd(&fd);
}

/* The kernel looks the setting up in the namespaces of who opens it. */
static int write_setting(int proc_fd, const char *text, struct err *err)
{
	char path[NAME_MAX + 8];
	size_t len = strcspn(text, "=");
	const char *value = text + len + 1;

	if (len > NAME_MAX)
		return err_set(err, ENAMETOOLONG, "sysctl %.40s", text);
	snprintf(path, sizeof(path), "sys/%.*s", (int)len, text);
	for (char *at = path; *at; at++)
		if (*at == '.')
			*at = '/';
	autoclose int fd = path_open_plain(proc_fd, path, O_WRONLY);

	if (fd < 0)
		return err_set(err, -fd, "sysctl %.*s", (int)len, text);
	size_t size = strlen(value);

	if (write(fd, value, size) != (ssize_t)size)
		return err_set(err, errno, "sysctl %.*s: write '%.40s'", (int)len, text, value);
	return 0;
}

static int write_settings(struct launch *launch, bool network, struct container_fault *fault)
{
	const struct strv *settings = &launch->plan->sysctls;

	for (size_t i = 0; i < settings->count; i++) {
		if (is_network(settings->items[i]) != network)
			continue;
		if (write_setting(launch->proc_fd, settings->items[i], &fault->err) < 0)
			return fault_of(fault, CONTAINER_ITEM_SYSCTL, (unsigned)i);
	}
	return 0;
}

int step_network_settings(struct launch *launch, struct container_fault *fault)
{
	if (!launch->plan->sysctls.count)
		return 0;
	launch->proc_fd = open_procfs(&fault->err);
	if (launch->proc_fd < 0)
		return launch->proc_fd;
	return launch->plan->network_settings ? write_settings(launch, true, fault) : 0;
}

int step_ipc_settings(struct launch *launch, struct container_fault *fault)
{
	bool own = launch->plan->userns_fd >= 0;

	if (!launch->plan->ipc_settings)
		return 0;
	/* They belong to the namespace's root by number: no capability counts. step_user() goes on
	 * from there. */
	if (own && syscall(SYS_setresuid, -1, 0, -1) < 0)
		return err_set(&fault->err, errno, "become root");
	int r = write_settings(launch, false, fault);

	return r == 0 && own ? step_undumpable(launch, fault) : r;
}
