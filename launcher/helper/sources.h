// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A helper's event loop: descriptors and what to do when they have something. One event at a time,
 * so that whoever is called may remove any other source.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* Part of what it belongs to. */
struct source {
	void (*fn)(struct source *source, uint32_t events);
};

#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* Returns the loop, or -errno. */
int sources_open(struct err *err) must_check;

int sources_add(int loop_fd, int fd, uint32_t events, struct source *source) must_check;

/* Other @events of one that was added; 0: none but errors. */
void sources_change(int loop_fd, int fd, uint32_t events, struct source *source);

/* To be called before the close. */
void sources_remove(int loop_fd, int fd);

/* Waits for one event, for @wait_ms at most (-1: for ever), and calls who it is for. Returns
 * whether there was one. */
bool sources_wait(int loop_fd, int wait_ms);

/* CLOCK_MONOTONIC. */
int64_t sources_now_ms(void);
