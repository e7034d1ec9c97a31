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
#include <sys/stat.h>

#define SUFFIX ".log"

/* "web-1.log" is being written, "web-1.log.1" was before it, "web-1.log.2" before that. */
struct log_name {
	size_t instance_len; /* of "web-1"; 0: not an instance's log */
	unsigned number;
};

/* "web-1" */
static bool is_instance(const char *text, size_t len)
{
	const char *dash = memrchr(text, '-', len);
	size_t digits = dash ? strspn(dash + 1, "0123456789") : 0;

	return dash && dash != text && digits > 0 && dash + 1 + digits == text + len;
}

static struct log_name parse_name(const char *file_name)
{
	const struct log_name none = {0};
	size_t len = strlen(file_name);
	const char *last = strrchr(file_name, '.');
	size_t digits = last ? strspn(last + 1, "0123456789") : 0;
	struct log_name name = {0};

	if (digits > 0 && digits < 7 && last[1] != '0' && last[1 + digits] == '\0') {
		name.number = (unsigned)strtoul(last + 1, NULL, 10);
		len = (size_t)(last - file_name);
	}
	if (len <= strlen(SUFFIX))
		return none;
	name.instance_len = len - strlen(SUFFIX);
	if (memcmp(file_name + name.instance_len, SUFFIX, strlen(SUFFIX)) != 0 ||
	    !is_instance(file_name, name.instance_len))
		return none;
	return name;
}

bool logset_wants(const char *file_name, const char *const *services)
{
	size_t len = parse_name(file_name).instance_len;

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

/* The file that is being written under this name. */
static struct logfile *find(struct logset *set, const char *file_name)
{
	struct log_name name = parse_name(file_name);
	size_t len = name.number == 0 ? name.instance_len : 0;

	for (size_t i = 0; len > 0 && i < set->count; i++) {
		const char *instance = set->files[i].instance;

		if (!set->files[i].gone && strlen(instance) == len &&
		    memcmp(instance, file_name, len) == 0)
			return &set->files[i];
	}
	return NULL;
}

/* Where reading an existing file begins. @tail: of its instance's records, those still wanted. */
static int seek_start(struct logset *set, struct logfile *file, int64_t *tail, struct err *err)
{
	if (set->options.start == LOGSET_NEW)
		*tail = 0;
	if (*tail >= 0) {
		int64_t found = logfile_seek_tail(file, *tail, set->options.filter, err);

		*tail -= found > 0 ? found : 0;
		return found < 0 ? (int)found : 0;
	}
	if (set->options.filter && set->options.filter->span.since_ns > INT64_MIN)
		return logfile_seek_since(file, set->options.filter->span.since_ns, err);
	return 0;
}

/* Takes the file in, whether this fails or not. */
static int take_file(struct logset *set, struct logfile *file, struct err *err)
{
	struct logfile *grown = reallocarray(set->files, set->count + 1, sizeof(*grown));

	if (!grown) {
		logfile_close(file);
		return err_set(err, ENOMEM, "open log of '%s'", file->instance);
	}
	if (strlen(file->instance) > set->name_width)
		set->name_width = strlen(file->instance);
	set->files = grown;
	set->files[set->count++] = *file;
	return 0;
}

/* @tail: NULL: a new file, read from its beginning. */
static int add(struct logset *set, const char *file_name, int64_t *tail, struct err *err)
{
	struct log_name name = parse_name(file_name);
	char instance[NAME_MAX + 1];
	struct logfile file = {.fd = -1};

	snprintf(instance, sizeof(instance), "%.*s", (int)name.instance_len, file_name);
	int r = logfile_open(&file, set->dir_fd, file_name, instance, err);

	file.gone = name.number > 0;
	if (r == 0 && tail)
		r = seek_start(set, &file, tail, err);
	if (r == 0)
		return take_file(set, &file, err);
	logfile_close(&file);
	/* Between seeing its name and opening it, a file may vanish. */
	return r == -ENOENT ? 0 : r;
}

/* The moment up to which an instance's log is read, as far as that is known. */
static int64_t known_until(const struct logset *set, const char *instance)
{
	int64_t latest = INT64_MIN;

	for (size_t i = 0; i < set->shown_count; i++)
		if (strcmp(set->shown[i].instance, instance) == 0)
			latest = set->shown[i].time_ns;
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->files[i].instance, instance) == 0 &&
		    set->files[i].record.time_ns > latest)
			latest = set->files[i].record.time_ns;
	return latest;
}

