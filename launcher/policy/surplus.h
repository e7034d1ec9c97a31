// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which instances of a service are more than there shall be: the least useful ones. Pure.
 */
#pragma once

#include "launcher/policy/observed.h"

/*
 * Sets `surplus` of every instance: all but the most useful `replicas` of its service, and all of a
 * service unknown to the stack.
 *
 * Of two the more useful one is, by the first of these that tells them apart: the one that is not
 * stopping; that is further on its way to serving (ready, completed, unready, starting, waiting,
 * backoff, failed); that is not outdated; that has more connections; that was started earlier; that
 * has the lower index. So who is stopped for being surplus stays surplus while others change, and
 * where there are no more than wanted nobody is, however useful.
 *
 * @desired	parallel to stack->services
 * @scratch	room for @count; its contents are of no use afterwards
 *
 * O(n) where the instances come by service and nothing is to be chosen, else O(n log n).
 */
void surplus_mark(const struct stack *stack, const struct desired *desired,
		  struct observed *observed, size_t count, struct observed **scratch);
