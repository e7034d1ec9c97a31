// SPDX-License-Identifier: GPL-2.0-or-later
/* The environment and the places a program is searched in; see plan.h. Runs in the parent. */
#include "runtime/base/cleanup.h"
#include "runtime/plan.h"

#include <errno.h>
#include <string.h>

static size_t name_len(const char *assignment)
{
	return strcspn(assignment, "=");
}

static char **env_find(const struct strv *env, const char *name, size_t len)
{
	for (size_t i = 0; i < env->count; i++)
		if (name_len(env->items[i]) == len && strncmp(env->items[i], name, len) == 0)
			return &env->items[i];
	return NULL;
}

const char *plan_env_get(const struct strv *env, const char *name)
{
	char **found = env_find(env, name, strlen(name));

	return found && (*found)[strlen(name)] == '=' ? *found + strlen(name) + 1 : NULL;
}

void plan_env_put(struct strv *env, const char *assignment, bool override)
{
	char **found = env_find(env, assignment, name_len(assignment));

	if (!found) {
		strv_add(env, assignment);
		return;
	}
	if (!override)
		return;
	char *copy = strdup(assignment);

	if (!copy) {
		env->failed = true;
		return;
	}
	free(*found);
	*found = copy;
}

int plan_candidates(const char *program, const char *search_path, const char *working_dir,
		    struct strv *ret, struct err *err)
{
	if (program[0] == '/') {
		strv_add(ret, program);
		return strv_check(ret, err);
	}
	if (strchr(program, '/')) {
		strv_addf(ret, "%s/%s", working_dir, program);
		return strv_check(ret, err);
	}
	for (const char *at = search_path; *at;) {
		size_t len = strcspn(at, ":");

		/* Relative entries would depend on the working directory: never searched. */
		if (len > 0 && at[0] == '/')
			strv_addf(ret, "%.*s/%s", (int)len, at, program);
		at += len + (at[len] == ':');
	}
	/* The end of the list is its NULL, also when nothing may be searched. */
	if (ret->count == 0)
		return err_say(err, ENOENT, "program %.128s: PATH has no absolute directory",
			       program);
	return strv_check(ret, err);
}
