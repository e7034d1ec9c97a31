// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The supervisor's one event loop (sd-event behind it, so that nothing else includes its header).
 *
 * A watch is one source: an fd, a timer or deferred work. Its callback may free any
 * watch, its own included. Everything runs in the one thread that calls loop_run().
 */
#pragma once

#include "runtime/base/err.h"

#include <stdint.h>

struct histogram;
struct loop;
struct watch;

typedef void (*loop_fd_fn)(void *data, int fd, uint32_t epoll_events);
typedef void (*loop_fn)(void *data);

enum loop_priority {
	LOOP_FIRST = -10, /* exits: the state must be true before anyone asks for it */
	LOOP_NORMAL = 0,
	LOOP_SETTLE = 10, /* decisions, once per turn after all that has happened */
	LOOP_LOGS = 20,	  /* floods, of which there is always more, wait for everything else */
};

int loop_open(struct loop **ret_loop, struct err *err) must_check;
/* Its watches are freed first. */
void loop_close(struct loop *loop);

/* Runs until loop_stop(); returns the code given there, or -errno when the loop itself failed. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int code);

/* CLOCK_MONOTONIC in microseconds, read now. */
int64_t loop_clock_us(void);

/* How long the turns took: from a wake-up until the loop waits again. Borrowed. */
const struct histogram *loop_turns(const struct loop *loop);

/* The same without what the loop waited for a processor that others had: what is left is its own
 * work, and what the kernel made it wait for. Where the kernel does not count that, the same. */
const struct histogram *loop_own_turns(const struct loop *loop);

/* CLOCK_MONOTONIC in milliseconds, read when the present turn of the loop began. */
int64_t loop_now_ms(struct loop *loop);

struct loop_io {
	int fd; /* borrowed, must outlive the watch */
	uint32_t epoll_events;
	loop_fd_fn fn;
	void *data;
};

int loop_watch_fd(struct loop *loop, const struct loop_io *io, struct watch **ret_watch,
		  struct err *err) must_check;

/* A timer, not armed yet. Fires once per watch_arm(). */
int loop_watch_timer(struct loop *loop, loop_fn fn, void *data, struct watch **ret_watch,
		     struct err *err) must_check;

/* The same by the clock on the wall, whoever sets it: fires once per watch_arm_at(). */
int loop_watch_clock(struct loop *loop, loop_fn fn, void *data, struct watch **ret_watch,
		     struct err *err) must_check;

/* Work to do once in the turn after watch_trigger(). */
int loop_watch_deferred(struct loop *loop, loop_fn fn, void *data, struct watch **ret_watch,
			struct err *err) must_check;

void watch_priority(struct watch *watch, enum loop_priority priority);
/* No more calls for this fd, until they are wanted again; for which the kernel needs memory:
 * -ENOMEM. */
void watch_pause(struct watch *watch);
int watch_resume(struct watch *watch) must_check;

void watch_arm(struct watch *timer, int64_t delay_ms);
/* @time_s: CLOCK_REALTIME; one that has passed is now */
void watch_arm_at(struct watch *clock, int64_t time_s);
void watch_disarm(struct watch *timer);
void watch_trigger(struct watch *deferred);

/* Accepts NULL. */
void watch_free(struct watch *watch);
