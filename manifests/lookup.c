// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions to the file system; see lookup.h. */
#include "manifests/lookup.h"

#include "runtime/base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int lookup_type(struct inputs *inputs, const char *path, bool *ret_is_dir)
{
	const struct input *known = inputs_find(inputs, INPUT_TYPE, path);
	struct stat st;

	if (!known) {
		int error = stat(path, &st) < 0 ? errno : 0;
		bool is_dir = !error && S_ISDIR(st.st_mode);

		inputs_add(inputs, &(struct input){INPUT_TYPE, path, error, is_dir ? "d" : "f", 1});
		*ret_is_dir = is_dir;
		return -error;
	}
	*ret_is_dir = known->len == 1 && known->bytes[0] == 'd';
	return -known->error;
}

bool lookup_is_file(struct inputs *inputs, const char *path)
{
	bool is_dir = false;

	return lookup_type(inputs, path, &is_dir) == 0 && !is_dir;
}

static bool has_yaml_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return name[0] != '.' && dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* Every name with its NUL. */
static int read_directory(const char *path, struct buf *names)
{
	autodir DIR *dir = opendir(path);

	if (!dir)
		return -errno;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (has_yaml_name(entry->d_name))
			buf_put(names, entry->d_name, strlen(entry->d_name) + 1);
	return names->failed ? -ENOMEM : 0;
}

static char **split(struct arena *arena, const char *bytes, size_t len)
{
	char **names = NULL;
	size_t count = 0, cap = 0;

	for (const char *at = bytes; at < bytes + len; at += strlen(at) + 1)
		*arena_push(arena, names, count, cap) = arena_text(arena, at);
	*arena_push(arena, names, count, cap) = NULL;
	return names;
}

int lookup_yaml(struct inputs *inputs, struct arena *arena, const char *path, char ***ret_names)
{
	const struct input *known = inputs_find(inputs, INPUT_NAMES, path);
	autobuf struct buf names = {0};

	if (!known) {
		int r = read_directory(path, &names);

		inputs_add(inputs, &(struct input){INPUT_NAMES, path, -r, names.data,
						   r == 0 ? names.len : 0});
		if (r == 0)
			*ret_names = split(arena, names.data, names.len);
		return r;
	}
	if (known->error)
		return -known->error;
	*ret_names = split(arena, known->bytes, known->len);
	return 0;
}

char *lookup_real(struct inputs *inputs, struct arena *arena, const char *path)
{
	const struct input *known = inputs_find(inputs, INPUT_REAL, path);

	if (known)
		return arena_text(arena, known->error ? path : known->bytes);
	autofree char *real = realpath(path, NULL);
	int error = real ? 0 : errno;

	inputs_add(inputs, &(struct input){INPUT_REAL, path, error, real, real ? strlen(real) : 0});
	return arena_text(arena, real ? real : path);
}
