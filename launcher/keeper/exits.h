// SPDX-License-Identifier: GPL-2.0-or-later
/* How the processes that a supervisor has left have ended, until a supervisor has that written
 * down. A table of fixed size: what does not fit stays with the kernel, as a zombie. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define EXITS_MAX 1024

struct exited {
	pid_t pid;
	int status; /* as wait(2) has it */
	bool told;  /* the present supervisor was sent it */
};

/* The entry, or NULL: full. */
struct exited *exits_put(pid_t pid, int status);

void exits_drop(pid_t pid);

/* The first that the present supervisor was not sent; NULL: none. */
struct exited *exits_untold(void);

/* There is a new supervisor: it was sent none. */
void exits_tell_again(void);

size_t exits_count(void);
const struct exited *exits_at(size_t at);
