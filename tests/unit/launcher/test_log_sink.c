// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/supervisor/keep.h"
#include "launcher/supervisor/logs.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- nobody who keeps anything ---- */

int keep_store(struct keep *keep, const char *name, int fd, struct err *err)
{
	return 0;
}

int keep_take(struct keep *keep, const char *name)
{
	return -ENOENT;
}

void keep_drop(struct keep *keep, const char *name)
{
}

/* ---- a kernel without memory ---- */

static int deaf_fd = -1;       /* that is not watched again */
static unsigned failing;       /* so many times more */
static _Atomic int watcher_fd; /* of who watched the last one before it */

/* In front of the C library's. */
int epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event)
{
	if (op == EPOLL_CTL_ADD && deaf_fd < 0)
		watcher_fd = epoll_fd;
	if (op == EPOLL_CTL_ADD && fd == deaf_fd && epoll_fd == watcher_fd && failing > 0) {
		failing--;
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, epoll_fd, op, fd, event);
}

/* ---- tests ---- */

static const struct log_limits unbounded = {.max_files = 1};

struct world {
	char top[40];
	char path[64];
	struct loop *loop;
	struct log_pump *pump;
};

static int make_world(void **state)
{
	static struct world world;

	world = (struct world){.top = "/tmp/davit-test-logs.XXXXXX"};
	if (!mkdtemp(world.top))
		return -1;
	snprintf(world.path, sizeof(world.path), "%s/web-1.log", world.top);
	*state = &world;
	return loop_open(&world.loop, NULL) < 0
		       ? -1
		       : log_pump_open(world.loop, NULL, &world.pump, NULL);
}

static int drop_world(void **state)
{
	struct world *world = *state;

	log_pump_close(world->pump);
	loop_close(world->loop);
	return fs_remove_tree(world->top, NULL);
}

static struct log_sink *open_sink(const struct world *world, const struct log_limits *limits)
{
	const struct log_config config = {.path = world->path, .limits = *limits};
	struct log_sink *sink = NULL;

	assert_int_equal(log_open(world->pump, &config, &sink, NULL), 0);
	return sink;
}

static void say(const struct log_sink *sink, int which, const char *text)
{
	assert_int_equal(write(log_pipes(sink).write_fds[which], text, strlen(text)), strlen(text));
}

/* The whole file; freed by the caller. */
static char *text_of(const struct world *world, const char *name)
{
	char path[80];
	char *text = NULL;

	snprintf(path, sizeof(path), "%s/%s", world->top, name);
	(void)!fs_read(path, 64 << 20, &text, NULL, NULL);
	return text;
}

static void what_is_in_the_pipes_reaches_the_file(void **state)
{
	const struct world *world = *state;
	struct log_sink *sink = open_sink(world, &unbounded);

	say(sink, 0, "out\n");
	say(sink, 1, "err\n");
	log_close(sink);
	autofree char *text = text_of(world, "web-1.log");

	assert_non_null(text);
	assert_non_null(strstr(text, "Z stdout F out\n"));
	assert_non_null(strstr(text, "Z stderr F err\n"));
}

static void what_a_terminal_shows_reaches_the_file_and_each_run_has_its_own(void **state)
{
	const struct world *world = *state;
	struct log_sink *sink = open_sink(world, &unbounded);

	for (int run = 1; run <= 2; run++) {
		char line[32];
		int master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

		assert_int_equal(unlockpt(master_fd), 0);
		int fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

		assert_int_equal(log_terminal(sink, master_fd, NULL), 0);
		snprintf(line, sizeof(line), "run %d\n9%%\r10%%\r", run);
		assert_int_equal(write(fd, line, strlen(line)), strlen(line));
		log_drain(sink);
		assert_int_equal(write(fd, "11%\n", 4), 4);
		log_drain(sink);
		close(fd);
		/* The end of it, too, which would be told for ever. */
		log_drain(sink);
		log_drain(sink);
	}
	log_close(sink);
	autofree char *text = text_of(world, "web-1.log");

	assert_non_null(text);
	assert_non_null(strstr(text, "Z stdout F run 1\n"));
	assert_non_null(strstr(text, "Z stdout F run 2\n"));
	assert_non_null(strstr(text, "\r11%\n"));
	assert_null(strstr(text, "\r\n"));
}

static void check_file(const struct world *world, const char *name, const char *part)
{
	autofree char *text = text_of(world, name);

	if (!part)
		assert_null(text);
	else
		assert_non_null(strstr(text, part));
}

