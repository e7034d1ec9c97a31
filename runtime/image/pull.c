// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fetching from registries: skopeo copies the image into an OCI layout in tmp/, which is imported
 * like any other, so nothing that a registry says is believed unverified. See image_import.h.
 */
#include "runtime/base/cleanup.h"
#include "runtime/image/import.h"
#include "runtime/image/source.h"
#include "runtime/image/stand_ins.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS	     250
#define SAID_BYTES   4096
#define LAYOUT	     "layout"
#define LAYOUT_TAG   "image"
#define LAYOUT_BLOBS LAYOUT "/blobs/sha256"

struct pulling {
	const struct image_import *what;
	int dir_fd; /* in tmp/ */
	pid_t pid;
	int said_fd;		   /* what skopeo writes to its stderr */
	char said[SAID_BYTES + 1]; /* the last of it */
	size_t said_len;
};

/* Where others cannot listen TLS is not missed. */
static bool is_loopback(const char *place)
{
	size_t len = strcspn(place, "/");

	return (strncmp(place, "localhost", 9) == 0 && (len == 9 || place[9] == ':')) ||
	       (strncmp(place, "127.", 4) == 0 && strspn(place, "0123456789.:") == len) ||
	       strncmp(place, "[::1]", 5) == 0;
}

static int build_argv(const struct image_import *what, struct strv *argv, struct err *err)
{
	const struct image_ref *ref = what->source;
	struct platform platform;
	int r = platform_parse(what->platform, &platform, err);

	if (r < 0)
		return r;
	strv_add(argv, "skopeo");
	strv_add(argv, "--tmpdir=.");
	strv_addf(argv, "--override-os=%s", platform.os);
	strv_addf(argv, "--override-arch=%s", platform.architecture);
	if (platform.variant[0])
		strv_addf(argv, "--override-variant=%s", platform.variant);
	strv_add(argv, "copy");
	strv_add(argv, "--quiet");
	strv_add(argv, "--retry-times=2");
	if (is_loopback(ref->place))
		strv_add(argv, "--src-tls-verify=false");
	strv_addf(argv, "docker://%s%s%s", ref->place, ref->digest ? "@" : ":",
		  ref->digest ? ref->digest : ref->tag);
	strv_add(argv, "oci:" LAYOUT ":" LAYOUT_TAG);
	return strv_check(argv, err);
}

