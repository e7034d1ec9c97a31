// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What others reach: names in the shared hosts file, and published ports, which go to ready
 * instances.
 */
#pragma once

#include "manifests/stack.h"
#include "runtime/base/buf.h"

#include <netinet/in.h>

struct supervisor;

/* A port of the host that is ours while the fd is open. */
struct reservation {
	const struct service *service;
	int protocol;
	struct in_addr host_ip;
	uint16_t wanted; /* as the manifest says; 0: any */
	uint16_t last;	 /* 0; else any from wanted to this one */
	uint16_t port;
	uint16_t target;
	int fd;
};

struct port_set {
	struct reservation *items;
	size_t count;
};

/* Names and ports anew, after the set of instances or of ready ones has changed. */
void publish_all(struct supervisor *sup);

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

/* Closes all. */
void publish_close(struct supervisor *sup);
