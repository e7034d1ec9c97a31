// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes system calls fail: those that make, change or read something, of this process and of what
 * it clones, also between clone and exec where no library function is called. The kernel asks
 * another process of ours about each (seccomp user notification), and that one counts.
 *
 * Calls that only undo (close, unlink, umount, kill, wait) never fail: what cannot be undone stays.
 * Nor do those of a program once it is executed.
 */
#pragma once

#include <stdint.h>

/* For the rest of this process's life. Ends the program with 77, saying why, where the kernel has
 * no such thing. */
void calls_begin(void);

/* From now on call number @nth fails, counted from 1, with @errnum; 0: as this call is likely to.
 */
void calls_arm(uint64_t nth, int errnum);

/* Nothing fails any more. Returns the name of the call that did, NULL when there were fewer. */
const char *calls_disarm(void);
