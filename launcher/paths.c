// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of directories, sockets and helpers; see paths.h. Reads only the environment and
 * /proc/self/exe. */
#include "launcher/paths.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/un.h>

#define STACK_NAME_MAX 63

struct place {
	const char *variable; /* overrides everything */
	const char *system;   /* for root */
	const char *xdg;      /* for everybody else: this variable's davit/ … */
	const char *home;     /* … or this below HOME */
};

static const struct place places[] = {
	[PATHS_RUN] = {"DAVIT_RUN_DIR", "/run/davit", "XDG_RUNTIME_DIR", NULL},
	[PATHS_LOG] = {"DAVIT_LOG_DIR", "/var/log/davit", "XDG_STATE_HOME", ".local/state"},
	[PATHS_STATE] = {"DAVIT_STATE_DIR", "/var/lib/davit", "XDG_DATA_HOME", ".local/share"},
};

bool paths_is_stack_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= STACK_NAME_MAX && name[0] != '-' && name[0] != '_' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static int format_path(char **ret_path, struct err *err, const char *fmt, ...) format_like(3, 4);
static int format_path(char **ret_path, struct err *err, const char *fmt, ...)
{
	char *path = NULL;
	va_list args;

	va_start(args, fmt);
	int len = vasprintf(&path, fmt, args);

	va_end(args);
	if (len < 0)
		return err_set(err, ENOMEM, "build a path");
	*ret_path = path;
	return 0;
}

static const char *absolute_env(const char *name)
{
	const char *value = name ? getenv(name) : NULL;

	return value && value[0] == '/' ? value : NULL;
}

static int user_dir(enum paths_root root, char **ret_path, struct err *err)
{
	const struct place *place = &places[root];
	const char *base = absolute_env(place->xdg);

	if (base)
		return format_path(ret_path, err, "%s/davit", base);
	const char *home = absolute_env("HOME");

	if (place->home && home)
		return format_path(ret_path, err, "%s/%s/davit", home, place->home);
	return format_path(ret_path, err, "/tmp/davit-%u", (unsigned)geteuid());
}

int paths_dir(enum paths_root root, const char *stack, char **ret_path, struct err *err)
{
	const struct place *place = &places[root];
	const char *base = getenv(place->variable);
	autofree char *found = NULL;
	int r = 0;

	if (stack && !paths_is_stack_name(stack))
		return err_say(err, EINVAL, "'%s' is not a stack name: [a-z0-9][a-z0-9_-]*", stack);
	if (base && base[0] != '/' && base[0] != '\0')
		return err_say(err, EINVAL, "%s: '%s' is not an absolute path", place->variable,
			       base);
	if (base && base[0] == '/')
		r = format_path(&found, err, "%s", base);
	else if (geteuid() == 0)
		r = format_path(&found, err, "%s", place->system);
	else
		r = user_dir(root, &found, err);
	if (r < 0)
		return r;
	if (stack)
		return format_path(ret_path, err, "%s/%s", found, stack);
	*ret_path = take_ptr(found);
	return 0;
}

int paths_socket(const char *stack, char **ret_path, struct err *err)
{
	autofree char *dir = NULL;
	autofree char *path = NULL;
	int r = paths_dir(PATHS_RUN, stack, &dir, err);

	if (r == 0)
		r = format_path(&path, err, "%s/control.sock", dir);
	if (r < 0)
		return r;
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(err, ENAMETOOLONG, "control socket '%s'", path);
	*ret_path = take_ptr(path);
	return 0;
}

int paths_images(char **ret_path, struct err *err)
{
	autofree char *dir = NULL;
	int r = paths_dir(PATHS_STATE, NULL, &dir, err);

	return r < 0 ? r : format_path(ret_path, err, "%s/images", dir);
}

/* The directory of the running executable, without its trailing slash. */
static int exe_dir(char *dir, size_t size, struct err *err)
{
	ssize_t len = readlink("/proc/self/exe", dir, size - 1);

	if (len < 0)
		return err_set(err, errno, "read /proc/self/exe");
	dir[len] = '\0';
	char *slash = strrchr(dir, '/');

	if (slash)
		*slash = '\0';
	return 0;
}

/* Moves "DIR/MIDDLE/NAME" out when it is an executable file; 1 when found, 0 when not. */
static int try_helper(const char *dir, const char *middle, const char *name, char **ret_path,
		      struct err *err)
{
	autofree char *path = NULL;
	int r = format_path(&path, err, "%s%s/%s", dir, middle, name);

	if (r < 0 || access(path, X_OK) < 0)
		return r;
	*ret_path = take_ptr(path);
	return 1;
}

int paths_helper(const char *name, char **ret_path, struct err *err)
{
	const char *forced = getenv("DAVIT_LIBEXEC");
	char dir[PATH_MAX];
	int r = 0;

	if (forced && forced[0]) {
		r = try_helper(forced, "", name, ret_path, err);
		if (r == 0)
			return err_say(err, ENOENT, "%s: not in DAVIT_LIBEXEC '%s'", name, forced);
		return r < 0 ? r : 0;
	}
	r = exe_dir(dir, sizeof(dir), err);
	if (r == 0)
		r = try_helper(dir, "", name, ret_path, err);
	if (r == 0) /* the build tree */
		r = try_helper(dir, "/../supervisor", name, ret_path, err);
	if (r == 0)
		r = try_helper(dir, "/../keeper", name, ret_path, err);
	if (r == 0)
		r = try_helper(dir, "/../image", name, ret_path, err);
	if (r == 0)
		r = try_helper(dir, "/../dns", name, ret_path, err);
	if (r == 0)
		r = try_helper(DAVIT_LIBEXECDIR, "", name, ret_path, err);
	if (r == 0)
		return err_say(err, ENOENT, "%s: neither beside '%s' nor in " DAVIT_LIBEXECDIR,
			       name, dir);
	return r < 0 ? r : 0;
}
