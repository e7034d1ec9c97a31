// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sd-event behind our own face; see loop.h. An sd-event callback that returns an error has its
 * source disabled for good (that made PID 1 deaf once, CVE-2016-7796), so every callback here
 * returns 0.
 */
#include "launcher/supervisor/loop.h"

#include "launcher/policy/histogram.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

/* Ten years: what is to come later does not come, and nothing overflows. */
#define DELAY_MS_MAX (10ll * 366 * 86400 * 1000)

#define TURN_TRIES    1000
#define TURN_PAUSE_NS 10000000

struct loop {
	sd_event *event;
	struct histogram turns, own_turns;
	int sched_fd; /* what the scheduler counts of this thread; -1: it does not */
};

struct watch {
	sd_event_source *source;
	union {
		loop_fd_fn fd;
		loop_fn plain;
	} fn;
	void *data;
};

int loop_open(struct loop **ret_loop, struct err *err)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int r = loop ? sd_event_new(&loop->event) : -ENOMEM;

	if (r < 0) {
		free(loop);
		return err_set(err, -r, "event loop");
	}
	loop->sched_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	*ret_loop = loop;
	return 0;
}

void loop_close(struct loop *loop)
{
	if (!loop)
		return;
	sd_event_unref(loop->event);
	fd_drop(&loop->sched_fd);
	free(loop);
}

int64_t loop_clock_us(void)
{
	return clock_now_us();
}

const struct histogram *loop_turns(const struct loop *loop)
{
	return &loop->turns;
}

const struct histogram *loop_own_turns(const struct loop *loop)
{
	return &loop->own_turns;
}

/* How long this thread could have run and has not, since others did: the second number of three,
 * in nanoseconds. */