/* A file that is open cannot lend its number to another one. */
static bool is_same(const struct logfile *file, const struct stat *info)
{
	struct stat open_info;

	return fstat(file->fd, &open_info) == 0 && open_info.st_ino == info->st_ino &&
	       open_info.st_dev == info->st_dev;
}

/* Which of the set's files this is; count: none. */
static size_t find_open(const struct logset *set, int fd)
{
	struct stat info;
	size_t i = 0;

	if (fstat(fd, &info) < 0)
		return set->count;
	while (i < set->count && !is_same(&set->files[i], &info))
		i++;
	return i;
}

enum missed {
	MISSED_ABSENT,
	MISSED_SEEN, /* it is older than what this search began with, or partly shown */
	MISSED_MORE, /* older ones may have been missed, too */
};

struct search {
	const char *instance;
	size_t known;	  /* files the set had before */
	int64_t after_ns; /* the moment up to which they are read */
};

/* Returns -errno or enum missed. */
static int add_missed_one(struct logset *set, const char *file_name, const struct search *search,
			  struct err *err)
{
	struct logfile file = {.fd = -1};
	int r = logfile_open(&file, set->dir_fd, file_name, search->instance, err);
	size_t open = r == 0 ? find_open(set, file.fd) : set->count;

	if (r < 0 || open < set->count) {
		logfile_close(&file);
		if (r < 0)
			return r == -ENOENT ? MISSED_ABSENT : r;
		return open < search->known ? MISSED_SEEN : MISSED_MORE;
	}
	file.gone = true;
	file.after_ns = search->after_ns;
	r = logfile_peek(&file, err);

	bool begun = r > 0 && file.record.time_ns <= file.after_ns;

	if (r >= 0)
		r = begun ? logfile_seek_since(&file, file.after_ns, err) : 0;
	if (r < 0) {
		logfile_close(&file);
		return r;
	}
	r = take_file(set, &file, err);
	return r < 0 ? r : begun ? MISSED_SEEN : MISSED_MORE;
}

/*
 * A flood may fill several files before we look: those that were rotated away in between. The
 * newest is the set's last one, and open already. Files move up while we walk up, so that none is
 * missed, and one number may be free for a moment.
 */
static int add_rotated(struct logset *set, const char *file_name, const char *instance,
		       struct err *err)
{
	const struct search search = {instance, set->count - 1, known_until(set, instance)};
	char rotated[NAME_MAX + 16];
	unsigned absent = 0;

	for (unsigned number = 1; absent < 2; number++) {
		snprintf(rotated, sizeof(rotated), "%s.%u", file_name, number);
		int r = add_missed_one(set, rotated, &search, err);

		if (r < 0 || r == MISSED_SEEN)
			return r < 0 ? r : 0;
		absent = r == MISSED_ABSENT ? absent + 1 : 0;
	}
	return 0;
}

/* Something has happened to the name of a file that is, was or will be written. */
static int refresh(struct logset *set, const char *file_name, struct err *err)
{
	struct log_name name = parse_name(file_name);
	struct logfile *file = find(set, file_name);
	char instance[NAME_MAX + 1];
	size_t count = set->count;
	struct stat info;

	if (name.number > 0 || !logset_wants(file_name, set->options.services))
		return 0;
	snprintf(instance, sizeof(instance), "%.*s", (int)name.instance_len, file_name);
	bool is_known = known_until(set, instance) > INT64_MIN;
	bool exists = fstatat(set->dir_fd, file_name, &info, AT_SYMLINK_NOFOLLOW) == 0;

	if (file && exists && is_same(file, &info))
		return 0;
	if (file)
		file->gone = true;
	int r = exists ? add(set, file_name, NULL, err) : 0;

	/* One that is new has nothing older that is wanted. */
	return r == 0 && is_known && set->count > count ? add_rotated(set, file_name, instance, err)
							: r;
}

