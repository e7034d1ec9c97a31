// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A thread besides the loop's. It reads the streams of instances that flood, which are lent to it,
 * and keeps them until they are wanted or there is something to tell: nobody else's lines, probes
 * and requests wait for a flood, nor for the disk that it fills. It sleeps when there is nothing
 * to read.
 *
 * Whoever is lent belongs to the thread until he is back; everything here is called by the loop's.
 */
#pragma once

#include "launcher/supervisor/log_stream.h"

#include <stdatomic.h>

struct log_worker;

/* The streams of one instance. Embedded in what lends them. */
struct log_loan {
	struct log_worker *worker;  /* that it was lent to last */
	struct log_loan *next;	    /* among those returned */
	struct log_stream *streams; /* LOG_STREAMS; borrowed */
	void *owner;
	enum { LOAN_OUT, LOAN_SERVED, LOAN_RETURNED } state; /* while it is lent */
	atomic_bool wanted;				     /* back, as soon as may be */
};

/* Starts it. Fails where there is no memory, or no room for another thread. @keep: has its spool,
 * the one of @number. */
int log_worker_start(struct keep *keep, unsigned number, struct log_worker **ret_worker,
		     struct err *err) must_check;

/* After the last loan is back. Accepts NULL. */
void log_worker_stop(struct log_worker *worker);

/* Readable when a loan may have been returned. Borrowed. */
int log_worker_fd(const struct log_worker *worker);

/* How many it has that its owners do not have back. */
size_t log_worker_loans(const struct log_worker *worker);

/* Where it fails, nothing is lent. */
int log_worker_lend(struct log_worker *worker, struct log_loan *loan, struct err *err) must_check;

/* One that has been returned, which is its owner's again; NULL: no more. */
struct log_loan *log_worker_returned(struct log_worker *worker);

/* Has one back at once that is lent: waits for a few reads at most. */
void log_worker_take_back(struct log_loan *loan);
