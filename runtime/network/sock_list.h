// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: the TCP sockets of a network namespace, as the kernel lists them
 * (sock_diag).
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct sock_list;

/* Opens in the calling thread's network namespace; stays there wherever the thread goes. */
int sock_list_open(struct sock_list **ret_list, struct err *err) must_check;

/* Accepts NULL. */
void sock_list_close(struct sock_list *list);

/* Which states are listed; see tcp(7). */
enum sock_states {
	SOCK_LISTENING = 1 << 0,
	SOCK_ESTABLISHED = 1 << 1,
	SOCK_ENDING = 1 << 2, /* also beginning: not established, but something may still be said */
};

struct sock_seen {
	bool listening;
	uint16_t port;	/* its own, in network byte order */
	uint32_t queue; /* of one that listens: who is not accepted yet */
	bool own;	/* both ends are here */
	bool over;	/* closed here, and nothing but the end is to arrive, or nobody is there */
};

/* Whom the sockets are told to. */
struct sock_visitor {
	void (*each)(void *data, const struct sock_seen *seen);
	void *data;
};

/*
 * Tells of the sockets of one address family; those that listen come first.
 *
 * @states	of enum sock_states
 */
int sock_list_run(struct sock_list *list, int family, unsigned states,
		  const struct sock_visitor *visitor, struct err *err) must_check;
