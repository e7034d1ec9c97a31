// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * No timer is lost to a turn of the loop that fails for want of memory, and no descriptor because
 * the kernel lacks it: what never happens is waited for, for ever. Tries every allocation.
 */
#include "launcher/supervisor/loop.h"
#include "tests/fault/alloc.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As many as sd-event has room for at first: who is due next needs more. */
#define DEFERRED 16

struct scene {
	struct loop *loop;
	struct watch *timer;
	struct watch *deferred[DEFERRED];
};

static void on_fired(void *data)
{
	const struct scene *scene = data;

	loop_stop(scene->loop, 0);
}

static void open_scene(struct scene *scene)
{
	struct err err = {0};

	*scene = (struct scene){0};
	assert_int_equal(loop_open(&scene->loop, &err), 0);
	for (size_t i = 0; i < DEFERRED; i++)
		assert_int_equal(loop_watch_deferred(scene->loop, on_fired, scene,
						     &scene->deferred[i], &err),
				 0);
	assert_int_equal(loop_watch_timer(scene->loop, on_fired, scene, &scene->timer, &err), 0);
	watch_arm(scene->timer, 1);
}

static void close_scene(struct scene *scene)
{
	for (size_t i = 0; i < DEFERRED; i++)
		watch_free(scene->deferred[i]);
	watch_free(scene->timer);
	loop_close(scene->loop);
}

/* One whose wake-up is lost does not come back from here. Returns whether one has failed. */
static bool run_with(uint64_t nth)
{
	struct scene scene;

	open_scene(&scene);
	alloc_arm(nth);
	int r = loop_run(scene.loop);
	bool failed = alloc_disarm() > 0;

	assert_int_equal(r, 0);
	close_scene(&scene);
	return failed;
}

static void a_timer_whose_turn_fails_fires_all_the_same(void **unused)
{
	uint64_t nth = 1;

	(void)unused;
	while (run_with(nth))
		nth++;
	assert_true(nth > 1); /* one at least was there to fail */
}

/* ---- what the kernel has no memory for ---- */

static unsigned failing; /* so many times more */

/* In front of the C library's. */
int epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event)
{
	if (op == EPOLL_CTL_ADD && failing > 0) {
		failing--;
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, epoll_fd, op, fd, event);
}

static void on_readable(void *data, int fd, uint32_t events)
{
	loop_stop(data, (int)events);
}

static void a_descriptor_that_cannot_be_watched_again_is_so_later(void **unused)
{
	struct loop *loop = NULL;
	struct watch *watch = NULL;
	struct err err = {0};
	int fds[2];

	(void)unused;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "", 1), 1);
	assert_int_equal(loop_open(&loop, &err), 0);
	const struct loop_io io = {fds[0], EPOLLIN, on_readable, loop};

	assert_int_equal(loop_watch_fd(loop, &io, &watch, &err), 0);
	watch_pause(watch);
	failing = 2;
	watch_resume(watch);
	assert_int_equal(failing, 1); /* the control: it was asked for */
	assert_int_equal(loop_run(loop), EPOLLIN);
	failing = 1;
	watch_pause(watch);
	watch_resume(watch);
	watch_free(watch); /* and is not resumed any more */
	loop_close(loop);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_whose_turn_fails_fires_all_the_same),
		cmocka_unit_test(a_descriptor_that_cannot_be_watched_again_is_so_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
