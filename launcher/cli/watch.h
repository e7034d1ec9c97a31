// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a stack's instances are doing right now, kept up to date from the control socket's watch
 * stream. Remembers the last state of each instance and reports every change.
 */
#pragma once

#include "launcher/cli/client.h"

struct watch_instance {
	char *name;
	char *service;
	char *state;
	char *reason; /* NULL: none */
};

/* An instance has a new state or reason; @old_state NULL: seen for the first time. */
typedef void watch_report(void *context, const struct watch_instance *instance,
			  const char *old_state);

struct watch {
	char *stack;
	unsigned supervisors; /* how many have been watched, one after the other */
	struct client_stream stream;
	struct watch_instance *instances; /* removed ones are forgotten */
	size_t count;
	bool seen; /* the snapshot has come */
	bool idle;
	struct strv scheduled; /* services that will run by themselves */
	struct strv
		turned_back;  /* services whose new revision has failed, and the one before runs */
	watch_report *report; /* may be NULL */
	void *context;
};

/* Opens the stream; @report may be called from here and from
 * watch_pump(). -ENOTCONN: the stack is not running. A supervisor that dies is followed by the
 * next: only the end of the stack is the end of the stream. */
int watch_open(struct watch *watch, const char *stack, struct err *err) must_check;

/* Opens it once more after watch_open() has failed. */
int watch_reopen(struct watch *watch, struct err *err) must_check;

/* Waits up to @timeout_ms (-1: for ever) for news and takes them in. Returns 1 when there were any
 * or the stream has ended, 0 at the timeout or at a signal. */
int watch_pump(struct watch *watch, int timeout_ms, struct err *err) must_check;

/* Takes in one line of the stream. -EBADMSG when it is not one. */
int watch_apply(struct watch *watch, const struct json_t *line, struct err *err) must_check;

/* Whether nothing runs and nothing will of these services (NULL: of any): each instance there is
 * has ended for good. @ret_failed tells whether one of them failed. */
bool watch_ended(const struct watch *watch, const char *const *services, bool *ret_failed);

/* Whether it is of a service that runs by itself, and again, however it ended. */
bool watch_is_scheduled(const struct watch *watch, const struct watch_instance *instance);

/* Whether it is of one of these services (NULL or empty: of any). */
bool watch_is_of(const struct watch_instance *instance, const char *const *services);

void watch_close(struct watch *watch);
#define autowatch __attribute__((cleanup(watch_close)))
