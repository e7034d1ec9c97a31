// SPDX-License-Identifier: GPL-2.0-or-later
/* `davit up` in the foreground: logs and changes of state until the stack ends or a signal ends
 * it. */
#pragma once

#include "launcher/cli/cli.h"
#include "launcher/cli/logset.h"

struct follow {
	int signal_fd;
	struct logset logs;
	struct strv started; /* services that this `up` has started something of */
	bool whole;	     /* the whole stack is this `up`'s: nothing of it ran before */
};

/*
 * To be called before the stack is asked to do anything: from here signals are held back, and only
 * what is logged from now on will be shown.
 *
 * @services	whose logs; NULL or empty: all. Borrowed until follow_close().
 */
int follow_open(struct follow *follow, const char *stack, const char *const *services,
		struct err *err) must_check;
void follow_close(struct follow *follow);
#define autofollow __attribute__((cleanup(follow_close)))

/*
 * Shows what the stack does; SIGINT, SIGTERM and SIGHUP stop it gracefully, a second one at once.
 * A stack in which nothing runs any more is brought down too. Of a stack that ran before, only the
 * services in follow->started are stopped, and their end is the end.
 *
 * Returns the exit code of `up`: EXIT_FAILED when all has ended and some of it failed.
 */
int follow_stack(const struct cli *cli, const char *stack, struct follow *follow) must_check;
