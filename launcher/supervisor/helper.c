// SPDX-License-Identifier: GPL-2.0-or-later
/* See helper.h. */
#include "launcher/supervisor/helper.h"

#include "launcher/helper/words.h"
#include "launcher/paths.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define NOBODY	     65534
#define BEHIND_MS    20	  /* it has not read what it was told before */
#define QUICK_MS     1000 /* ends sooner than this */
#define QUICK_MAX    3	  /* are followed at once so many times in a row, then */
#define PAUSE_MS     1000 /* after this */
#define END_MS	     1000
#define CHILD_FD     3
#define RECORD_BYTES 256
#define WORDS_A_TURN 64

/* What is written of a process, to be found again. */
struct record {
	int pid;
	uint64_t start_ticks;
	uint64_t program; /* its file, as it was then */
};

static char *record_path(const struct supervisor *sup, const struct helper_kind *kind)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", sup->run_dir, kind->name) < 0 ? NULL : path;
}

/* So that a program that is installed anew is another one. */
static uint64_t program_id(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return 0;
	return (uint64_t)status.st_ino ^ (uint64_t)status.st_mtim.tv_sec << 20 ^
	       (uint64_t)status.st_mtim.tv_nsec << 32;
}

static bool record_read(const struct supervisor *sup, const struct helper_kind *kind,
			struct record *ret)
{
	autofree char *path = record_path(sup, kind);
	autofree char *text = NULL;

	return path && fs_read(path, RECORD_BYTES, &text, NULL, NULL) == 0 &&
	       sscanf(text, "%d %" SCNu64 " %" SCNu64, &ret->pid, &ret->start_ticks,
		      &ret->program) == 3;
}

/* One that cannot be found again is of no harm: it is the keeper's word that counts first. */
static void record_write(const struct helper *helper, pid_t pid, const char *program)
{
	autofree char *path = record_path(helper->sup, helper->kind);
	char text[RECORD_BYTES];
	struct proc_info info;

	if (!path || proc_read(pid, &info, NULL) < 0)
		return;
	int len = snprintf(text, sizeof(text), "%d %" PRIu64 " %" PRIu64 "\n", (int)pid,
			   info.start_ticks, program_id(program));

	err_ignore(fs_write_atomic(path, text, (size_t)len, 0600, NULL));
}

/* While the file is there, and nobody has written another, it is not superseded. */
static void tell_record(const struct helper *helper)
{
	autofree char *path = record_path(helper->sup, helper->kind);
	autoclose int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0)
		err_ignore(words_send(helper->control_fd, WORD_RECORD, "", fd));
}

/* Ends it, and waits for that: its sockets are free then. */
static void kill_process(int pidfd)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};
	siginfo_t info;

	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* it may have ended by itself */
	(void)poll(&ended, 1, END_MS);
	(void)waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG); /* or it is not our child */
}

static void forget_process(struct helper *helper)
{
	keep_drop(helper->sup->keep, helper->kind->name);
	watch_free(take_ptr(helper->end_watch));
	watch_free(take_ptr(helper->control_watch));
	fd_drop(&helper->control_fd);
	fd_drop(&helper->pidfd);
}

/* The last id of the stack's range: no other user of the host's has it. */
static uint32_t user_id(const struct supervisor *sup)
{
	return sup->ids.userns_fd < 0 ? NOBODY : sup->ids.first + sup->ids.count - 1;
}

