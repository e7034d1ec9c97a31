// SPDX-License-Identifier: GPL-2.0-or-later
/* Showing how instances come and go, and waiting until a stack is where it is wanted. */
#pragma once

#include "launcher/cli/watch.h"

/* A watch_report that prints one line per noteworthy change on stderr; @context: the struct
 * settle_options that say of which services, or NULL. */
watch_report settle_show;

/* Like it, but silent about what was so before the first change. */
watch_report settle_show_changes;

/* What is shown while a stack is watched: on a terminal a line per service in its place, elsewhere
 * what the watch reports. */
struct settle_view {
	const char *const *services; /* which are shown; NULL or empty: all */
	bool live;		     /* a terminal is drawn on */
	bool changed;		     /* since that */
	size_t lines;		     /* that are on it */
	int64_t begun_ms;
	int64_t drawn_ms;
};

/* Before the watch is opened: it reports to the view where there is a terminal. */
void settle_view_begin(struct settle_view *view, struct watch *watch);

/* Like watch_pump(), which it calls, but may return 0 earlier. */
int settle_view_pump(struct settle_view *view, struct watch *watch, int wait_ms,
		     struct err *err) must_check;

/* Shows how it is at last: from here on nothing is drawn. */
void settle_view_end(struct settle_view *view, const struct watch *watch);

/* Appends how long it has been: "2.10s". */
void settle_view_took(const struct settle_view *view, struct buf *out);

struct settle_options {
	/* Only instances of these services are judged; NULL-terminated; NULL or empty: all. */
	const char *const *services;
	int64_t timeout_ms;  /* -1: none */
	bool judge;	     /* false: arriving is enough, whatever the states */
	bool anew;	     /* nor may a service have been turned back from what was asked for */
	bool until_gone;     /* of services that are named none need be left, whatever others do */
	bool only_changes;   /* silent about what is so already */
	bool *ret_all_ended; /* out: nothing runs any more; may be NULL */
};

/*
 * Waits until the supervisor has nothing on its way, showing progress on stderr; then complains of
 * each judged instance that is neither ready nor completed, and of services that were turned back.
 *
 * Returns EXIT_DONE, EXIT_FAILED or EXIT_TIMEOUT.
 */
int settle_wait(const char *stack, const struct settle_options *options) must_check;
