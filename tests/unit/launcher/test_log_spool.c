// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/supervisor/hand_over.h"
#include "launcher/supervisor/keep.h"
#include "launcher/supervisor/log_stream.h"
#include "launcher/supervisor/logs.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- a keeper: who may be killed sends it what it stores ---- */

struct stored {
	char name[KEEP_NAME_MAX + 1];
	int fd;
};

static struct keeper {
	struct stored all[LOG_SPOOLS];
	int socket_fd; /* of who is to be killed; -1: the keeper is right here */
	int store_code;
} keeper;

static struct stored *entry(const char *name)
{
	for (size_t i = 0; i < LOG_SPOOLS; i++)
		if (strcmp(keeper.all[i].name, name) == 0)
			return &keeper.all[i];
	return NULL;
}

static void remember(const char *name, int fd)
{
	struct stored *stored = entry(name);

	stored = stored ? stored : entry("");
	assert_non_null(stored);
	fd_drop(&stored->fd);
	stored->fd = fd;
	snprintf(stored->name, sizeof(stored->name), "%s", fd < 0 ? "" : name);
}

int keep_store(struct keep *keep, const char *name, int fd, struct err *err)
{
	if (keeper.store_code != 0)
		return err_set(err, keeper.store_code, "keep");
	if (keeper.socket_fd >= 0)
		return hand_over(keeper.socket_fd, name, fd, err);
	remember(name, fcntl(fd, F_DUPFD_CLOEXEC, 0));
	return 0;
}

int keep_take(struct keep *keep, const char *name)
{
	const struct stored *stored = entry(name);

	return stored ? fcntl(stored->fd, F_DUPFD_CLOEXEC, 0) : -ENOENT;
}

void keep_drop(struct keep *keep, const char *name)
{
	if (keeper.socket_fd >= 0)
		(void)!send(keeper.socket_fd, name, strlen(name), MSG_DONTWAIT);
	else if (entry(name))
		remember(name, -1);
}

/* What was sent by who has been killed since. */
static void hear(int socket_fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char name[KEEP_NAME_MAX + 1];
	struct iovec iov = {name, sizeof(name) - 1};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control};

	for (;;) {
		int fd = -1;

		message.msg_controllen = sizeof(control.room);
		ssize_t n = recvmsg(socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n <= 0)
			return;
		name[n] = '\0';
		if (message.msg_controllen > 0)
			memcpy(&fd, CMSG_DATA(&control.align), sizeof(fd));
		if (fd >= 0 || entry(name))
			remember(name, fd);
	}
}

/* ---- one chunk, at every moment of its way ---- */

struct world {
	char top[48];
	char path[64];
	struct log_room room;
	struct log_file *file;
	int fds[2];
};

static int make_world(void **state)
{
	static struct world world;

	keeper = (struct keeper){.socket_fd = -1};
	for (size_t i = 0; i < LOG_SPOOLS; i++)
		keeper.all[i].fd = -1;
	world = (struct world){.top = "/tmp/davit-test-spool.XXXXXX"};
	if (!mkdtemp(world.top) || pipe2(world.fds, O_CLOEXEC) < 0)
		return -1;
	snprintf(world.path, sizeof(world.path), "%s/web-1.log", world.top);
	*state = &world;
	return log_spool_open(NULL, 0, &world.room.spool, NULL);
}

static int drop_world(void **state)
{
	struct world *world = *state;

	log_file_close(world->file);
	log_spool_close(&world->room.spool);
	for (size_t i = 0; i < LOG_SPOOLS; i++)
		fd_drop(&keeper.all[i].fd);
	fd_drop(&world->fds[0]);
	fd_drop(&world->fds[1]);
	return fs_remove_tree(world->top, NULL);
}

static char *text_of(const char *path)
{
	char *text = NULL;

	(void)!fs_read(path, 64 << 20, &text, NULL, NULL);
	return text;
}

static void read_chunk(struct world *world, const char *chunk, const struct log_limits *limits)
{
	struct log_stream stream = {.kind = LOG_STDERR, .read_fd = world->fds[0]};

	if (!world->file)
		assert_int_equal(log_file_open(world->path, limits, &(struct log_trouble){0},
					       &world->file, NULL),
				 0);
	stream.file = world->file;
	assert_int_equal(write(world->fds[1], chunk, strlen(chunk)), strlen(chunk));
	assert_int_equal(log_stream_read(&stream, &world->room), strlen(chunk));
	assert_int_equal(log_spool_held(&world->room.spool), 0);
}

