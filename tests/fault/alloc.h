// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes allocations fail: every one of the program it is part of goes through here, whichever
 * library asks for it. Also a library of its own, to be preloaded; then the state of a supervisor
 * is the file that DAVIT_FAULT_FILE names, which whoever runs the test writes to. Children of a
 * fork or clone count with their parent.
 */
#pragma once

#include <stdint.h>

/* Shared with the other side as it is: eight bytes each, host byte order. */
struct alloc_state {
	uint64_t count;	 /* allocations asked for since it was armed */
	uint64_t from;	 /* the first that fails, counted from 1; 0: none does */
	uint64_t until;	 /* the last that fails */
	uint64_t failed; /* how many did */
};

/* From now on allocation number @nth fails, counted from 1. */
void alloc_arm(uint64_t nth);

/* Nothing fails any more; returns how many did since it was armed. */
uint64_t alloc_disarm(void);
