// SPDX-License-Identifier: GPL-2.0-or-later
/* Merging and following logs; see logset.h. */
#include "launcher/cli/logset.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#define SUFFIX ".log"

/* Length of "web-1" in "web-1.log"; 0 when it is not an instance's log. */
static size_t instance_len(const char *file_name)
{
	size_t len = strlen(file_name);
	size_t suffix_len = strlen(SUFFIX);

	if (len <= suffix_len || strcmp(file_name + len - suffix_len, SUFFIX) != 0)
		return 0;
	len -= suffix_len;
	const char *dash = memrchr(file_name, '-', len);

	if (!dash || dash == file_name)
		return 0;
	size_t digits = strspn(dash + 1, "0123456789");

	return digits > 0 && dash + 1 + digits == file_name + len ? len : 0;
}

bool logset_wants(const char *file_name, const char *const *services)
{
	size_t len = instance_len(file_name);

	if (len == 0)
		return false;
	if (!services || !services[0])
		return true;
	size_t service_len = (size_t)((const char *)memrchr(file_name, '-', len) - file_name);

	for (; *services; services++) {
		size_t wanted = strlen(*services);

		if ((wanted == len || wanted == service_len) &&
		    memcmp(*services, file_name, wanted) == 0)
			return true;
	}
	return false;
}

static struct logfile *find(struct logset *set, const char *file_name)
{
	size_t len = instance_len(file_name);

	for (size_t i = 0; len > 0 && i < set->count; i++) {
		const char *instance = set->files[i].instance;

		if (!set->files[i].gone && strlen(instance) == len &&
		    memcmp(instance, file_name, len) == 0)
			return &set->files[i];
	}
	return NULL;
}

/* Where reading an existing file begins. */
static int seek_start(struct logset *set, struct logfile *file, struct err *err)
{
	if (set->options.start == LOGSET_NEW)
		return logfile_seek_tail(file, 0, err);
	if (set->options.tail >= 0)
		return logfile_seek_tail(file, set->options.tail, err);
	if (set->options.since_ns > INT64_MIN)
		return logfile_seek_since(file, set->options.since_ns, err);
	return 0;
}

/* Adds a file unless it is there already or not wanted. @is_new: read it from its beginning. */
static int add(struct logset *set, const char *file_name, bool is_new, struct err *err)
{
	char instance[NAME_MAX + 1];
	struct logfile file = {.fd = -1};

	if (!logset_wants(file_name, set->options.services) || find(set, file_name))
		return 0;
	snprintf(instance, sizeof(instance), "%.*s", (int)instance_len(file_name), file_name);
	int r = logfile_open(&file, set->dir_fd, file_name, instance, err);

	if (r == 0 && !is_new)
		r = seek_start(set, &file, err);
	struct logfile *grown =
		r == 0 ? reallocarray(set->files, set->count + 1, sizeof(*grown)) : NULL;

	if (grown) {
		set->files = grown;
		set->files[set->count++] = file;
		if (strlen(instance) > set->name_width)
			set->name_width = strlen(instance);
		return 0;
	}
	logfile_close(&file);
	/* Between seeing its name and opening it, a file may vanish. */
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : err_set(err, ENOMEM, "open log '%s'", file_name);
}

static int scan(struct logset *set, bool is_new, struct err *err)
{
	int fd = openat(set->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	if (!dir) {
		r = err_set(err, errno, "read the log directory");
		fd_drop(&fd);
		return r;
	}
	for (struct dirent *entry = readdir(dir); r == 0 && entry; entry = readdir(dir))
		r = add(set, entry->d_name, is_new, err);
	return r;
}

int logset_open(struct logset *set, const char *dir, const struct logset_options *options,
		struct err *err)
{
	const uint32_t events = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MODIFY;

	set->options = *options;
	set->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (set->dir_fd < 0)
		return err_set(err, errno, "log directory '%s'", dir);
	/* Watched before it is listed: what comes in between is seen twice and added once. */
	if (options->follow) {
		set->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (set->inotify_fd < 0 || inotify_add_watch(set->inotify_fd, dir, events) < 0)
			return err_set(err, errno, "watch '%s'", dir);
	}
	return scan(set, false, err);
}

void logset_close(struct logset *set)
{
	fd_drop(&set->dir_fd);
	fd_drop(&set->inotify_fd);
	for (size_t i = 0; i < set->count; i++)
		logfile_close(&set->files[i]);
	free(set->files);
	set->files = NULL;
	set->count = 0;
}

/* The file's next record that is not too old. */
static int peek(struct logset *set, struct logfile *file, struct err *err)
{
	for (;;) {
		int r = logfile_peek(file, err);

		if (r == 0 && (file->gone || !set->options.follow))
			r = logfile_finish(file);
		if (r <= 0 || file->record.time_ns >= set->options.since_ns)
			return r;
		file->has_record = false;
	}
}

static void drop_file(struct logset *set, size_t i)
{
	logfile_close(&set->files[i]);
	set->files[i] = set->files[--set->count];
}

int logset_next(struct logset *set, const struct logfile **ret_file,
		const struct log_record **ret_record, struct err *err)
{
	struct logfile *oldest = NULL;

	for (size_t i = 0; i < set->count;) {
		struct logfile *file = &set->files[i];
		int r = peek(set, file, err);

		if (r < 0)
			return r;
		if (r == 0 && file->gone) {
			drop_file(set, i);
			oldest = NULL; /* its place may have changed */
			i = 0;
			continue;
		}
		if (r > 0 && (!oldest || file->record.time_ns < oldest->record.time_ns))
			oldest = file;
		i++;
	}
	if (!oldest)
		return 0;
	/* Complete, but taken: the text stays until the file's next record is read. */
	oldest->has_record = false;
	*ret_file = oldest;
	*ret_record = &oldest->record;
	return 1;
}

static int take_event(struct logset *set, const struct inotify_event *event, struct err *err)
{
	const char *name = event->len > 0 ? event->name : "";
	struct logfile *file = find(set, name);

	if (event->mask & IN_Q_OVERFLOW) {
		for (size_t i = 0; i < set->count; i++)
			set->files[i].at_end = false;
		return scan(set, true, err);
	}
	if (file)
		file->at_end = false;
	if (file && (event->mask & (IN_DELETE | IN_MOVED_FROM)))
		file->gone = true;
	if (file && (event->mask & IN_MOVED_TO)) {
		file->gone = true; /* another file has taken its name */
		file = NULL;
	}
	return !file && (event->mask & (IN_CREATE | IN_MOVED_TO)) ? add(set, name, true, err) : 0;
}

int logset_update(struct logset *set, struct err *err)
{
	_Alignas(struct inotify_event) char bytes[16384];
	ssize_t n = read(set->inotify_fd, bytes, sizeof(bytes));
	int r = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return err_set(err, errno, "watch the log directory");
	for (char *at = bytes; r == 0 && at < bytes + n;) {
		const struct inotify_event *event = (const struct inotify_event *)(void *)at;

		r = take_event(set, event, err);
		at += sizeof(*event) + event->len;
	}
	return r;
}
