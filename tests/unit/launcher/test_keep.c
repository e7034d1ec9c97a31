// SPDX-License-Identifier: GPL-2.0-or-later
/* The supervisor's view of its keeper: the keeper is this test, at the other end of the socket. */
#include "launcher/keeper/wire.h"
#include "launcher/supervisor/keep.h"
#include "launcher/supervisor/loop.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct scene {
	int keeper; /* the keeper's end */
	struct keep *keep;
	struct loop *loop;
	pid_t exited;
	int status;
	bool wanted;
	unsigned lost;
	unsigned replaced;
};

static bool on_exited(void *data, pid_t pid, int status)
{
	struct scene *scene = data;

	scene->exited = pid;
	scene->status = status;
	loop_stop(scene->loop, 0);
	return scene->wanted;
}

static void on_lost(void *data)
{
	struct scene *scene = data;

	scene->lost++;
	loop_stop(scene->loop, 0);
}

static void on_replace(void *data)
{
	struct scene *scene = data;

	scene->replaced++;
	loop_stop(scene->loop, 0);
}

static void say(const struct scene *scene, struct wire_record record, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_base = &record, .iov_len = sizeof(record)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	record.version = WIRE_VERSION;
	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.space);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	assert_int_equal(sendmsg(scene->keeper, &message, 0), sizeof(record));
}

/* What the supervisor has said next, its descriptor closed; kind 0: nothing. */
static struct wire_record heard(const struct scene *scene, bool *ret_with_fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct wire_record record = {0};
	struct iovec part = {.iov_base = &record, .iov_len = sizeof(record)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control.space)};
	autoclose int fd = -1;

	if (recvmsg(scene->keeper, &message, MSG_DONTWAIT) < 0)
		return record;
	if (message.msg_controllen > 0)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	if (ret_with_fd)
		*ret_with_fd = fd >= 0;
	assert_int_equal(record.version, WIRE_VERSION);
	return record;
}

/* A scene in which the keeper has told what it has; @end: the supervisor's. */
static void open_keep(struct scene *scene, int end)
{
	const struct keep_origin origin = {
		.fd = end, .keeper = "/nowhere/keeper", .supervisor = "/nowhere/s", .stack = "x"};
	struct err err = {0};

	say(scene, (struct wire_record){.kind = WIRE_TOLD}, -1);
	assert_int_equal(keep_open(&origin, &scene->keep, &err), 0);
}

static void start_scene(struct scene *scene, int *ret_end)
{
	int ends[2];

	*scene = (struct scene){.keeper = -1};
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	scene->keeper = ends[0];
	*ret_end = ends[1];
}

static void watch_only(struct scene *scene)
{
	const struct keep_handler handler = {on_exited, on_lost, on_replace, scene};
	struct err err = {0};

	assert_int_equal(loop_open(&scene->loop, &err), 0);
	assert_int_equal(keep_watch(scene->keep, scene->loop, &handler, &err), 0);
}

static void watch(struct scene *scene)
{
	watch_only(scene);
	keep_settle(scene->keep);
}

