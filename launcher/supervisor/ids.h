// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ranges of user and group ids, one per stack: who has which is a link RUN/.ids/NUMBER to the
 * stack's name. A stack keeps its range until it is taken down, over the end of its supervisor,
 * too.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdint.h>

/* Above the ids that login.defs, systemd and container engines hand out by themselves, below the
 * half of the numbers that some programs take for negative. */
#define IDS_FIRST  UINT32_C(0x70000000)
#define IDS_COUNT  UINT32_C(65536) /* of a range: nobody, 65534, is among them */
#define IDS_RANGES 4094

/*
 * Takes the range that the stack has already, or a free one: also that of a stack which is gone
 * without having given it back.
 *
 * @run_dir	where the directories of all stacks are
 * @ret_first	out: the first id of the range
 *
 * Returns 0; -EUSERS when all are taken; -errno. Waits while another supervisor is at it.
 */
int ids_take(const char *run_dir, const char *stack, uint32_t *ret_first,
	     struct err *err) must_check;

/* Gives back what the stack has taken; nothing when it has none. */
void ids_give_back(const char *run_dir, const char *stack);
