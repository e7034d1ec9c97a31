// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recording the system calls of containers, by user notification: the kernel asks a process of our
 * own about each call, which notes it and lets it go on. That process is a child made for it and
 * holds nothing else, so whoever records neither waits nor works for the recorded ones; these are
 * slowed down by two switches of process for each call.
 *
 * The recording process ends when its parent has let go of it and the last recorded process has
 * ended: as long as one lives it must be answered.
 */
#pragma once

#include "runtime/base/buf.h"

struct recorder;

int recorder_start(struct recorder **ret_recorder, struct err *err) must_check;

/* Nothing more will be recorded than what is; recorder_pidfd() becomes readable when all that has
 * ended. */
void recorder_stop(struct recorder *recorder);

/* The recording process, to be watched and reaped by the caller. */
int recorder_pidfd(const struct recorder *recorder);

/* A profile that allows what was recorded up to now, as JSON, and refuses all else. */
int recorder_profile(const struct recorder *recorder, struct buf *out, struct err *err) must_check;

/* Accepts NULL. What is being recorded goes on. */
void recorder_free(struct recorder *recorder);

/* In a cloned child that has set no_new_privs or has CAP_SYS_ADMIN: from here on its calls are
 * recorded, once it has called exec. Allocates nothing. Before the filter that confines it, which
 * decides first. */
int recorder_enter(const struct recorder *recorder, struct err *err) must_check;
