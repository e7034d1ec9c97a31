// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading input files. Opened without blocking, because the name may be a FIFO or a device; the
 * size is bounded while reading too, because the file may grow.
 */
#include "manifests/source.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

/* Returns an fd or -errno. */
static int open_file(const struct source_file *file)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	autoclose int fd =
		open(file->top ? file->top : file->path, file->top ? O_PATH | O_CLOEXEC : flags);

	if (fd < 0)
		return -errno;
	return file->top ? path_open_in(fd, file->path + strlen(file->top), flags) : take_fd(&fd);
}

static int open_regular(const struct source_file *file, int *ret_fd, struct err *err)
{
	autoclose int fd = open_file(file);
	struct stat st;

	if (fd < 0)
		return err_set(err, -fd, "cannot read '%s'", file->shown);
	if (fstat(fd, &st) < 0)
		return err_set(err, errno, "cannot read '%s'", file->shown);
	if (!S_ISREG(st.st_mode))
		return err_say(err, EINVAL, "cannot read '%s': it is not a regular file",
			       file->shown);
	if (st.st_size > (off_t)file->bytes_max)
		return err_say(err, EINVAL, "cannot read '%s': it is larger than %zu MiB",
			       file->shown, file->bytes_max >> 20);
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Length of the UTF-8 sequence at @at, 0 when it is none. */
static size_t utf8_length(const unsigned char *at, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = at[0] < 0x80   ? 1
		     : at[0] < 0xc0 ? 0
		     : at[0] < 0xe0 ? 2
		     : at[0] < 0xf0 ? 3
		     : at[0] < 0xf8 ? 4
				    : 0;
	uint32_t code = len > 1 ? at[0] & (0x7fU >> len) : at[0];

	if (!len || len > left)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	bool surrogate = code >= 0xd800 && code <= 0xdfff;

	return code < least[len] || code > 0x10ffff || surrogate ? 0 : len;
}

static int check_text(const char *shown, const char *text, size_t len, struct err *err)
{
	unsigned line = 1;

	for (size_t at = 0; at < len;) {
		size_t step = utf8_length((const unsigned char *)text + at, len - at);

		if (!step)
			return err_say(err, EINVAL, "cannot read '%s': not UTF-8 text on line %u",
				       shown, line);
		if (!text[at])
			return err_say(err, EINVAL, "cannot read '%s': a NUL byte on line %u",
				       shown, line);
		line += text[at] == '\n';
		at += step;
	}
	return 0;
}

/* Up to @room bytes, as many as there are. */
static int read_up_to(int fd, char *text, size_t room, size_t *ret_len)
{
	size_t len = 0;

	while (len < room) {
		ssize_t n = read(fd, text + len, room - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

/* The whole file, terminated, in the arena. */
static int read_whole(struct arena *arena, const struct source_file *file, struct source *ret,
		      struct err *err)
{
	autoclose int fd = -1;
	struct stat st;
	size_t len = 0;
	int r = open_regular(file, &fd, err);

	if (r < 0)
		return r;
	size_t room = fstat(fd, &st) == 0 && st.st_size > 0 ? (size_t)st.st_size : 0;

	if (room > file->bytes_max)
		room = file->bytes_max;
	char *text = arena_alloc(arena, room + 1);

	r = read_up_to(fd, text, room, &len);
	if (r < 0)
		return err_set(err, -r, "cannot read '%s'", file->shown);
	text[len] = '\0';
	*ret = (struct source){.text = text, .len = len};
	return 0;
}

int source_read_bytes(const struct source_reader *reader, const struct source_file *file,
		      struct source *ret_source, struct err *err)
{
	const struct input *known = inputs_find(reader->inputs, INPUT_BYTES, file->path);
	struct source source = {0};

	if (arena_low(reader->arena))
		return err_say(err, EINVAL, "cannot read '%s': all files together are too large",
			       file->shown);
	if (known && known->error)
		return err_set(err, known->error, "cannot read '%s'", file->shown);
	if (known) {
		*ret_source = (struct source){arena_copy(reader->arena, known->bytes, known->len),
					      known->len};
		return 0;
	}
	int r = read_whole(reader->arena, file, &source, err);

	inputs_add(reader->inputs,
		   &(struct input){INPUT_BYTES, file->path, -r, source.text, source.len});
	if (r == 0)
		*ret_source = source;
	return r;
}

int source_read(const struct source_reader *reader, const char *path, const char *shown,
		struct source *ret_source, struct err *err)
{
	const struct source_file file = {path, shown, SOURCE_BYTES_MAX, NULL};
	struct source source;
	int r = source_read_bytes(reader, &file, &source, err);

	if (r == 0)
		r = check_text(shown, source.text, source.len, err);
	if (r < 0)
		return r;
	*ret_source = source;
	return 0;
}
