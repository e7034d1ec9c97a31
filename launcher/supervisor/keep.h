// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The supervisor's view of its keeper: what is to outlive the supervisor is left with it, and what
 * a predecessor has left is taken from it. Without a keeper (a supervisor that was started by hand)
 * nothing is kept, and everything here works all the same: nothing was left, nothing is lost.
 *
 * Descriptors have names such as "web-1.stdout". They stay the caller's: the keeper has a
 * duplicate. What has been stored must stay open until keep_drop(), called in the same turn of the
 * loop as the close: should the keeper die, all that is stored goes on to its successor.
 *
 * Nothing here blocks once keep_open() has returned.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct keep;
struct loop;

#define KEEP_NAME_MAX 63

struct keep_handler {
	/*
	 * A process that was left by a predecessor, so that it is the keeper's child and not ours,
	 * has ended; @status is as wait(2) has it. Returns true when it is the caller's business,
	 * who calls keep_exit_seen() once it is written down: until then a next supervisor would
	 * hear of it again. False: nobody's.
	 */
	bool (*exited)(void *data, pid_t pid, int status);
	/* The keeper is gone: save what there is, then keep_succeed(). */
	void (*lost)(void *data);
	/* Both are being replaced: save what there is, then exit with KEEP_REPLACED. */
	void (*replace)(void *data);
	void *data;
};

/* The exit status of a supervisor that its keeper is to replace at once. */
#define KEEP_REPLACED 75

/* How this supervisor was started. The strings must outlive the keep. */
struct keep_origin {
	int fd;			/* the socket that the keeper has left us; -1: there is no keeper */
	const char *keeper;	/* its program; NULL without one */
	const char *supervisor; /* our own program */
	const char *stack;
};

/*
 * Hears all that the keeper has, for some seconds at most. Takes origin->fd. Should the keeper die
 * meanwhile this is as keep_succeed().
 *
 * @ret_keep	out: owned by the caller, keep_close()
 */
int keep_open(const struct keep_origin *origin, struct keep **ret_keep, struct err *err) must_check;

/* Listens from now on. @handler is copied. */
int keep_watch(struct keep *keep, struct loop *loop, const struct keep_handler *handler,
	       struct err *err) must_check;

/* Tells the keeper that this supervisor serves: until then its end is the keeper's, too. */
void keep_ready(struct keep *keep);

/* Accepts NULL. What is stored stays stored. */
void keep_close(struct keep *keep);

/* True when there is a keeper, so that what is stored outlives this process. */
bool keep_is_kept(const struct keep *keep);

/* How this supervisor was started. Borrowed. */
const struct keep_origin *keep_origin(const struct keep *keep);

/* True when a predecessor has left something: there is a stack, whatever happens to us. */
bool keep_has_legacy(const struct keep *keep);

/*
 * Has a duplicate of @fd kept under @name, in place of what had the name.
 *
 * -ENAMETOOLONG: more than KEEP_NAME_MAX bytes. -ENOMEM. A keeper that is full drops it in
 * silence: it is a possibility that what was stored is not there.
 */
int keep_store(struct keep *keep, const char *name, int fd, struct err *err) must_check;

/* Forgets @name, whether anything has that name or not. */
void keep_drop(struct keep *keep, const char *name);

/*
 * What a predecessor has stored. It stays stored: keep_drop() when it is closed.
 *
 * Returns the descriptor (close-on-exec), owned by the caller, or -ENOENT. A second call for the
 * same name is -ENOENT, too.
 */
int keep_take(struct keep *keep, const char *name);

/*
 * The end of a process that came while there was no supervisor, or since and was not seen.
 *
 * Returns 0 with @ret_status as wait(2) has it, or -ENOENT: it has not ended, or it was nobody's
 * child here and its status is not known. Says the same until keep_exit_seen().
 */
int keep_exit_of(struct keep *keep, pid_t pid, int *ret_status);

/* The end of @pid is written down: nobody needs to hear of it again. */
void keep_exit_seen(struct keep *keep, pid_t pid);

/* Hears what the keeper has said meanwhile. For who looks for an end before the loop begins. */
void keep_hear(struct keep *keep);

/* Adoption is over: what nobody has taken is closed and dropped. Ends that nobody has asked for
 * with keep_exit_of() are offered to handler.exited, and forgotten when they are nobody's. */
void keep_settle(struct keep *keep);

/* Asks the keeper to have both replaced by what is installed: handler.replace follows. -ENOTCONN
 * without a keeper. */
int keep_upgrade(struct keep *keep, struct err *err) must_check;

/*
 * Becomes the keeper of the stack, by an exec: same process, so that its children stay its own, and
 * with all that is stored. It starts a new supervisor. Returns only on failure: -errno.
 */
int keep_succeed(struct keep *keep, struct err *err) must_check;