static void rotate(const struct world *world, unsigned max_files, const char *const *lines)
{
	const struct log_limits limits = {.max_bytes = 10, .max_files = max_files};
	struct log_sink *sink = open_sink(world, &limits);

	for (; *lines; lines++) {
		say(sink, 0, *lines);
		log_drain(sink);
	}
	log_close(sink);
}

static void a_full_file_makes_room_and_the_oldest_goes(void **state)
{
	static const char *const lines[] = {"one\n", "two\n", "three\n", "four\n", NULL};
	const struct world *world = *state;

	rotate(world, 3, lines);
	check_file(world, "web-1.log", "F four\n");
	check_file(world, "web-1.log.1", "F three\n");
	check_file(world, "web-1.log.2", "F two\n");
	check_file(world, "web-1.log.3", NULL);
}

static void one_file_begins_anew_when_it_is_full(void **state)
{
	static const char *const lines[] = {"one\n", "two\n", NULL};
	const struct world *world = *state;

	rotate(world, 1, lines);
	check_file(world, "web-1.log", "F two\n");
	check_file(world, "web-1.log.1", NULL);
}

static void a_line_in_parts_stays_in_one_file(void **state)
{
	static const char *const lines[] = {"begin ", "middle ", "end\n", "next\n", NULL};
	const struct world *world = *state;

	rotate(world, 2, lines);
	check_file(world, "web-1.log.1", "F end\n");
	check_file(world, "web-1.log", "F next\n");
}

static void one_read_of_short_lines_fills_files_no_more_than_once(void **state)
{
	const struct world *world = *state;
	const struct log_limits limits = {.max_bytes = 10, .max_files = 3};
	struct log_sink *sink = open_sink(world, &limits);
	char block[32768];

	memset(block, '\n', sizeof(block));
	assert_int_equal(write(log_pipes(sink).write_fds[0], block, sizeof(block)), sizeof(block));
	log_close(sink);
	for (int number = 0; number < 3; number++) {
		char name[80];
		struct stat info;

		snprintf(name, sizeof(name), number ? "%s.%d" : "%s", world->path, number);
		assert_int_equal(stat(name, &info), 0);
		assert_true(info.st_size <= 128 << 10);
	}
}

/* A second sink goes on with the pipes and the file of the first, as another supervisor would. */
static void another_sink_goes_on_without_a_gap(void **state)
{
	const struct world *world = *state;
	struct log_sink *sink = open_sink(world, &unbounded);
	struct log_config config = {.path = world->path, .limits = unbounded};
	struct log_pipes kept = log_pipes(sink);

	for (int i = 0; i < LOG_PIPES; i++) {
		kept.read_fds[i] = fcntl(kept.read_fds[i], F_DUPFD_CLOEXEC, 0);
		kept.write_fds[i] = fcntl(kept.write_fds[i], F_DUPFD_CLOEXEC, 0);
	}
	say(sink, 0, "one\n");
	log_close(sink);
	assert_int_equal(write(kept.write_fds[0], "two\n", 4), 4);
	config.pipes = &kept;
	assert_int_equal(log_open(world->pump, &config, &sink, NULL), 0);
	say(sink, 1, "three\n");
	log_close(sink);
	autofree char *text = text_of(world, "web-1.log");

	assert_non_null(text);
	const char *two = strstr(text, "Z stdout F two\n");

	assert_non_null(two);
	assert_true(strstr(text, "Z stdout F one\n") < two);
	assert_true(strstr(text, "Z stderr F three\n") > two);
}

/* What is in the log, of the instance's own bytes. */
static size_t logged_bytes(const struct world *world, const char *name)
{
	autofree char *text = text_of(world, name);
	size_t logged = 0;

	for (const char *at = text; at && *at; at = strchr(at, '\n') + 1)
		logged += strcspn(at, "\n") - strlen("2026-01-31T23:59:59.000000000Z stdout F ") +
			  (at[38] == 'F');
	return logged;
}

#define BLOCK_BYTES  65536
#define ENOUGH_BYTES (1 << 20)

struct flood {
	struct loop *loop;
	struct watch *tick;
	struct log_sink *sink;
	size_t written[LOG_PIPES];
	unsigned ticks;
};