static const struct log_limits unbounded = {.max_files = 1};

/* As if the last chunk were still on its way. */
static struct log_mark *back(struct world *world, size_t len)
{
	struct log_mark *mark = world->room.spool.mark;
	struct stat info;

	assert_int_equal(stat(world->path, &info), 0);
	log_spool_hold(&world->room.spool, len);
	mark->done = 0;
	mark->place.inode = info.st_ino;
	return mark;
}

static void recover(struct world *world)
{
	assert_int_equal(log_stream_recover(&world->room, NULL), 0);
	assert_int_equal(log_spool_held(&world->room.spool), 0);
}

static void a_chunk_is_written_to_its_end_wherever_it_was_left(void **state)
{
	struct world *world = *state;
	const char *chunk = "one\ntwo\n\nthe beginning of a line";
	struct stat before, after;

	read_chunk(world, "what was there before\n", &unbounded);
	assert_int_equal(stat(world->path, &before), 0);
	read_chunk(world, chunk, &unbounded);
	assert_int_equal(stat(world->path, &after), 0);
	autofree char *whole = text_of(world->path);

	for (off_t size = before.st_size; size <= after.st_size; size++) {
		(void)back(world, strlen(chunk));
		assert_int_equal(truncate(world->path, size), 0);
		recover(world);
		autofree char *text = text_of(world->path);

		assert_string_equal(text, whole);
	}
	recover(world);
	autofree char *text = text_of(world->path);

	assert_string_equal(text, whole);
}

static void what_was_not_on_its_way_yet_is_written_whole(void **state)
{
	struct world *world = *state;
	const char *chunk = "one\ntwo\n";

	read_chunk(world, chunk, &unbounded);
	back(world, strlen(chunk))->place.inode = 0;
	assert_int_equal(truncate(world->path, 0), 0);
	recover(world);
	autofree char *text = text_of(world->path);

	assert_non_null(strstr(text, " stderr F one\n"));
	assert_non_null(strstr(text, " stderr F two\n"));
}

