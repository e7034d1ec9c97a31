// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The socket over which an instance tells of itself, as sd_notify(3) does: one per run, with an
 * abstract name in the network namespace of the instance, so that nothing has to be mounted and
 * nobody elsewhere can reach it. What comes over it is hostile until proven otherwise.
 */
#pragma once

#include "runtime/base/err.h"

struct instance;
struct notify;

/*
 * Opens the socket for the run to come, instead of that of the last one, where the service has a
 * probe that listens.
 * @netns_fd	the network namespace the run will be in; -1: the host's
 * @name	that of a predecessor's socket, which a run goes on using; NULL: a new one
 */
int notify_open(struct instance *instance, int netns_fd, const char *name,
		struct err *err) must_check;

/* By which notify_open() opens it again; NULL for NULL. */
const char *notify_name(const struct notify *notify);

/* Accepts NULL. */
void notify_close(struct notify *notify);

/* The variables by which the program finds it, NULL-terminated; valid as long as the socket. NULL
 * for NULL. */
char *const *notify_environment(const struct notify *notify);

/* What the instance has said as its STATUS; NULL: nothing. */
const char *notify_status(const struct notify *notify);
