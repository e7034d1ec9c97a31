// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which processors a group may use; see cg_cpuset.h. Runs in the supervisor only.
 */
#include "runtime/cgroup/cg_cpuset.h"

#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_demand.h"
#include "runtime/cgroup/cg_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CPUS_MAX 8192

struct cpus {
	bool has[CPUS_MAX];
};

/* "0-3,5"; false when it is anything else. */
static bool parse_cpus(const char *text, struct cpus *ret_cpus)
{
	*ret_cpus = (struct cpus){0};
	while (*text && *text != '\n') {
		char *end = NULL;
		unsigned long first = strtoul(text, &end, 10);
		unsigned long last = first;

		if (end == text)
			return false;
		if (*end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
		}
		if (end == text || last < first || last >= CPUS_MAX)
			return false;
		for (unsigned long cpu = first; cpu <= last; cpu++)
			ret_cpus->has[cpu] = true;
		text = end + (*end == ',');
	}
	return true;
}

/* A child of the mount's root has what the root has; v1 wants that written. */
static int inherit(int mount_fd, const char *path, const char *file, struct err *err)
{
	char above[PATH_MAX];
	struct cg_text text;
	int r = cg_file_read(mount_fd, path, file, &text, err);
	char *slash;

	if (r < 0 || (text.bytes[0] && text.bytes[0] != '\n'))
		return r;
	snprintf(above, sizeof(above), "%s", path);
	slash = strrchr(above, '/');
	snprintf(slash ? slash : above, 2, "%s", slash ? "" : ".");
	r = cg_file_read(mount_fd, above, file, &text, err);
	return r < 0 ? r : cg_file_write(mount_fd, path, file, text.bytes, err);
}

static int make_v1(int mount_fd, const char *path, struct err *err)
{
	int r;

	if (mkdirat(mount_fd, path, 0755) < 0 && errno != EEXIST)
		return err_set(err, errno, "cgroup: make '%s' for cpuset", path);
	r = inherit(mount_fd, path, "cpuset.mems", err);
	return r < 0 ? r : inherit(mount_fd, path, "cpuset.cpus", err);
}

int cg_cpuset_open(struct cg_tree *tree, struct err *err)
{
	return cg_demand_open(tree, CG_CPUSET, make_v1, err);
}

/* The kernel's words for a processor that is not there differ, and version 2 takes it in silence.
 */
static int check_cpus(const struct cg *cg, const char *cpus, struct err *err)
{
	const char *file =
		cg->tree->layout == CG_V2 ? "cpuset.cpus.effective" : "cpuset.effective_cpus";
	struct cpus wanted;
	struct cpus there;
	struct cg_text text;
	int r = cg_file_read(cg_dir(cg->tree, CG_CPUSET), ".", file, &text, err);

	if (r < 0)
		return r;
	text.bytes[strcspn(text.bytes, "\n")] = '\0';
	if (!parse_cpus(cpus, &wanted) || !parse_cpus(text.bytes, &there))
		return err_say(err, EINVAL, "cgroup: '%s' is not a set of processors", cpus);
	for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++)
		if (wanted.has[cpu] && !there.has[cpu])
			return err_say(err, ERANGE, "there is no processor %u, only %s", cpu,
				       text.bytes);
	return 0;
}

int cg_cpuset_limit(const struct cg *cg, const char *cpus, struct err *err)
{
	int dir = cg_dir(cg->tree, CG_CPUSET);
	struct cg_text mems;
	int r = check_cpus(cg, cpus, err);

	if (r == 0 && cg->tree->layout != CG_V2) {
		r = cg_file_read(dir, ".", "cpuset.mems", &mems, err);
		if (r == 0)
			r = cg_file_write(dir, cg->name, "cpuset.mems", mems.bytes, err);
	}
	return r < 0 ? r : cg_file_write(dir, cg->name, "cpuset.cpus", cpus, err);
}