static void flood_begin(struct flood *flood, loop_fn on_tick)
{
	for (int i = 0; i < LOG_PIPES; i++)
		assert_int_equal(fcntl(log_pipes(flood->sink).write_fds[i], F_SETFL, O_NONBLOCK),
				 0);
	assert_int_equal(loop_watch_timer(flood->loop, on_tick, flood, &flood->tick, NULL), 0);
	watch_arm(flood->tick, 0);
}

/* Both pipes, until they are full. */
static void flood_write(struct flood *flood)
{
	static char block[BLOCK_BYTES];

	memset(block, 'x', sizeof(block));
	for (size_t at = 127; at < sizeof(block); at += 128)
		block[at] = '\n';
	for (int i = 0; i < LOG_PIPES; i++)
		for (ssize_t n;
		     (n = write(log_pipes(flood->sink).write_fds[i], block, sizeof(block))) > 0;)
			flood->written[i] += (size_t)n;
}

static void on_tick(void *data)
{
	struct flood *flood = data;

	flood_write(flood);
	if (++flood->ticks >= 20 && flood->written[0] > ENOUGH_BYTES &&
	    flood->written[1] > ENOUGH_BYTES)
		loop_stop(flood->loop, 0);
	else
		watch_arm(flood->tick, 1);
}

/* Both pipes are full at every tick, and yet the ticks go on, and neither waits for the other; then
 * nothing of them is missing. */
static void a_flood_leaves_turns_to_others_and_loses_nothing(void **state)
{
	const struct world *world = *state;
	struct log_sink *sink = open_sink(world, &unbounded);
	struct flood flood = {.loop = world->loop, .sink = sink};

	flood_begin(&flood, on_tick);
	assert_int_equal(loop_run(world->loop), 0);
	assert_true(fcntl(log_pipes(sink).write_fds[0], F_GETPIPE_SZ) > 65536);
	watch_free(flood.tick);
	log_close(sink);
	assert_int_equal(logged_bytes(world, "web-1.log"), flood.written[0] + flood.written[1]);
}

#define DEAF_TIMES 3

/* Flooded until it was lent and is the loop's again, which then is to hear one line more. */
static void on_deaf_tick(void *data)
{
	struct flood *flood = data;
	int left = 0;

	if (failing == DEAF_TIMES) {
		flood_write(flood);
		log_settle(flood->sink);
		if (failing < DEAF_TIMES) {
			log_drain(flood->sink);
			say(flood->sink, 1, "last\n");
			flood->written[1] += strlen("last\n");
		}
	}
	assert_int_equal(ioctl(deaf_fd, FIONREAD, &left), 0);
	if (failing == 0 && left == 0)
		loop_stop(flood->loop, 0);
	else
		watch_arm(flood->tick, 1);
}

static void a_stream_that_cannot_be_watched_again_is_so_later(void **state)
{
	const struct world *world = *state;
	struct log_sink *sink = open_sink(world, &unbounded);
	struct flood flood = {.loop = world->loop, .sink = sink};

	deaf_fd = log_pipes(sink).read_fds[1];
	failing = DEAF_TIMES;
	flood_begin(&flood, on_deaf_tick);
	assert_int_equal(loop_run(world->loop), 0);
	deaf_fd = -1;
	watch_free(flood.tick);
	log_close(sink);
	assert_int_equal(logged_bytes(world, "web-1.log"), flood.written[0] + flood.written[1]);
}

/* Gone before it is tried again, which is not tried then. */
static void on_lost_tick(void *data)
{
	struct flood *flood = data;

	if (flood->sink) {
		flood_write(flood);
		log_settle(flood->sink);
		if (failing < DEAF_TIMES)
			log_close(take_ptr(flood->sink));
	} else if (++flood->ticks == 2) {
		loop_stop(flood->loop, 0);
	}
	watch_arm(flood->tick, flood->sink ? 1 : 100);
}

static void who_is_not_heard_may_go(void **state)
{
	const struct world *world = *state;
	struct flood flood = {.loop = world->loop, .sink = open_sink(world, &unbounded)};

	deaf_fd = log_pipes(flood.sink).read_fds[1];
	failing = DEAF_TIMES;
	flood_begin(&flood, on_lost_tick);
	assert_int_equal(loop_run(world->loop), 0);
	deaf_fd = -1;
	watch_free(flood.tick);
	assert_int_equal(failing, DEAF_TIMES - 1);
	assert_int_equal(logged_bytes(world, "web-1.log"), flood.written[0] + flood.written[1]);
}

