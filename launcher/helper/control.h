// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a helper hears from its supervisor, whoever that is at the moment: a supervisor that dies is
 * followed by one that has the same socket from the keeper.
 */
#pragma once

#include "launcher/helper/sources.h"
#include "launcher/helper/words.h"

#include <stdbool.h>

struct control {
	struct source source;
	int loop_fd;
	int fd;	       /* -1: supervisor and keeper have gone */
	int record_fd; /* -1: nobody will find us again */
	/* Another word than those of all helpers; @fd is the callee's if it takes it. */
	void (*heed)(void *data, char word, const char *key, int *fd);
	void *data;
};

/* Listens at @fd from now on. @control stays where it is. */
int control_open(struct control *control, int loop_fd, int fd, struct err *err) must_check;

/* All that the supervisor has said by now. May end the process. */
void control_hear(struct control *control);

/* Nobody is left who knows of this process: it is to end. */
bool control_is_superseded(const struct control *control);
