// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What others reach: names in the shared hosts file, and the addresses of services and published
 * ports, which lead to ready instances.
 */
#pragma once

#include "manifests/stack.h"
#include "runtime/base/buf.h"
#include "runtime/base/ip.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct json_t;
struct supervisor;

/* A port of the host that is ours while the fd is open. */
struct reservation {
	const struct service *service;
	int protocol;
	struct ip host_ip; /* 0.0.0.0, ::: all of that family */
	uint16_t wanted;   /* as the manifest says; 0: any */
	uint16_t last;	   /* 0; else any from wanted to this one */
	uint16_t port;
	uint16_t target;
	int fd;
};

struct port_set {
	struct reservation *items;
	size_t count;
};

/* Whether something has changed that is not published yet, and when it may be. Zero-initialise. */
struct publishing {
	bool names_due;
	bool ports_due;
	bool names_failed; /* not all could be told last */
	bool ports_failed; /* published in vain last, or one is not ours */
	bool names_lack;   /* which is in the log */
	bool ports_lack;
	bool allow_failed; /* who may call whom */
	int64_t names_after_us;
	int64_t ports_after_us;
};

/* The set of instances has changed: the names, before anything else is started when an address is
 * @new. */
void publish_names(struct supervisor *sup, bool new);

/* The set of ready instances has changed. */
void publish_ports(struct supervisor *sup);

/* Who may call whom is new, or is not, @r < 0, and then tried again with the ports. */
void publish_allowed(struct supervisor *sup, int r, const struct err *err);

/* Of the names, or of what leads to the instances, not all could be told for @why: it is told again
 * as a whole, after a second. In the log once, until it could. */
void publish_names_again(struct supervisor *sup, const char *why);
void publish_ports_again(struct supervisor *sup, const char *why);

/* Something is yet to be published. What is published again is not: nobody waits for that. */
bool publish_is_due(const struct supervisor *sup);

/*
 * Publishes what is due. Each change costs as much as there are instances, so while many come or go
 * several changes are published at once; the rest is seen to by a timer. Whether
 * anything has been published now.
 */
bool publish_all(struct supervisor *sup);

/*
 * Reserves the ports of @stack's selected services, keeping those that are held already.
 *
 * @selected	parallel to stack->services
 * @ret_set	out: for publish_commit() or publish_abandon(), whatever this returns
 * @problems	gets a positioned line per port that is not to be had
 *
 * Returns 0 also when there are problems; -ENOMEM.
 */
int publish_reserve(struct supervisor *sup, const struct stack *stack, const bool *selected,
		    struct port_set *ret_set, struct strv *problems) must_check;

/* The set replaces what was reserved before. */
void publish_commit(struct supervisor *sup, struct port_set *set);

/* Everything is as before publish_reserve(). */
void publish_abandon(struct supervisor *sup, struct port_set *set);

/* Goes on with the ports of a predecessor; @text: as stack_text.c has it. */
void publish_restore(struct supervisor *sup, const struct json_t *text);

/* Closes all. */
void publish_close(struct supervisor *sup);