static int spawn(const char *program, uint32_t id, int control_fd, pid_t *ret_pid)
{
	char fd_text[] = {'0' + CHILD_FD, '\0'};
	char id_text[16];
	char *argv[] = {(char *)(uintptr_t)program, fd_text, id_text, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;

	snprintf(id_text, sizeof(id_text), "%" PRIu32, id);
	sigemptyset(&none);
	if (posix_spawn_file_actions_init(&files) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return -ENOMEM;
	}
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
	int failed = posix_spawn_file_actions_adddup2(&files, control_fd, CHILD_FD);

	if (!failed)
		failed = posix_spawn(ret_pid, program, &files, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return -failed;
}

static void on_end(void *data, int fd, uint32_t events);

/* Of one that has gone on_end() hears. */
static void on_words(void *data, int fd, uint32_t events)
{
	struct helper *helper = data;
	char key[WORDS_KEY_MAX + 1];

	for (int i = 0; i < WORDS_A_TURN; i++) {
		autoclose int sent_fd = -1;
		char word = 0;
		int r = words_receive(fd, &word, key, &sent_fd);

		if (r == 0)
			helper->kind->heard(helper->data, word, key);
		if (r == -ENOTCONN)
			watch_free(take_ptr(helper->control_watch));
		if (r == -EAGAIN || r == -ENOTCONN)
			return;
	}
}

static int watch_process(struct helper *helper, struct err *err)
{
	struct loop *loop = helper->sup->loop;
	int r = loop_watch_fd(loop, &(struct loop_io){helper->pidfd, EPOLLIN, on_end, helper},
			      &helper->end_watch, err);

	if (r == 0 && helper->kind->heard)
		r = loop_watch_fd(loop,
				  &(struct loop_io){helper->control_fd, EPOLLIN, on_words, helper},
				  &helper->control_watch, err);
	return r;
}

static int start_program(struct helper *helper, const char *program, struct err *err)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, errno, "%s", helper->kind->event);
	autoclose int child = pair[1];

	helper->control_fd = pair[0];
	int r = spawn(program, user_id(helper->sup), child, &pid);

	if (r < 0)
		return err_set(err, -r, "start %s", program);
	helper->pidfd = pidfd_open(pid, 0);
	if (helper->pidfd < 0) {
		r = err_set(err, errno, "%s", helper->kind->event);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	record_write(helper, pid, program);
	tell_record(helper);
	err_ignore(keep_store(helper->sup->keep, helper->kind->name, helper->control_fd, NULL));
	return watch_process(helper, err);
}

static void start(struct helper *helper)
{
	autofree char *program = NULL;
	struct err err = {0};
	int r = paths_helper(helper->kind->program, &program, &err);

	helper->started_ms = loop_now_ms(helper->sup->loop);
	if (r == 0)
		r = start_program(helper, program, &err);
	if (r < 0 && helper->pidfd >= 0)
		kill_process(helper->pidfd);
	if (r < 0)
		forget_process(helper);
	helper->kind->begun(helper->data);
	if (r == 0)
		return;
	supervisor_log(helper->sup, "event=%s-failed error=\"%s\"", helper->kind->event, err.text);
	watch_arm(helper->timer, PAUSE_MS);
}

static void tell(struct helper *helper)
{
	if (helper->control_fd >= 0 &&
	    helper->kind->tell(helper->data, helper->control_fd) == -EAGAIN)
		watch_arm(helper->timer, BEHIND_MS);
}

static void on_end(void *data, int fd, uint32_t events)
{
	struct helper *helper = data;
	siginfo_t info;

	(void)waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG); /* ECHILD: a predecessor's */
	forget_process(helper);
	bool quick = loop_now_ms(helper->sup->loop) - helper->started_ms < QUICK_MS;

	helper->quick_ends = quick ? helper->quick_ends + 1 : 0;
	supervisor_log(helper->sup, "event=%s-ended quick=%u", helper->kind->event,
		       helper->quick_ends);
	if (helper->quick_ends > QUICK_MAX) {
		helper->kind->begun(helper->data);
		watch_arm(helper->timer, PAUSE_MS);
		return;
	}
	start(helper);
	tell(helper);
}

static void on_timer(void *data)
{
	struct helper *helper = data;

	if (helper->kind->timer)
		helper->kind->timer(helper->data);
	if (helper->control_fd < 0)
		start(helper);
	tell(helper);
}

int helper_open(struct helper *helper, struct supervisor *sup, const struct helper_kind *kind,
		void *data)
{
	*helper = (struct helper){
		.sup = sup, .kind = kind, .data = data, .control_fd = -1, .pidfd = -1};
	int r = loop_watch_timer(sup->loop, on_timer, helper, &helper->timer, NULL);

	if (r < 0)
		helper->kind = NULL;
	return r;
}

void helper_tell(struct helper *helper)
{
	if (helper->control_fd < 0 && helper->quick_ends <= QUICK_MAX)
		start(helper);
	tell(helper);
}

void helper_wake(struct helper *helper)
{
	watch_arm(helper->timer, PAUSE_MS);
}

static bool is_installed(const struct helper_kind *kind, const struct record *record)
{
	autofree char *program = NULL;

	return paths_helper(kind->program, &program, NULL) == 0 &&
	       program_id(program) == record->program;
}

void helper_purge(const struct supervisor *sup, const struct helper_kind *kind)
{
	struct record record;
	autoclose int pidfd = -1;

	if (record_read(sup, kind, &record))
		pidfd = proc_open(record.pid, record.start_ticks, NULL);
	if (pidfd >= 0)
		kill_process(pidfd);
}

bool helper_adopt(struct helper *helper)
{
	const struct helper_kind *kind = helper->kind;
	struct supervisor *sup = helper->sup;
	struct record record = {0};

	helper->started_ms = loop_now_ms(sup->loop);
	helper->control_fd = keep_take(sup->keep, kind->name);
	if (helper->control_fd >= 0 && record_read(sup, kind, &record) &&
	    is_installed(kind, &record))
		helper->pidfd = proc_open(record.pid, record.start_ticks, NULL);
	if (helper->pidfd >= 0 && watch_process(helper, NULL) == 0)
		return true;
	helper_purge(sup, kind);
	if (helper->control_fd >= 0)
		err_ignore(words_send(helper->control_fd, WORD_END, "", -1));
	forget_process(helper);
	return false;
}

void helper_close(struct helper *helper)
{
	if (!helper->kind)
		return;
	if (helper->pidfd >= 0)
		kill_process(helper->pidfd);
	forget_process(helper);
	watch_free(take_ptr(helper->timer));
	helper->kind = NULL;
}