static void end(struct scene *scene)
{
	keep_close(scene->keep);
	loop_close(scene->loop);
	fd_drop(&scene->keeper);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void without_a_keeper_everything_works_and_nothing_is_kept(void **unused)
{
	const struct keep_origin origin = {.fd = -1, .stack = "x"};
	struct keep *keep = NULL;
	struct err err = {0};
	int status = 0;

	assert_int_equal(keep_open(&origin, &keep, &err), 0);
	assert_int_equal(keep_watch(keep, NULL, &(struct keep_handler){0}, &err), 0);
	assert_false(keep_is_kept(keep));
	assert_int_equal(keep_store(keep, "web-1.stdout", STDERR_FILENO, &err), 0);
	assert_int_equal(keep_take(keep, "web-1.stdout"), -ENOENT);
	assert_int_equal(keep_exit_of(keep, 1, &status), -ENOENT);
	keep_drop(keep, "web-1.stdout");
	keep_drop(keep, "web-1.stdout");
	keep_ready(keep);
	keep_settle(keep);
	assert_int_equal(keep_upgrade(keep, &err), -ENOTCONN);
	assert_int_equal(keep_succeed(keep, &err), -ENOENT);
	keep_close(keep);
	assert_true(is_open(STDERR_FILENO));
}

static void what_is_stored_and_dropped_is_told(void **unused)
{
	struct scene scene;
	struct err err = {0};
	bool with_fd = false;
	int end_fd;

	start_scene(&scene, &end_fd);
	open_keep(&scene, end_fd);
	assert_true(keep_is_kept(scene.keep));
	assert_int_equal(keep_store(scene.keep, "a", STDERR_FILENO, &err), 0);
	struct wire_record record = heard(&scene, &with_fd);

	assert_int_equal(record.kind, WIRE_FD);
	assert_string_equal(record.name, "a");
	assert_true(with_fd);
	keep_drop(scene.keep, "a");
	keep_drop(scene.keep, "a");
	record = heard(&scene, &with_fd);
	assert_int_equal(record.kind, WIRE_DROP);
	assert_false(with_fd);
	assert_int_equal(heard(&scene, NULL).kind, 0);
	keep_ready(scene.keep);
	assert_int_equal(heard(&scene, NULL).kind, WIRE_READY);
	end(&scene);
	assert_true(is_open(STDERR_FILENO));
}

static void a_name_that_is_too_long_is_refused(void **unused)
{
	struct scene scene;
	struct err err = {0};
	char name[KEEP_NAME_MAX + 2];
	int end_fd;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	start_scene(&scene, &end_fd);
	open_keep(&scene, end_fd);
	assert_int_equal(keep_store(scene.keep, name, STDERR_FILENO, &err), -ENAMETOOLONG);
	name[KEEP_NAME_MAX] = '\0';
	assert_int_equal(keep_store(scene.keep, name, STDERR_FILENO, &err), 0);
	assert_string_equal(heard(&scene, NULL).name, name);
	end(&scene);
}

static void what_was_left_is_taken_once(void **unused)
{
	struct scene scene;
	int end_fd;

	start_scene(&scene, &end_fd);
	say(&scene, (struct wire_record){.kind = WIRE_FD, .name = "web-1.stdout"}, STDERR_FILENO);
	open_keep(&scene, end_fd);
	autoclose int fd = keep_take(scene.keep, "web-1.stdout");

	assert_true(fd > STDERR_FILENO);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(keep_take(scene.keep, "web-1.stdout"), -ENOENT);
	keep_settle(scene.keep);
	assert_int_equal(heard(&scene, NULL).kind, 0);
	end(&scene);
	assert_true(is_open(fd));
}

static void what_nobody_takes_is_closed_and_dropped(void **unused)
{
	struct scene scene;
	int pipe_fds[2];
	char byte;
	int end_fd;

	start_scene(&scene, &end_fd);
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	say(&scene, (struct wire_record){.kind = WIRE_FD, .name = "left"}, pipe_fds[1]);
	close(pipe_fds[1]);
	open_keep(&scene, end_fd);
	keep_settle(scene.keep);
	assert_int_equal(heard(&scene, NULL).kind, WIRE_DROP);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 0); /* nobody has the other end */
	close(pipe_fds[0]);
	end(&scene);
}

