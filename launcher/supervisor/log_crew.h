// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The threads for floods: one while nobody else floods, then one for each processor at most. An
 * instance's streams are with one of them from the loan until they are back, so that their order
 * stays what it was. Everything here runs in the loop's thread.
 */
#pragma once

#include "launcher/supervisor/log_worker.h"
#include "launcher/supervisor/loop.h"

/* More than disks take. */
#define LOG_CREW_MAX (LOG_SPOOLS - 1)

struct log_crew;

/* A loan that a thread has given back: it is its owner's again. */
typedef void (*log_crew_fn)(struct log_loan *loan);

/* Starts no thread yet. Fails for want of memory only. @keep: has the spool of each. */
int log_crew_open(struct loop *loop, struct keep *keep, log_crew_fn on_back,
		  struct log_crew **ret_crew, struct err *err) must_check;

/* After the last loan is back. Accepts NULL. */
void log_crew_close(struct log_crew *crew);

/* Where it fails, nothing is lent. */
int log_crew_lend(struct log_crew *crew, struct log_loan *loan, struct err *err) must_check;

/*
 * Which thread gets the next loan: one that has none, else a new one, else one that has the
 * fewest.
 *
 * @loans	of each thread there is
 * @count	of these
 * @most	that there may be; count..LOG_CREW_MAX, at least 1
 *
 * Returns its place in @loans; @count for a new one.
 */
size_t log_crew_choose(const size_t *loans, size_t count, size_t most);
