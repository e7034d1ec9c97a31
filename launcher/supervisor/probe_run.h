// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to the probe*.c files: one probe of one instance, and what a method of probing does.
 */
#pragma once

#include "launcher/policy/vitals.h"
#include "launcher/supervisor/instance.h"

struct probe;

/* How one method asks. A run that has begun ends with probe_done(), or
 * probe->answered(), or is cancelled. */
struct probe_method_ops {
	/* Begins a run and returns before it ends; -errno with err when it cannot even begin. */
	int (*begin)(struct probe *probe, struct err *err);
	/* It has taken too long: true when it will still end by itself, with PROBE_TIMEOUT, or has
	 * ended, as only a method without that does. */
	bool (*expire)(struct probe *probe);
	/* Ends a run without a result; nothing where none runs. */
	void (*cancel)(struct probe *probe);
	/* Frees probe->run, which may be NULL. */
	void (*free)(struct probe *probe);
};

extern const struct probe_method_ops probe_exec_ops;
extern const struct probe_method_ops probe_tcp_ops;
extern const struct probe_method_ops probe_http_ops;
extern const struct probe_method_ops probe_listen_ops;

/* What came of a question for more than yes or no. Borrowed. */
struct probe_answer {
	enum probe_outcome outcome;
	const char *what;  /* why it failed: "exit 1: no such queue" */
	const char *bytes; /* with PROBE_OK: what was printed, or the page */
	size_t len;
};

struct probe {
	struct instance *instance;
	const struct probe_use *use; /* of the plan's service */
	size_t index;
	const struct probe_method_ops *ops; /* NULL: notify, nothing is asked */
	struct watch *timer;		    /* the next run, or the time limit of this one */
	int64_t started_ms;
	bool running;
	bool put_off; /* the supervisor lacks what it takes to ask */
	void *run;    /* of the method */
	/* NULL: it ends with probe_done(); else with this, exec and http alone. */
	void (*answered)(struct probe *probe, const struct probe_answer *answer);
};

/*
 * The end of a run. May free the probe: a failure may stop the instance.
 * @what	of a failure: "connection refused"; without meaning for a time limit or a success
 */
void probe_done(struct probe *probe, enum probe_outcome outcome, const char *what);

/* The end of a run for which the supervisor lacks memory or a descriptor: that says nothing about
 * the instance. It is tried again. */
void probe_put_off(struct probe *probe, const struct err *err);

/* Where a tcp or http probe connects to, and a socket from which it can. */
struct in_addr probe_address(const struct probe *probe);
int probe_socket(const struct probe *probe, int domain, int type, int *ret_fd,
		 struct err *err) must_check;

/* Its service as the manifest has it now, for what may change without touching an instance; NULL:
 * there is none. */
const struct service *probe_service_now(const struct instance *instance);

/* "connection refused": an errno as a part of a sentence. */
void probe_errno_text(int code, char *text, size_t size);