static int spawn(struct pulling *pulling, char *const *argv, int write_fd, struct err *err)
{
	posix_spawn_file_actions_t actions;
	int failed = posix_spawn_file_actions_init(&actions);

	if (failed)
		return err_set(err, failed, "start skopeo");
	failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(&actions, write_fd, STDERR_FILENO);
	if (!failed)
		failed = posix_spawn_file_actions_addfchdir_np(&actions, pulling->dir_fd);
	if (!failed)
		failed = posix_spawnp(&pulling->pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (failed == ENOENT)
		return err_say(err, ENOPKG,
			       "skopeo is not installed: it fetches from registries; "
			       "install the package skopeo");
	return failed ? err_set(err, failed, "start skopeo") : 0;
}

static int start(struct pulling *pulling, struct err *err)
{
	autostrv struct strv argv = {0};
	int pipe_fds[2];
	int r = build_argv(pulling->what, &argv, err);

	if (r < 0)
		return r;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(err, errno, "start skopeo");
	autoclose int write_fd = pipe_fds[1];

	pulling->said_fd = pipe_fds[0];
	return spawn(pulling, argv.items, write_fd, err);
}

static int64_t bytes_in(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int64_t bytes = 0;
	struct stat st;

	if (!dir)
		fd_drop(&fd);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			bytes += st.st_blocks * 512; /* a stand-in takes none */
	return bytes;
}

static void report(const struct pulling *pulling)
{
	const struct image_progress progress = {
		.stage = IMAGE_STAGE_PULL,
		.done = bytes_in(pulling->dir_fd, LAYOUT) + bytes_in(pulling->dir_fd, LAYOUT_BLOBS),
	};

	if (pulling->what->progress)
		pulling->what->progress(pulling->what->context, &progress);
}

/* Keeps the end of what is said: the reason comes last. */
static void hear(struct pulling *pulling, const char *bytes, size_t len)
{
	size_t room = SAID_BYTES - pulling->said_len;

	if (len > room) {
		size_t drop = len - room;

		memmove(pulling->said, pulling->said + drop, pulling->said_len - drop);
		pulling->said_len -= drop;
	}
	memcpy(pulling->said + pulling->said_len, bytes, len);
	pulling->said_len += len;
	pulling->said[pulling->said_len] = '\0';
}

static int listen_to_end(struct pulling *pulling, struct err *err)
{
	for (;;) {
		struct pollfd ready = {.fd = pulling->said_fd, .events = POLLIN};
		char chunk[SAID_BYTES / 4];

		if (poll(&ready, 1, TICK_MS) < 0 && errno != EINTR)
			return err_set(err, errno, "hear from skopeo");
		report(pulling);
		if (!ready.revents)
			continue;
		ssize_t n = read(pulling->said_fd, chunk, sizeof(chunk));

		if (n < 0 && errno != EINTR)
			return err_set(err, errno, "hear from skopeo");
		if (n == 0)
			return 0;
		hear(pulling, chunk, n > 0 ? (size_t)n : 0);
	}
}

/* The message of the last line, which is `time="…" level=fatal msg="…"`. */
static const char *reason(struct pulling *pulling)
{
	char *text = pulling->said;
	size_t len = pulling->said_len;

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	char *line = strrchr(text, '\n');
	char *message = strstr(line ? line : text, " msg=\"");

	text = message ? message + 6 : line ? line + 1 : text;
	len = strlen(text);
	if (message && len > 0 && text[len - 1] == '"')
		text[len - 1] = '\0';
	for (char *at = text; *at; at++)
		if (!isprint((unsigned char)*at))
			*at = '?';
	return text[0] ? text : "it says no reason";
}

static int finish(struct pulling *pulling, struct err *err)
{
	int status = 0;
	pid_t pid = pulling->pid;

	pulling->pid = -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(err, errno, "wait for skopeo");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return err_say(err, ECOMM, "skopeo was ended by SIG%s",
			       sigabbrev_np(WTERMSIG(status)));
	return err_say(err, ECOMM, "skopeo: %.400s", reason(pulling));
}

static int fetch(struct pulling *pulling, struct err *err)
{
	int r = start(pulling, err);

	if (r < 0)
		return r;
	r = listen_to_end(pulling, err);
	if (r < 0)
		(void)kill(pulling->pid, SIGKILL); /* our own unreaped child */
	int ended = finish(pulling, r < 0 ? NULL : err);

	return r < 0 ? r : ended;
}

/* What was fetched, by the name it was asked for by. */
static int import_layout(struct image_store *store, const struct image_import *import,
			 const char *name, char ret_digest[IMAGE_DIGEST_SIZE], struct err *err)
{
	autofree char *place = NULL;

	if (asprintf(&place, "%s/tmp/%s/" LAYOUT, store->dir, name) < 0)
		return err_set(err, ENOMEM, "import");
	char tag[] = LAYOUT_TAG;
	const struct image_ref local = {.transport = IMAGE_OCI_DIR, .place = place, .tag = tag};
	struct image_import inner = *import;

	inner.source = &local;
	inner.name = import->name ? import->name : import->source->name;
	return import_locked(store, &inner, ret_digest, err);
}

/* Where skopeo puts blobs, with stand-ins for those it need not fetch. Returns how many. */
static int prepare_layout(const struct image_store *store, int dir_fd, struct err *err)
{
	static const char *const dirs[] = {LAYOUT, LAYOUT "/blobs", LAYOUT_BLOBS};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(dir_fd, dirs[i], 0755) < 0)
			return err_set(err, errno, "make a layout");
	autoclose int blobs_fd = openat(dir_fd, LAYOUT_BLOBS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return blobs_fd < 0 ? err_set(err, errno, "make a layout")
			    : stand_ins_make(store, blobs_fd, err);
}

/* @ret_spared: how many layers were not fetched, in the hope that the store has what is needed of
 * them; NULL: all are fetched. */
static int pull_once(struct image_store *store, const struct image_import *import, int *ret_spared,
		     char ret_digest[IMAGE_DIGEST_SIZE], struct err *err)
{
	struct pulling *pulling = calloc(1, sizeof(*pulling));
	char name[STORE_NAME_MAX];

	if (!pulling)
		return err_set(err, ENOMEM, "pull");
	*pulling = (struct pulling){.what = import, .dir_fd = -1, .said_fd = -1, .pid = -1};
	int made = store_make_tmp(store, name, &pulling->dir_fd, err);
	int r = made;

	if (r == 0 && ret_spared) {
		r = prepare_layout(store, pulling->dir_fd, err);
		*ret_spared = r;
	}
	if (r >= 0)
		r = fetch(pulling, err);
	if (r == 0)
		r = import_layout(store, import, name, ret_digest, err);
	else if (ret_spared)
		*ret_spared = 0; /* fetching all of it would fail as well */
	fd_drop(&pulling->dir_fd);
	fd_drop(&pulling->said_fd);
	if (made == 0)
		store_drop_tmp(store, name);
	free(pulling);
	return r;
}

int image_pull(struct image_store *store, const struct image_import *import,
	       char ret_digest[IMAGE_DIGEST_SIZE], struct err *err)
{
	int spared = 0;
	int r = store_lock_to_add(store, err);

	if (r < 0)
		return err_prefix(err, "%s", import->source->name);
	r = pull_once(store, import, &spared, ret_digest, err);
	/* A layer that the store has is on top of others here. */
	if (r < 0 && spared > 0)
		r = pull_once(store, import, NULL, ret_digest, err);
	store_unlock(store);
	return r < 0 ? err_prefix(err, "%s", import->source->name) : 0;
}
