// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state of one supervisor: what is wanted (units), what there is (instances), and the handles
 * on the kernel. One process, one loop, one thread but for floods of logs. The files of this folder
 * and what each owns:
 *
 * - supervisor.c: beginning and end; settle.c: desired against observed, once per turn
 * - apply_up.c: a new manifest, foresee.c: what it would change; apply.c: the rest; api.c: requests
 * - instance.c: events and actions of one instance; run_begin.c, run_end.c: its runs; plan.c:
 *   prepared revisions
 * - probe.c: what it is asked, and what follows; probe_exec.c, _tcp.c, _http.c, _listen.c: how;
 *   notify.c: what it says by itself; oom.c: who ran out of memory
 * - balance.c: who is behind a service's address; drain.c: connections that are to end
 * - streams.c: what a run reads and writes; ids.c: ranges of user ids
 * - networks.c, network_definition.c: networks; publish.c: ports; hosts.c: files of names; dns.c,
 *   dns_names.c: their server; neighbours.c, neighbour_names.c: names of other stacks; helper.c: a
 *   process that serves the network; join.c: shared networks; retire.c: what the kernel still has
 *   to let go of
 * - fills.c: new volumes, in processes of their own; volumes.c, images.c: what they are made of
 * - attach.c: exec and run, with a client's fds; run.c: one-off instances
 * - learn.c: profiles of what services call
 * - events.c: what happens, told once: event.c a line of it, event_log.c the history
 * - hold.c: connections to who sleeps; idle.c: who may
 * - rollouts.c: one revision after another; scheduler.c: tasks at their times; wall.c: clocks
 * - scaler.c: how many instances the load asks for; look.c: what all of a service do, measure.c:
 *   what one does
 * - view.c: JSON of what there is, inspect.c: all of one; watch.c: streams of changes; metrics.c:
 *   what is counted, metrics_load.c: what instances use; listing.c: long answers in pieces;
 *   thrift.c: staying small; vacancy.c: the end without a stack
 * - save.c, record.c, stack_text.c, applied.c, state_file.c: what is written for a successor;
 *   restore.c, adopt.c: what that makes of it
 * - keep.c: what outlives this process; kept.c: what of an instance does; succession.c: what to do
 * when its keeper does not
 * - listener.c: the same over TCP, listener_answer.c: what of it, guard.c: for whom; recent.c: the
 *   end of a log
 * - http*.c, loop.c, logs.c (log_worker.c: floods) know nothing of stacks
 */
#pragma once

#include "launcher/supervisor/http.h"
#include "launcher/supervisor/instance.h"
#include "launcher/supervisor/keep.h"
#include "launcher/supervisor/metrics.h"
#include "launcher/supervisor/publish.h"
#include "launcher/supervisor/settle.h"
#include "runtime/base/proc.h"

#include <sys/resource.h>

struct supervisor {
	struct loop *loop;
	char *name;
	char *run_dir;
	char *log_dir;
	char *store_dir; /* external configs and secrets, volumes */
	char *volumes_dir;
	char *filters_dir;  /* compiled system call filters, of all stacks */
	char *layers_dir;   /* writable layers and anonymous volumes, per instance */
	char *networks_dir; /* what stacks know of each other's networks */
	char *hosts_file;
	char *resolv_conf;
	rlim_t nofile_hard;
	struct timespec started_at;
	struct keep *keep; /* what is to outlive this process */
	int lock_fd;
	struct container_ids ids; /* userns_fd -1: those of the host, because: */
	char *ids_why;

	struct manifest *manifest; /* NULL before the first `up` */
	struct unit *units;	   /* parallel to manifest->stack->services */
	struct reservation *ports;
	size_t port_count;
	char boot[PROC_BOOT_ID_SIZE]; /* the host's */
	unsigned generation;	 /* how many supervisors the stack has had, this one included */
	unsigned manifests_made; /* names their files */
	bool changed;		 /* since it was written down */
	struct instance *changed_instances; /* the longest unwritten first */
	struct instance **changed_end;	    /* of a list that is not empty */
	size_t changed_count;
	bool unsaved;	     /* writing does not work at present */
	bool starved;	     /* a predecessor's stack is there, and could not be taken over now */
	unsigned plans_made; /* names their state directories */
	unsigned runs_made;  /* names their cgroups, which may outlive an instance for a moment */

	struct instance *instances;
	size_t instance_count;

	struct cg_tree *cgroups;
	struct net *net; /* NULL until a service needs it */
	struct network_made *networks;
	struct neighbours *neighbours; /* NULL until there is a network */
	bool deaf;		       /* there should be, and it has been told */
	struct dns *dns;	       /* NULL until there is a network */
	struct hold *hold;	       /* NULL while no service may sleep */
	struct retired *retired;
	struct leftover *leftovers;
	struct watch *retire_timer;
	int64_t retire_due_ms; /* of the timer, in the clock's milliseconds; 0: not armed */

	struct metrics metrics;
	struct log_pump *log_pump;
	struct events *events;
	struct http_server *http;
	struct listener *listener;	 /* over TCP; NULL: nobody wants it */
	struct http_prober *http_prober; /* NULL until a probe needs it */
	struct watch *settle;		 /* deferred: something has changed */
	struct watch *save;		 /* deferred: see save.h */
	struct watch *save_again;	 /* of what could not be written */
	struct watch *rollout_timer;	 /* settle again when one need not be watched any more */
	struct watch *retry;		 /* timer: settle again after what failed */
	struct watch *drain_timer;	 /* the next look at connections */
	struct watch *vacancy;		 /* timer: whether anybody wants a stack */
	struct watcher *watchers;
	struct attachment *attachments;
	struct fill *fills; /* see fills.h */
	struct fill_waiter *fill_waiters;
	struct learning *learnings;
	struct scaling *scalings; /* see scaler.h */
	struct watch *scale_timer;
	struct watch *schedule_clock;
	int64_t scale_looked_us; /* when all instances' processor time was read: */
	uint64_t scale_cpu_usec;
	bool idle;
	bool probes_due; /* some could not begin */
	struct publishing publishing;
	bool thrift_due; /* at rest: give back what a command has needed */
	bool ending;	 /* `down`: the loop ends when nothing is left */
	bool remove_volumes;
};

/*
 * Opens everything a supervisor needs; the instances of a dead predecessor are adopted.
 *
 * @clean	nothing is adopted, everything removed
 *
 * Returns -EALREADY when another supervisor has the stack, -EPROTONOSUPPORT when what was written
 * of it is a newer davit's, -ESHUTDOWN when a predecessor died after it had removed everything.
 */
int supervisor_open(const struct keep_origin *origin, bool clean, struct supervisor **ret_sup,
		    struct err *err) must_check;

/* Frees; removes what `down` promised to remove. Accepts NULL. */
void supervisor_close(struct supervisor *sup);

/* Something has changed: settle once, after the events of this turn. */
void supervisor_touch(struct supervisor *sup);

/* One line of the supervisor's own log: `service=web instance=2 event=exited …`. */
void supervisor_log(const struct supervisor *sup, const char *fmt, ...) format_like(2, 3);