static void an_end_is_known_until_it_is_seen(void **unused)
{
	struct scene scene;
	int status = 0;
	int end_fd;

	start_scene(&scene, &end_fd);
	say(&scene, (struct wire_record){.kind = WIRE_EXIT, .number = 7, .status = 256}, -1);
	say(&scene, (struct wire_record){.kind = WIRE_EXIT, .number = 8, .status = 9}, -1);
	open_keep(&scene, end_fd);
	assert_int_equal(keep_exit_of(scene.keep, 9, &status), -ENOENT);
	assert_int_equal(keep_exit_of(scene.keep, 7, &status), 0);
	assert_int_equal(status, 256);
	keep_settle(scene.keep); /* nobody has asked for 8 */
	struct wire_record record = heard(&scene, NULL);

	assert_int_equal(record.kind, WIRE_EXIT);
	assert_int_equal(record.number, 8);
	assert_int_equal(keep_exit_of(scene.keep, 7, &status), 0);
	keep_exit_seen(scene.keep, 7);
	assert_int_equal(heard(&scene, NULL).number, 7);
	assert_int_equal(keep_exit_of(scene.keep, 7, &status), -ENOENT);
	end(&scene);
}

static void a_later_end_reaches_the_handler(void **unused)
{
	struct scene scene;
	int status = 0;
	int end_fd;

	start_scene(&scene, &end_fd);
	open_keep(&scene, end_fd);
	watch(&scene);
	scene.wanted = true;
	say(&scene, (struct wire_record){.kind = WIRE_EXIT, .number = 7, .status = 256}, -1);
	assert_int_equal(loop_run(scene.loop), 0);
	assert_int_equal(scene.exited, 7);
	assert_int_equal(scene.status, 256);
	assert_int_equal(heard(&scene, NULL).kind, 0);
	assert_int_equal(keep_exit_of(scene.keep, 7, &status), 0);
	keep_exit_seen(scene.keep, 7);
	assert_int_equal(heard(&scene, NULL).kind, WIRE_EXIT);
	end(&scene);
}

static void an_end_that_comes_during_adoption_is_offered_after_it(void **unused)
{
	struct scene scene;
	int status = 0;
	int end_fd;

	start_scene(&scene, &end_fd);
	open_keep(&scene, end_fd);
	watch_only(&scene);
	say(&scene, (struct wire_record){.kind = WIRE_EXIT, .number = 7, .status = 256}, -1);
	say(&scene, (struct wire_record){.kind = WIRE_EXIT, .number = 8, .status = 9}, -1);
	keep_hear(scene.keep);
	assert_int_equal(keep_exit_of(scene.keep, 7, &status), 0);
	assert_int_equal(scene.exited, 0);
	scene.wanted = true;
	keep_settle(scene.keep); /* 7 has been asked for */
	assert_int_equal(scene.exited, 8);
	assert_int_equal(scene.status, 9);
	assert_int_equal(heard(&scene, NULL).kind, 0);
	end(&scene);
}

static void an_end_that_nobody_wants_is_seen_at_once(void **unused)
{
	struct scene scene;
	int end_fd;

	start_scene(&scene, &end_fd);
	open_keep(&scene, end_fd);
	watch(&scene);
	say(&scene, (struct wire_record){.kind = WIRE_EXIT, .number = 7}, -1);
	assert_int_equal(loop_run(scene.loop), 0);
	assert_int_equal(heard(&scene, NULL).number, 7);
	end(&scene);
}

