// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a group does and lacks, for graphs and for scaling: more than cg_read(), and dearer. What
 * this kernel does not tell is said to be missing, never 0.
 */
#pragma once

#include "runtime/cgroup/cg.h"

/* Time that some (all) of the processes waited for a resource, since the group was made. */
struct cg_pressure {
	uint64_t some_usec;
	uint64_t full_usec;
};

struct cg_load {
	struct cg_usage usage;
	uint64_t working_set_bytes; /* memory less the file pages that nothing has touched lately */
	uint64_t throttled_usec;    /* that it would have run, had its quota allowed */
	bool has_pressure; /* needs a cgroup2 mount, whoever has the controllers, and psi */
	struct cg_pressure cpu;
	struct cg_pressure memory;
	struct cg_pressure io;
	bool has_io; /* needs the controller of disks, which only those with limits for it have */
	uint64_t read_bytes;
	uint64_t write_bytes;
};

/* Returns 0; -ENOENT for a group that is gone; -errno. */
int cg_load_read(const struct cg *cg, struct cg_load *ret_load, struct err *err) must_check;

/* Of it all the processor time only, as cheaply as can be: for who asks often. What is read stays
 * open until cg_free(), as long as there are descriptors in plenty; so with the next two. */
int cg_load_cpu(struct cg *cg, uint64_t *ret_usec, struct err *err) must_check;

/* The memory only, likewise. */
int cg_load_memory(struct cg *cg, uint64_t *ret_bytes, struct err *err) must_check;

/* Processor time and memory only, for lists of many groups: the other members stay 0. */
int cg_load_use(struct cg *cg, struct cg_usage *ret_usage, struct err *err) must_check;

/* The processor time of all groups of a tree together, those that are gone included. */
int cg_load_cpu_all(const struct cg_tree *tree, uint64_t *ret_usec, struct err *err) must_check;
