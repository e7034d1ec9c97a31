// SPDX-License-Identifier: GPL-2.0-or-later
/* The last lines of a log; see recent.h. What is read is bounded, whatever is in the file. */
#include "launcher/supervisor/recent.h"

#include "launcher/cli/cri.h"
#include "launcher/js.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECENT_BYTES (64u << 10)
#define RECENT_LINES 200

static const struct instance *find(const struct supervisor *sup, const char *name)
{
	const struct instance *instance = sup->instances;

	while (instance && strcmp(instance->name, name) != 0)
		instance = instance->next;
	return instance;
}

/* The end of the file; returns how much it is. What precedes its first whole line is cut off. */
static size_t read_end(const char *path, char bytes[static RECENT_BYTES], const char **ret_start)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat info;

	*ret_start = bytes;
	if (fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
		return 0;
	off_t from = info.st_size > RECENT_BYTES ? info.st_size - RECENT_BYTES : 0;
	ssize_t n = pread(fd, bytes, RECENT_BYTES, from);
	const char *newline = n > 0 && from > 0 ? memchr(bytes, '\n', (size_t)n) : NULL;

	if (n <= 0 || (from > 0 && !newline))
		return 0;
	*ret_start = newline ? newline + 1 : bytes;
	return (size_t)(bytes + n - *ret_start);
}

/* Where the last lines begin. */
static const char *last_lines(const char *start, const char *end)
{
	const char *at = end;

	for (int lines = 0; lines <= RECENT_LINES; lines++) {
		const char *newline = memrchr(start, '\n', (size_t)(at - start));

		if (!newline)
			return start;
		if (lines == RECENT_LINES)
			return newline + 1;
		at = newline;
	}
	return at;
}

/* "2026-01-31T23:59:59.123456789Z", which the line begins with. */
static struct json_t *print_line(const char *line, size_t len)
{
	struct cri_line parsed;
	const char *space = memchr(line, ' ', len);

	if (!space || cri_parse(line, len, &parsed) < 0)
		return NULL;
	return js_pack("{s:o, s:s, s:o, s:b}", "time", js_lossy_bytes(line, (size_t)(space - line)),
		       "stream", parsed.is_stderr ? "stderr" : "stdout", "text",
		       js_lossy_bytes(parsed.text, parsed.len), "partial", parsed.partial);
}

/* A line that is none is passed over, and so is one that is just being written. */
static struct json_t *print_lines(const char *start, size_t len)
{
	struct json_t *lines = js_pack("[]");
	const char *at = last_lines(start, start + len);
	const char *newline;

	for (; lines && (newline = memchr(at, '\n', (size_t)(start + len - at)));
	     at = newline + 1) {
		struct json_t *line = print_line(at, (size_t)(newline - at));

		if (line && !js_append(lines, line))
			break;
	}
	return lines;
}

struct reply recent_answer(const struct supervisor *sup, const char *name)
{
	const struct instance *instance = find(sup, name);
	autofree char *bytes = malloc(RECENT_BYTES);
	const char *start = NULL;
	char path[PATH_MAX];

	if (!instance)
		return reply_error(404, 1, "no instance '%s'", name);
	if (!bytes)
		return reply_error(500, 1, "out of memory");
	snprintf(path, sizeof(path), "%s/%s.log", sup->log_dir, instance->name);
	size_t len = read_end(path, bytes, &start);

	return (struct reply){200, js_pack("{s:i, s:s, s:o}", "schema", 1, "instance", name,
					   "lines", print_lines(start, len))};
}
