// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stack on paper for random tests of the deciders: services that depend on one another, wishes,
 * and an executor that does with instances what the supervisor does with processes.
 */
#pragma once

#include "launcher/policy/instance_fsm.h"
#include "launcher/policy/observed.h"
#include "launcher/policy/restart.h"

#define INSTANCES_MAX 256
#define REVISIONS     8

enum { API, CACHE, DB, GATEWAY, LONER_, SEED, WORKER, SERVICES };

extern struct service model_services[SERVICES];

struct actor {
	size_t service;
	struct observed seen;
	struct restart_history history;
	int64_t started_ms;
	bool process;
	bool executed; /* the exec of this process has worked */
	bool backoff_timer;
	bool grace_timer;
	bool draining;
	bool probing;
	bool gone;
};

struct world {
	uint64_t random;
	int64_t now_ms;
	struct service members[SERVICES]; /* the services in the manifest at the moment */
	size_t origin[SERVICES];	  /* their places in services[] */
	struct stack stack;
	unsigned wanted[SERVICES]; /* by place in services[]; counts while in the manifest */
	size_t revision[SERVICES];
	struct rollout_spec rollouts[SERVICES];
	struct desired desired[SERVICES]; /* parallel to members */
	struct actor actors[INSTANCES_MAX];
	size_t count;
	unsigned published[SERVICES]; /* how many were ready when last told */
	size_t starts;
};

/* A random number. */
uint64_t model_draw(struct world *world, uint64_t below);

bool model_is_task(size_t service);

/* All services but one are in the manifest; SERVICES: all are. */
void model_write(struct world *world, size_t without);

/* What is desired is what is wanted. */
void model_wish(struct world *world);

unsigned model_ready(const struct world *world, size_t service);

void model_feed(struct world *world, struct actor *actor, enum instance_event event);

/* The exec has worked. */
void model_executed(struct world *world, struct actor *actor);

/* The process ends; before its exec has worked that means the start failed. */
void model_ended(struct world *world, struct actor *actor, int code);

/* Forgets who is gone. */
void model_sweep(struct world *world);

/* NULL: its service is not in the manifest. */
const struct desired *model_desired(const struct world *world, const struct observed *seen);