static int64_t waited_us(const struct loop *loop)
{
	char text[96] = "";
	char *second = text;

	if (loop->sched_fd < 0 || pread(loop->sched_fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	(void)strtoull(text, &second, 10);
	return (int64_t)(strtoull(second, NULL, 10) / 1000);
}

/* What sd_event_run() does, with a look at the clock. */
static int loop_turn(struct loop *loop, uint64_t wait_usec)
{
	int r = sd_event_prepare(loop->event);

	if (r == 0)
		r = sd_event_wait(loop->event, wait_usec);
	if (r <= 0)
		return r;
	int64_t waited_before_us = waited_us(loop);
	int64_t begin_us = loop_clock_us();

	r = sd_event_dispatch(loop->event);
	int64_t took_us = loop_clock_us() - begin_us;

	histogram_add(&loop->turns, took_us);
	histogram_add(&loop->own_turns, took_us - (waited_us(loop) - waited_before_us));
	return r;
}

/* A turn fails for want of memory. What was to be done in it is still to be done: it is tried
 * again, and only who never succeeds ends. Without waiting: that a timer is due the kernel says
 * once. */
int loop_run(struct loop *loop)
{
	const struct timespec pause = {.tv_nsec = TURN_PAUSE_NS};
	unsigned failed = 0;
	int code = 0;
	int r = 0;

	while (failed < TURN_TRIES && sd_event_get_state(loop->event) != SD_EVENT_FINISHED) {
		r = loop_turn(loop, failed ? 0 : UINT64_MAX);
		failed = r < 0 ? failed + 1 : 0;
		if (r < 0)
			nanosleep(&pause, NULL);
	}
	return r < 0 ? r : sd_event_get_exit_code(loop->event, &code) < 0 ? 0 : code;
}

void loop_stop(struct loop *loop, int code)
{
	(void)sd_event_exit(loop->event, code); /* fails only when the loop is already over */
}

int64_t loop_now_ms(struct loop *loop)
{
	uint64_t usec = 0;

	(void)sd_event_now(loop->event, CLOCK_MONOTONIC, &usec); /* fails for unknown clocks only */
	return (int64_t)(usec / 1000);
}

static int on_fd(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct watch *watch = userdata;

	watch->fn.fd(watch->data, fd, events);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct watch *watch = userdata;

	watch->fn.plain(watch->data);
	return 0;
}

static int on_deferred(sd_event_source *source, void *userdata)
{
	struct watch *watch = userdata;

	watch->fn.plain(watch->data);
	return 0;
}

static struct watch *watch_new(void *data)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (watch)
		watch->data = data;
	return watch;
}

static int watch_made(struct watch *watch, int r, struct watch **ret_watch, struct err *err)
{
	if (!watch || r < 0) {
		free(watch);
		return err_set(err, watch ? -r : ENOMEM, "event source");
	}
	*ret_watch = watch;
	return 0;
}

int loop_watch_fd(struct loop *loop, const struct loop_io *io, struct watch **ret_watch,
		  struct err *err)
{
	struct watch *watch = watch_new(io->data);
	int r = -ENOMEM;

	if (watch) {
		watch->fn.fd = io->fn;
		r = sd_event_add_io(loop->event, &watch->source, io->fd, io->epoll_events, on_fd,
				    watch);
	}
	return watch_made(watch, r, ret_watch, err);
}

static int watch_time(struct loop *loop, clockid_t clock, const struct watch *with,
		      struct watch **ret_watch, struct err *err)
{
	struct watch *watch = watch_new(with->data);
	int r = -ENOMEM;

	if (watch) {
		watch->fn = with->fn;
		/* 1 ms of slack lets timers of one moment share a wake-up. */
		r = sd_event_add_time(loop->event, &watch->source, clock, UINT64_MAX, 1000,
				      on_timer, watch);
	}
	if (r >= 0)
		r = sd_event_source_set_enabled(watch->source, SD_EVENT_OFF);
	return watch_made(watch, r, ret_watch, err);
}

int loop_watch_timer(struct loop *loop, loop_fn fn, void *data, struct watch **ret_watch,
		     struct err *err)
{
	const struct watch with = {.data = data, .fn.plain = fn};

	return watch_time(loop, CLOCK_MONOTONIC, &with, ret_watch, err);
}

int loop_watch_clock(struct loop *loop, loop_fn fn, void *data, struct watch **ret_watch,
		     struct err *err)
{
	const struct watch with = {.data = data, .fn.plain = fn};

	return watch_time(loop, CLOCK_REALTIME, &with, ret_watch, err);
}

int loop_watch_deferred(struct loop *loop, loop_fn fn, void *data, struct watch **ret_watch,
			struct err *err)
{
	struct watch *watch = watch_new(data);
	int r = -ENOMEM;

	if (watch) {
		watch->fn.plain = fn;
		r = sd_event_add_defer(loop->event, &watch->source, on_deferred, watch);
	}
	if (r >= 0)
		r = sd_event_source_set_enabled(watch->source, SD_EVENT_OFF);
	return watch_made(watch, r, ret_watch, err);
}

/* The calls below fail only for a dead source or a finished loop, where nothing is to be done any
 * more; but for a descriptor that is watched again, for which the kernel needs memory. */

void watch_priority(struct watch *watch, enum loop_priority priority)
{
	(void)sd_event_source_set_priority(watch->source, priority);
}

void watch_pause(struct watch *watch)
{
	(void)sd_event_source_set_enabled(watch->source, SD_EVENT_OFF);
}

int watch_resume(struct watch *watch)
{
	int r = sd_event_source_set_enabled(watch->source, SD_EVENT_ON);

	return r < 0 ? r : 0;
}

void watch_arm(struct watch *timer, int64_t delay_ms)
{
	uint64_t capped_ms = delay_ms < 0 ? 0 : delay_ms > DELAY_MS_MAX ? DELAY_MS_MAX : delay_ms;
	uint64_t usec = capped_ms * 1000;

	(void)sd_event_source_set_time_relative(timer->source, usec);
	(void)sd_event_source_set_enabled(timer->source, SD_EVENT_ONESHOT);
}

void watch_arm_at(struct watch *clock, int64_t time_s)
{
	(void)sd_event_source_set_time(clock->source, (uint64_t)time_s * 1000000);
	(void)sd_event_source_set_enabled(clock->source, SD_EVENT_ONESHOT);
}

void watch_disarm(struct watch *timer)
{
	(void)sd_event_source_set_enabled(timer->source, SD_EVENT_OFF);
}

void watch_trigger(struct watch *deferred)
{
	(void)sd_event_source_set_enabled(deferred->source, SD_EVENT_ONESHOT);
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	sd_event_source_disable_unref(watch->source);
	free(watch);
}
