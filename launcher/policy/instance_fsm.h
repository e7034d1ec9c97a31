// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of one instance as a table: [state][event] -> next state and what to do about it.
 *
 * Owns the names of the states, nothing else. Pure: it looks up and does nothing; the caller keeps
 * the state, carries out the actions and turns what happens in the kernel into events.
 *
 * An instance is born `waiting` and ends with ACT_GONE. Its dependencies gate its first start only:
 * a restart after a back-off does not wait for them again. A broken dependency leaves it waiting,
 * with a reason, because the dependency may recover.
 */
#pragma once

#define INSTANCE_STATE_LIST(X)                                                                     \
	X(WAITING, "waiting")	  /* for its dependencies */                                       \
	X(STARTING, "starting")	  /* being started, or running and not yet healthy */              \
	X(READY, "ready")	  /* runs, and is healthy where it has a health check */           \
	X(UNREADY, "unready")	  /* runs, and fails its health check */                           \
	X(STOPPING, "stopping")	  /* on its way to being gone: its connections end, then it */     \
	X(BACKOFF, "backoff")	  /* ended, will be started again */                               \
	X(COMPLETED, "completed") /* ended as wanted */                                            \
	X(FAILED, "failed")	  /* ended, will not be started again by itself */

#define INSTANCE_EVENT_LIST(X)                                                                     \
	X(DEPS_MET, "deps-met")                                                                    \
	X(DEPS_BROKEN, "deps-broken")                                                              \
	X(EXEC_OK, "exec-ok")		    /* the program runs, and is ready by that */           \
	X(EXEC_OK_PROBED, "exec-ok-probed") /* the program runs, its health is still to come */    \
	X(START_FAILED_RETRY, "start-failed-retry")	  /* restart.h said: restart */            \
	X(START_FAILED_FOR_GOOD, "start-failed-for-good") /* restart.h said: fail */               \
	X(HEALTHY, "healthy")                                                                      \
	X(UNHEALTHY, "unhealthy")		  /* leave it running, out of the ready set */     \
	X(UNHEALTHY_RESTART, "unhealthy-restart") /* and end it, so that it gets restarted */      \
	X(EXITED_RESTART, "exited-restart")	  /* restart.h said: restart */                    \
	X(EXITED_COMPLETED, "exited-completed")	  /* restart.h said: complete */                   \
	X(EXITED_FAILED, "exited-failed")	  /* restart.h said: fail */                       \
	X(BACKOFF_OVER, "backoff-over")                                                            \
	X(GRACE_OVER, "grace-over")                                                                \
	X(DRAINED, "drained") /* drain.h said: no connection is worth waiting for any more */      \
	X(STOP, "stop")	      /* by reconcile: it shall be gone */

#define INSTANCE_ENUM_STATE(id, name) INSTANCE_##id,
#define INSTANCE_ENUM_EVENT(id, name) INSTANCE_EV_##id,

enum instance_state { INSTANCE_STATE_LIST(INSTANCE_ENUM_STATE) INSTANCE_STATES };
enum instance_event { INSTANCE_EVENT_LIST(INSTANCE_ENUM_EVENT) INSTANCE_EVENTS };

/* Carried out in the order of their bits. */
enum instance_action {
	ACT_CANCEL_TIMERS = 1 << 0, /* back-off and grace */
	ACT_STOP_HEALTH = 1 << 1,   /* no further probe; one that runs is killed */
	ACT_PUBLISH = 1 << 2,	    /* the set of ready instances has changed */
	ACT_START = 1 << 3,
	ACT_SIGNAL_STOP = 1 << 4, /* send stop_signal */
	ACT_KILL = 1 << 5,	  /* kill the whole cgroup */
	ACT_ARM_BACKOFF = 1 << 6, /* the delay restart.h gave; then BACKOFF_OVER */
	ACT_ARM_GRACE = 1 << 7,	  /* stop_grace_period; then GRACE_OVER */
	ACT_START_HEALTH = 1 << 8,
	ACT_DRAIN = 1 << 9, /* wait until its connections have ended; then DRAINED */
	ACT_GONE = 1 << 10, /* nothing is left: the caller forgets the instance */
};

enum instance_step_kind {
	STEP_UNSET,  /* a forgotten cell: never in the table */
	STEP_IGNORE, /* the event is late or means nothing here */
	STEP_GO,
};

struct instance_step {
	enum instance_step_kind kind;
	enum instance_state next; /* with STEP_GO; without meaning when ACT_GONE is set */
	unsigned actions;	  /* of enum instance_action */
};

/*
 * What @event does to an instance in @state. Never NULL, never STEP_UNSET.
 * @state and @event are ours: out of range is asserted.
 */
const struct instance_step *instance_step(enum instance_state state, enum instance_event event);

/* The word shown to people and scripts: "waiting", ... */
const char *instance_state_name(enum instance_state state);

/* For the log. */
const char *instance_event_name(enum instance_event event);
