// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/runtime/cg_world.h"

#include "runtime/base/cleanup.h"

#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct cg_tree *tree;
char top[32]; /* of this run of the test, so that two runs do not meet */
char stack[64];

void pause_ms(int ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

void mount_of(const char *controller, char *path, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	const char *type = cg_tree_layout(tree) == CG_V2 || !strcmp(controller, "cgroup")
				   ? "cgroup2"
				   : "cgroup";

	assert_non_null(mounts);
	*path = '\0';
	while ((entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_type, type) &&
		    (!strcmp(type, "cgroup2") || hasmntopt(entry, controller)))
			snprintf(path, size, "%s", entry->mnt_dir);
	endmntent(mounts);
	assert_true(*path);
}

const char *control(const char *group, const char *file)
{
	static char text[256];
	char controller[32], mount[256], path[512];

	snprintf(controller, sizeof(controller), "%.*s", (int)strcspn(file, "."), file);
	mount_of(controller, mount, sizeof(mount));
	snprintf(path, sizeof(path), "%s/%s/%s/%s", mount, stack, group, file);
	autofile FILE *stream = fopen(path, "re");
	if (!stream || !fgets(text, sizeof(text), stream))
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

void set_control(const char *group, const char *file, const char *value)
{
	char controller[32], mount[256], path[512];

	snprintf(controller, sizeof(controller), "%.*s", (int)strcspn(file, "."), file);
	mount_of(controller, mount, sizeof(mount));
	snprintf(path, sizeof(path), "%s/%s/%s/%s", mount, stack, group, file);
	autofile FILE *stream = fopen(path, "we");
	assert_non_null(stream);
	assert_true(fputs(value, stream) >= 0);
}

bool group_exists(const char *below)
{
	static const char *const controllers[] = {"cpu", "cpuacct", "memory", "pids"};
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		char mount[256], full[512];

		mount_of(controllers[i], mount, sizeof(mount));
		snprintf(full, sizeof(full), "%s/%s%s", mount, top, below);
		found |= access(full, F_OK) == 0;
	}
	return found;
}

int world_set_up(void **unused)
{
	struct err err = {0};

	(void)unused;
	if (cg_tree_open(stack, &tree, &err) == 0)
		return 0;
	print_message("SKIP: no writable control groups here: %s\n", err.text);
	exit(77);
}

int world_tear_down(void **unused)
{
	struct err err = {0};
	int r = cg_tree_remove(tree, &err);

	(void)unused;
	if (r < 0)
		print_message("%s\n", err.text);
	assert_false(group_exists(""));
	cg_tree_close(tree);
	return r;
}
