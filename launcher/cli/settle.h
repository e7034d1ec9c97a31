// SPDX-License-Identifier: GPL-2.0-or-later
/* Showing how instances come and go, and waiting until a stack is where it is wanted. */
#pragma once

#include "launcher/cli/watch.h"

/* A watch_report that prints one line per noteworthy change on stderr; @context: the struct
 * settle_options that say of which services, or NULL. */
watch_report settle_show;

/* Like it, but silent about what was so before the first change. */
watch_report settle_show_changes;

struct settle_options {
	/* Only instances of these services are judged; NULL-terminated; NULL or empty: all. */
	const char *const *services;
	int64_t timeout_ms;  /* -1: none */
	bool judge;	     /* false: arriving is enough, whatever the states */
	bool only_changes;   /* silent about what is so already */
	bool *ret_all_ended; /* out: nothing runs any more; may be NULL */
};

/*
 * Waits until the supervisor has nothing on its way, showing progress on stderr; then complains of
 * each judged instance that is neither ready nor completed.
 *
 * Returns EXIT_DONE, EXIT_FAILED or EXIT_TIMEOUT.
 */
int settle_wait(const char *stack, const struct settle_options *options) must_check;
