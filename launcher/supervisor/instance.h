// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One instance of a service: its state, its process, and what it holds of the kernel. Owned by the
 * supervisor's list; its state is changed by instance_event() alone.
 */
#pragma once

#include "launcher/policy/instance_fsm.h"
#include "launcher/policy/reason.h"
#include "launcher/policy/restart.h"
#include "launcher/supervisor/logs.h"
#include "launcher/supervisor/loop.h"
#include "launcher/supervisor/plan.h"
#include "runtime/cgroup/cg.h"
#include "runtime/network/net.h"

#include <stdbool.h>
#include <time.h>

struct instance;
struct measure;
struct notify;
struct probes;
struct record;
struct supervisor;

#define INSTANCE_NAME_MAX 160

/* Whoever waits for a one-off instance. */
struct one_off_client {
	int stdio[3]; /* for its start */
	bool tty;     /* a terminal of the instance's own instead */
	/* Its other side, to be borrowed. */
	int (*terminal)(void *data, int master_fd, struct err *err);
	void (*started)(void *data, const struct instance *instance);
	void (*ended)(void *data, const struct instance *instance); /* the last call */
	void *data;
};

struct instance {
	struct supervisor *sup;
	struct instance *next; /* in sup->instances, by service and index */
	struct plan *plan;
	unsigned index;
	const struct one_off_client *client; /* of a one-off; NULL: nobody waits for it */

	enum instance_state state;
	char *reason;	/* "" where there is none; instance_say() */
	bool blocked;	/* waiting, and its dependencies are not met */
	bool replace;	/* an explicit restart wants it replaced */
	bool started;	/* has run at least once */
	bool unhealthy; /* this run is being ended because its health check failed */
	bool draining;	/* stopping, and its connections may still end: see drain.h */
	bool drain_told;
	unsigned connections;	/* when it was looked at last */
	int64_t drain_begun_ms; /* CLOCK_MONOTONIC, as below */
	int64_t drain_due_ms;	/* the next look */
	struct restart_history history;
	int64_t deadline_ms; /* CLOCK_MONOTONIC: when the timer fires; 0: it does not run */
	int64_t backoff_ms;  /* the delay the last verdict gave */
	int64_t grace_ms;    /* -1: as the manifest says */

	unsigned run;	      /* number of the present or last one; 0: none yet */
	pid_t pid;	      /* 0: no process */
	uint64_t start_ticks; /* see proc.h; 0: not asked for yet */
	int pidfd;
	bool orphaned; /* the keeper that would have told of its end is dead: the pidfd is kept */
	int status_fd;
	struct watch *pid_watch;
	struct watch *status_watch;
	struct watch *reap_watch; /* of one that is not our child */
	unsigned reap_tries;
	struct watch *oom_watch, *oom_recheck;
	struct watch *timer; /* back-off, drain or grace: never two of them */
	struct cg *cg;
	struct retired *retired;       /* for when that goes */
	struct timespec started_at;    /* CLOCK_REALTIME, for people */
	int64_t begun_us;	       /* CLOCK_MONOTONIC: when its start began */
	int64_t started_ms;	       /* CLOCK_MONOTONIC, for decisions */
	int64_t placed_ms;	       /* the same: when it was ready, or completed; 0: not yet */
	uint64_t oom_kills;	       /* in this run, as far as noticed */
	int64_t oom_ms;		       /* when one was noticed last; -1: never */
	unsigned oom_rechecks;	       /* to come */
	struct container_fault *fault; /* of a start on its way, or that failed */
	bool exec_failed;

	const char *told_state; /* in the last event; NULL: there was none yet */
	uint64_t cause;		/* the event that set off what happens to it; 0: none */

	bool has_end;			/* `end` is that of the last run */
	bool end_noted;			/* and what follows from it is still to come */
	struct instance **changed_link; /* NULL: has not changed since it was written down */
	struct instance *next_changed;
	struct run_end end;
	char *end_why;		 /* the same in words, or the failed probe it was ended for */
	struct measure *measure; /* NULL: not looked at yet; see measure.h */
	struct gauges *gauges;	 /* NULL: not asked for numbers; see gauge.h */
	bool start_seen;	 /* how long the present run took to be ready was noted */
	struct probes *probes;	 /* NULL: nothing to probe, or no process */
	struct notify *notify;	 /* NULL: nobody listens to what it says */

	struct net_endpoint *endpoint; /* NULL: the host's network, or that of: */
	struct instance *joined;
	struct log_sink *log;
	int terminal_fd; /* of its terminal: our end, or where that will come to; -1: none */
	char *layer_dir;
	bool own_hosts; /* its hosts file is its own; see hosts.h */
	char name[];	/* "web-1"; of INSTANCE_NAME_MAX at most */
};

/* Makes one in `waiting`, with its address; starts nothing. Takes its own reference of @plan. */
int instance_create(struct supervisor *sup, struct plan *plan, unsigned index,
		    struct err *err) must_check;

/* It shall be gone, and another one come in its place. */
void instance_replace(struct instance *instance);

/* One that is stopping gets this much time from now on, to drain or to end. */
void instance_hasten(struct instance *instance, int64_t grace_ms);

/* A predecessor's instance becomes ours: what was written of it, timers included. Its process, if
 * it has one, is the caller's to set first. */
void instance_restore(struct instance *instance, const struct record *record);

/* Feeds one event to the instance's table and carries out what it says. May free the instance. */
void instance_event(struct instance *instance, enum instance_event event);

void instance_set_reason(struct instance *instance, const char *reason);

/* Keeps a copy of the words in @text, one of an instance's; none without the memory for it. */
void instance_say(char **text, const char *words);

/* Borrowed; NULL when there is none of that name. */
struct instance *instance_find(struct supervisor *sup, const char *name);

/* Its program runs: the process is past everything that comes before the exec. */
bool instance_reached(const struct instance *instance);

/* A one-off: no service wants it. */
bool instance_is_one_off(const struct instance *instance);

/*
 * Starts an additional process in a running instance, as container_exec() does; who it is for and
 * which groups it is in are filled in.
 */
int instance_exec(struct instance *instance, struct container_exec *exec,
		  struct container_process *ret_process, struct container_fault *fault) must_check;

/* Sends a signal to the instance's first process; -ESRCH when it has none. */
int instance_signal(struct instance *instance, int signal_number, struct err *err) must_check;