static void what_is_done_is_not_written_again(void **state)
{
	struct world *world = *state;
	const char *chunk = "one\ntwo\nthree";
	struct stat before;

	read_chunk(world, chunk, &unbounded);
	struct log_mark *mark = back(world, strlen(chunk));

	mark->done = mark->to = 4;
	assert_int_equal(truncate(world->path, 0), 0);
	recover(world);
	autofree char *text = text_of(world->path);

	assert_null(strstr(text, "one"));
	assert_non_null(strstr(text, " stderr F two\n"));
	assert_non_null(strstr(text, " stderr P three\n"));
	assert_int_equal(stat(world->path, &before), 0);
	(void)back(world, strlen(chunk));
	mark->done = mark->to = (uint32_t)strlen(chunk);
	recover(world);
	struct stat after;

	assert_int_equal(stat(world->path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
}

static void lines_on_their_way_into_a_file_that_is_gone_are_written_again(void **state)
{
	struct world *world = *state;
	const char *chunk = "one\ntwo\n";

	read_chunk(world, chunk, &unbounded);
	(void)back(world, strlen(chunk));
	/* (the file is held open, so its number is not another's) */
	assert_int_equal(unlink(world->path), 0);
	recover(world);
	autofree char *text = text_of(world->path);

	assert_non_null(strstr(text, " stderr F one\n"));
	assert_non_null(strstr(text, " stderr F two\n"));
}

static void a_full_file_gets_the_rest_of_its_line_and_no_more(void **state)
{
	struct world *world = *state;
	const struct log_limits limits = {.max_bytes = 10, .max_files = 2};
	const char *chunk = "end\nnext\n";
	char rotated[80];

	read_chunk(world, "beginning ", &limits);
	struct log_mark *mark = world->room.spool.mark;

	memcpy(world->room.spool.chunk, chunk, strlen(chunk));
	log_spool_hold(&world->room.spool, strlen(chunk));
	mark->done = mark->to = 0;
	mark->in_line = true;
	recover(world);
	snprintf(rotated, sizeof(rotated), "%s.1", world->path);
	autofree char *first = text_of(rotated);
	autofree char *second = text_of(world->path);

	assert_non_null(strstr(first, " stderr P beginning \n"));
	assert_non_null(strstr(first, " stderr F end\n"));
	assert_null(strstr(first, "next"));
	assert_non_null(strstr(second, " stderr F next\n"));
}

static void what_nobody_can_make_sense_of_is_dropped(void **state)
{
	struct world *world = *state;
	struct log_spool *spool = &world->room.spool;
	struct log_spool left;

	for (int wrong = 0; wrong < 5; wrong++) {
		struct log_mark good;

		assert_int_equal(keep_store(NULL, "log.spool-0", spool->fd, NULL), 0);
		log_spool_hold(spool, 10);
		memcpy(&good, spool->mark, sizeof(good));
		if (wrong == 0)
			spool->mark->version++;
		if (wrong == 1)
			spool->mark->done = spool->mark->to + 1;
		if (wrong == 2)
			spool->mark->to = 11;
		if (wrong == 3)
			memset(spool->mark->path, 'x', sizeof(spool->mark->path));
		if (wrong == 4)
			log_spool_hold(spool, LOG_SPOOL_BYTES + 1);
		assert_int_equal(log_spool_left(NULL, 0, &left, NULL), -ENOENT);
		assert_null(entry("log.spool-0"));
		memcpy(spool->mark, &good, sizeof(good));
	}
	log_spool_hold(spool, 10);
	assert_int_equal(keep_store(NULL, "log.spool-0", spool->fd, NULL), 0);
	assert_int_equal(log_spool_left(NULL, 0, &left, NULL), 0);
	assert_int_equal(log_spool_held(&left), 10);
	log_spool_close(&left);
	assert_int_equal(ftruncate(spool->fd, 4096), 0);
	assert_int_equal(log_spool_left(NULL, 0, &left, NULL), -ENOENT);
}

static void a_spool_that_cannot_be_kept_is_none(void **state)
{
	struct log_spool spool = {.fd = -1};
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC);

	keeper.store_code = ENOMEM;
	assert_int_equal(log_spool_open(NULL, 1, &spool, NULL), -ENOMEM);
	int after = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_int_equal(after, before + 1);
	close(before);
	close(after);
}

/* ---- whoever reads is killed, again and again ---- */

#define WRITERS	   3
#define LINES	   100000
#define SLOW_LINES 200
#define LINE_BYTES 80
#define WAIT_MS	   60000

struct run {
	struct log_pipes pipes[WRITERS];
	char paths[WRITERS][80];
	pid_t pids[WRITERS];
};

static int streams_of(int writer)
{
	return writer == 0 ? LOG_PIPES : 1;
}

static int lines_of(int writer)
{
	return writer == WRITERS - 1 ? SLOW_LINES : LINES;
}

/* Both streams of the first one flood, and one of the second; the last one takes its time. */
static _Noreturn void write_lines(const struct run *run, int writer)
{
	char line[LINE_BYTES + 1];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int n = 1; n <= lines_of(writer); n++) {
		snprintf(line, sizeof(line), "%0*d\n", LINE_BYTES - 1, n);
		for (int i = 0; i < streams_of(writer); i++)
			if (write(run->pipes[writer].write_fds[i], line, LINE_BYTES) != LINE_BYTES)
				_exit(1);
		if (lines_of(writer) == SLOW_LINES)
			(void)poll(NULL, 0, 1);
	}
	_exit(0);
}

static _Noreturn void read_lines(const struct run *run, int socket_fd)
{
	struct loop *loop = NULL;
	struct log_pump *pump = NULL;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	keeper.socket_fd = socket_fd;
	if (loop_open(&loop, NULL) < 0 || log_pump_open(loop, NULL, &pump, NULL) < 0)
		_exit(1);
	for (int i = 0; i < WRITERS; i++) {
		const struct log_config config = {
			.path = run->paths[i],
			.limits = {.max_bytes = 1000000, .max_files = 200},
			.pipes = &run->pipes[i],
		};
		struct log_sink *sink = NULL;

		if (log_open(pump, &config, &sink, NULL) < 0)
			_exit(1);
	}
	(void)loop_run(loop);
	_exit(1);
}