#define FLOODERS 5

struct floods {
	struct loop *loop;
	struct watch *tick;
	struct flood each[FLOODERS];
	struct log_sink *sinks[FLOODERS];
	unsigned ticks;
};

/* At any moment one of them is drained, and in the end each is closed in the midst of its flood. */
static void on_floods_tick(void *data)
{
	struct floods *floods = data;

	for (size_t i = 0; i < FLOODERS; i++) {
		floods->each[i].ticks = 0;
		on_tick(&floods->each[i]);
	}
	log_drain(floods->sinks[floods->ticks % FLOODERS]);
	if (++floods->ticks == 40)
		loop_stop(floods->loop, 0);
	else
		watch_arm(floods->tick, (int64_t)(floods->ticks % 3));
}

static void a_flood_can_be_drained_and_closed_at_any_moment(void **state)
{
	struct world *world = *state;
	struct floods floods = {.loop = world->loop};

	assert_int_equal(loop_watch_timer(world->loop, on_floods_tick, &floods, &floods.tick, NULL),
			 0);
	for (size_t i = 0; i < FLOODERS; i++) {
		snprintf(world->path, sizeof(world->path), "%s/web-%zu.log", world->top, i + 1);
		floods.sinks[i] = open_sink(world, &unbounded);
		floods.each[i] = (struct flood){
			.loop = world->loop, .tick = floods.tick, .sink = floods.sinks[i]};
		for (int end = 0; end < LOG_PIPES; end++)
			assert_int_equal(fcntl(log_pipes(floods.sinks[i]).write_fds[end], F_SETFL,
					       O_NONBLOCK),
					 0);
	}
	watch_arm(floods.tick, 0);
	assert_int_equal(loop_run(world->loop), 0);
	watch_free(floods.tick);
	for (size_t i = 0; i < FLOODERS; i++) {
		char name[32];

		log_close(floods.sinks[i]);
		snprintf(name, sizeof(name), "web-%zu.log", i + 1);
		assert_int_equal(logged_bytes(world, name),
				 floods.each[i].written[0] + floods.each[i].written[1]);
	}
}

struct told {
	pthread_t thread;
	unsigned begun;
};

static void on_told(void *data, const struct log_news *news)
{
	struct told *told = data;

	assert_true(pthread_equal(pthread_self(), told->thread));
	told->begun += news->code != 0;
}

/* The file system takes no more than a part of the flood. */
static void what_goes_wrong_in_a_flood_is_told_once_and_by_the_loop(void **state)
{
	const struct world *world = *state;
	struct told told = {.thread = pthread_self()};
	struct log_config config = {
		.path = world->path, .limits = unbounded, .trouble = {on_told, &told}};
	struct log_sink *sink = NULL;
	struct rlimit before;
	struct flood flood = {.loop = world->loop};

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 18, before.rlim_max}), 0);
	assert_int_equal(log_open(world->pump, &config, &sink, NULL), 0);
	flood.sink = sink;
	for (int i = 0; i < LOG_PIPES; i++)
		assert_int_equal(fcntl(log_pipes(sink).write_fds[i], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(loop_watch_timer(world->loop, on_tick, &flood, &flood.tick, NULL), 0);
	watch_arm(flood.tick, 0);
	assert_int_equal(loop_run(world->loop), 0);
	watch_free(flood.tick);
	log_close(sink);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(told.begun, 1);
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, make_world, drop_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(what_is_in_the_pipes_reaches_the_file),
		WORLD_TEST(what_a_terminal_shows_reaches_the_file_and_each_run_has_its_own),
		WORLD_TEST(a_full_file_makes_room_and_the_oldest_goes),
		WORLD_TEST(one_file_begins_anew_when_it_is_full),
		WORLD_TEST(a_line_in_parts_stays_in_one_file),
		WORLD_TEST(one_read_of_short_lines_fills_files_no_more_than_once),
		WORLD_TEST(another_sink_goes_on_without_a_gap),
		WORLD_TEST(a_flood_leaves_turns_to_others_and_loses_nothing),
		WORLD_TEST(a_stream_that_cannot_be_watched_again_is_so_later),
		WORLD_TEST(who_is_not_heard_may_go),
		WORLD_TEST(a_flood_can_be_drained_and_closed_at_any_moment),
		WORLD_TEST(what_goes_wrong_in_a_flood_is_told_once_and_by_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