static void the_last_words_of_a_keeper_are_heard_before_its_end(void **unused)
{
	struct scene scene;
	struct err err = {0};
	int status = 0;
	int end_fd;

	start_scene(&scene, &end_fd);
	open_keep(&scene, end_fd);
	watch(&scene);
	scene.wanted = true;
	assert_int_equal(keep_store(scene.keep, "unread", STDERR_FILENO, &err), 0);
	say(&scene, (struct wire_record){.kind = WIRE_EXIT, .number = 7}, -1);
	fd_drop(&scene.keeper);
	assert_int_equal(loop_run(scene.loop), 0);
	assert_int_equal(scene.lost, 1);
	assert_int_equal(keep_exit_of(scene.keep, 7, &status), 0);
	assert_false(keep_is_kept(scene.keep));
	assert_int_equal(keep_store(scene.keep, "later", STDERR_FILENO, &err), 0);
	assert_int_equal(keep_succeed(scene.keep, &err), -ENOENT);
	assert_true(fcntl(STDERR_FILENO, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fcntl(STDERR_FILENO, F_SETFD, 0), 0);
	end(&scene);
}

static void an_upgrade_is_asked_for_and_comes_back(void **unused)
{
	struct scene scene;
	struct err err = {0};
	int end_fd;

	start_scene(&scene, &end_fd);
	open_keep(&scene, end_fd);
	watch(&scene);
	assert_int_equal(keep_upgrade(scene.keep, &err), 0);
	assert_int_equal(heard(&scene, NULL).kind, WIRE_UPGRADE);
	say(&scene, (struct wire_record){.kind = WIRE_UPGRADE}, -1);
	assert_int_equal(loop_run(scene.loop), 0);
	assert_int_equal(scene.replaced, 1);
	end(&scene);
}

/* The keeper wakes up in another process, since the loop blocks in this one. */
static void a_keeper_that_does_not_listen_is_told_later(void **unused)
{
	struct scene scene;
	struct err err = {0};
	char name[16];
	int end_fd;

	start_scene(&scene, &end_fd);
	open_keep(&scene, end_fd);
	watch(&scene);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(keep_store(scene.keep, name, STDERR_FILENO, &err), 0);
	}
	keep_ready(scene.keep);
	if (fork() == 0) {
		unsigned kind = 0;

		for (unsigned told = 0; told < 1000 || kind != WIRE_READY;) {
			kind = heard(&scene, NULL).kind;
			told += kind == WIRE_FD;
		}
		say(&scene, (struct wire_record){.kind = WIRE_UPGRADE}, -1);
		_exit(0);
	}
	assert_int_equal(loop_run(scene.loop), 0);
	assert_int_equal(scene.replaced, 1); /* it has heard of all */
	assert_true(wait(NULL) > 0);
	end(&scene);
}

static void a_keeper_that_dies_before_it_has_told_is_succeeded(void **unused)
{
	struct scene scene;
	struct keep *keep = NULL;
	struct err err = {0};
	int end_fd;

	start_scene(&scene, &end_fd);
	fd_drop(&scene.keeper);
	assert_int_equal(keep_open(&(struct keep_origin){.fd = end_fd}, &keep, &err), -ENOENT);
	assert_string_equal(err.text, "no keeper to become");
	assert_null(keep);
}

static void records_of_another_version_are_not_listened_to(void **unused)
{
	struct scene scene;
	struct wire_record record = {.version = WIRE_VERSION + 1, .kind = WIRE_EXIT, .number = 7};
	int status = 0;
	int end_fd;

	start_scene(&scene, &end_fd);
	assert_int_equal(send(scene.keeper, &record, sizeof(record), 0), sizeof(record));
	assert_int_equal(send(scene.keeper, "?", 1, 0), 1);
	open_keep(&scene, end_fd);
	assert_int_equal(keep_exit_of(scene.keep, 7, &status), -ENOENT);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_keeper_everything_works_and_nothing_is_kept),
		cmocka_unit_test(what_is_stored_and_dropped_is_told),
		cmocka_unit_test(a_name_that_is_too_long_is_refused),
		cmocka_unit_test(what_was_left_is_taken_once),
		cmocka_unit_test(what_nobody_takes_is_closed_and_dropped),
		cmocka_unit_test(an_end_is_known_until_it_is_seen),
		cmocka_unit_test(a_later_end_reaches_the_handler),
		cmocka_unit_test(an_end_that_comes_during_adoption_is_offered_after_it),
		cmocka_unit_test(an_end_that_nobody_wants_is_seen_at_once),
		cmocka_unit_test(the_last_words_of_a_keeper_are_heard_before_its_end),
		cmocka_unit_test(an_upgrade_is_asked_for_and_comes_back),
		cmocka_unit_test(a_keeper_that_does_not_listen_is_told_later),
		cmocka_unit_test(a_keeper_that_dies_before_it_has_told_is_succeeded),
		cmocka_unit_test(records_of_another_version_are_not_listened_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