/* By instance, and of each the newest first. */
static int compare_names(const void *left, const void *right)
{
	const char *a = *(const char *const *)left;
	const char *b = *(const char *const *)right;
	struct log_name a_name = parse_name(a);
	struct log_name b_name = parse_name(b);
	size_t len = a_name.instance_len < b_name.instance_len ? a_name.instance_len
							       : b_name.instance_len;
	int order = strncmp(a, b, len);

	if (order)
		return order;
	if (a_name.instance_len != b_name.instance_len)
		return a_name.instance_len < b_name.instance_len ? -1 : 1;
	return (a_name.number > b_name.number) - (a_name.number < b_name.number);
}

/* What is there at the beginning. */
static int add_all(struct logset *set, struct strv *names, struct err *err)
{
	int64_t tail = -1;
	int r = 0;

	if (names->count > 0)
		qsort(names->items, names->count, sizeof(*names->items), compare_names);
	for (size_t i = 0; r == 0 && i < names->count; i++) {
		bool old = parse_name(names->items[i]).number > 0;

		if (i == 0 || !old)
			tail = set->options.tail;
		if (old && tail == 0)
			continue;
		r = add(set, names->items[i], &tail, err);
	}
	return r;
}

static int list(struct logset *set, struct strv *ret_names, struct err *err)
{
	int fd = openat(set->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	if (!dir) {
		r = err_set(err, errno, "read the log directory");
		fd_drop(&fd);
		return r;
	}
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (logset_wants(entry->d_name, set->options.services))
			strv_add(ret_names, entry->d_name);
	return strv_check(ret_names, err);
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
	autostrv struct strv names = {0};
	int r = list(set, &names, err);

	return r < 0 ? r : add_all(set, &names, err);
}

void logset_close(struct logset *set)
{
	fd_drop(&set->dir_fd);
	fd_drop(&set->inotify_fd);
	for (size_t i = 0; i < set->count; i++)
		logfile_close(&set->files[i]);
	for (size_t i = 0; i < set->shown_count; i++)
		free(set->shown[i].instance);
	free(set->shown);
	free(set->files);
	set->shown = NULL;
	set->shown_count = 0;
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
		if (r <= 0 || (file->record.time_ns > file->after_ns &&
			       log_filter_passes(set->options.filter, &file->record)))
			return r;
		file->has_record = false;
	}
}

/* What is not remembered for want of memory is shown twice, if ever. */
static void remember(struct logset *set, struct logfile *file)
{
	size_t i = 0;

	while (i < set->shown_count && strcmp(set->shown[i].instance, file->instance) != 0)
		i++;
	if (i == set->shown_count) {
		struct log_shown *grown = reallocarray(set->shown, i + 1, sizeof(*grown));

		if (!grown)
			return;
		set->shown = grown;
		set->shown[set->shown_count++] =
			(struct log_shown){take_ptr(file->instance), file->record.time_ns};
	} else if (file->record.time_ns > set->shown[i].time_ns) {
		set->shown[i].time_ns = file->record.time_ns;
	}
}

static void drop_file(struct logset *set, size_t i)
{
	remember(set, &set->files[i]);
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

/* Events were lost. */
static int refresh_all(struct logset *set, struct err *err)
{
	autostrv struct strv names = {0};
	int r = list(set, &names, err);

	for (size_t i = 0; i < set->count; i++)
		set->files[i].at_end = false;
	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = refresh(set, names.items[i], err);
	return r;
}

static int take_event(struct logset *set, const struct inotify_event *event, struct err *err)
{
	const uint32_t renamed = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
	const char *name = event->len > 0 ? event->name : "";
	struct logfile *file = find(set, name);

	if (event->mask & IN_Q_OVERFLOW)
		return refresh_all(set, err);
	if (file)
		file->at_end = false;
	return event->mask & renamed ? refresh(set, name, err) : 0;
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
