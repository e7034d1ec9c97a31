// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long an instance that is to be stopped goes on for the connections it has, new ones going
 * elsewhere already. Pure.
 */
#pragma once

#include "manifests/stack.h"

/*
 * At most so long, in milliseconds: x-drain, or stop_grace_period where it is not written.
 *
 * @grace_ms	what a command has given it to end, which is a limit for this too; -1: nothing
 */
int64_t drain_limit_ms(const struct service *service, int64_t grace_ms);

/*
 * What follows from its @connections, seen @waited_ms after the beginning: 0: stop it now; else
 * look again so many milliseconds later.
 */
int64_t drain_pause_ms(unsigned connections, int64_t waited_ms, int64_t limit_ms);