static pid_t begin_run(const struct world *world, struct run *run, int writer)
{
	struct log_pipes *pipes = &run->pipes[writer];

	snprintf(run->paths[writer], sizeof(run->paths[writer]), "%s/%d.log", world->top, writer);
	for (int i = 0; i < LOG_PIPES; i++) {
		int fds[2];

		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		pipes->read_fds[i] = fds[0];
		pipes->write_fds[i] = fds[1];
	}
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		write_lines(run, writer);
	return pid;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
	return info.si_pid == pid;
}

/* One reader's life: every other one is killed wherever it is, while it begins as well. */
static void read_and_die(const struct run *run, bool begins)
{
	int fds[2];
	int status = 0;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		read_lines(run, fds[1]);
	if (begins) /* its spool comes last of what it does before it reads */
		assert_int_equal(poll(&(struct pollfd){fds[0], POLLIN, 0}, 1, WAIT_MS), 1);
	(void)usleep((useconds_t)(rand() % 3000));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	hear(fds[0]);
	close(fds[0]);
	close(fds[1]);
}

/* All that one stream has in a file, its parts put together, goes behind what there is. */
static void append_text(FILE *out, const char *path, const char *stream)
{
	autofree char *text = text_of(path);

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		const char *kind = line + strcspn(line, " ") + 1;

		if (strncmp(kind, stream, strlen(stream)) != 0)
			continue;
		fputs(kind + strlen(stream) + 3, out);
		if (kind[strlen(stream) + 1] == 'F')
			fputc('\n', out);
	}
}

static void check_text(const struct run *run, int writer, const char *stream)
{
	autofree char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	for (int number = 200; number >= 0; number--) {
		char path[96];

		snprintf(path, sizeof(path), number ? "%s.%d" : "%s", run->paths[writer], number);
		if (access(path, F_OK) == 0)
			append_text(out, path, stream);
	}
	assert_int_equal(fclose(out), 0);
	assert_int_equal(len, (size_t)lines_of(writer) * LINE_BYTES);
	for (int n = 1; n <= lines_of(writer); n++)
		assert_int_equal(strtol(text + (size_t)(n - 1) * LINE_BYTES, NULL, 10), n);
}

static void no_line_is_lost_or_doubled_however_often_who_reads_is_killed(void **state)
{
	struct world *world = *state;
	const unsigned seed = (unsigned)time(NULL);
	struct run run = {0};
	struct loop *loop = NULL;
	struct log_pump *pump = NULL;
	int kills = 0;
	int ended = 0;

	srand(seed);
	for (int i = 0; i < WRITERS; i++)
		run.pids[i] = begin_run(world, &run, i);
	for (; ended < WRITERS; kills++) {
		read_and_die(&run, kills % 2);
		ended = 0;
		for (int i = 0; i < WRITERS; i++)
			ended += has_ended(run.pids[i]);
	}
	print_message("seed %u, %d kills\n", seed, kills);
	assert_int_equal(loop_open(&loop, NULL), 0);
	assert_int_equal(log_pump_open(loop, NULL, &pump, NULL), 0);
	for (int i = 0; i < WRITERS; i++) {
		const struct log_config config = {
			.path = run.paths[i],
			.limits = {.max_bytes = 1000000, .max_files = 200},
			.pipes = &run.pipes[i],
		};
		struct log_sink *sink = NULL;
		int status = 0;

		assert_int_equal(waitpid(run.pids[i], &status, 0), run.pids[i]);
		assert_int_equal(status, 0);
		assert_int_equal(log_open(pump, &config, &sink, NULL), 0);
		log_close(sink);
		check_text(&run, i, "stdout");
		if (streams_of(i) == LOG_PIPES)
			check_text(&run, i, "stderr");
	}
	log_pump_close(pump);
	loop_close(loop);
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, make_world, drop_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_chunk_is_written_to_its_end_wherever_it_was_left),
		WORLD_TEST(what_was_not_on_its_way_yet_is_written_whole),
		WORLD_TEST(what_is_done_is_not_written_again),
		WORLD_TEST(lines_on_their_way_into_a_file_that_is_gone_are_written_again),
		WORLD_TEST(a_full_file_gets_the_rest_of_its_line_and_no_more),
		WORLD_TEST(what_nobody_can_make_sense_of_is_dropped),
		WORLD_TEST(a_spool_that_cannot_be_kept_is_none),
		WORLD_TEST(no_line_is_lost_or_doubled_however_often_who_reads_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
