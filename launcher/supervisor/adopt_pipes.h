// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pipes that an instance writes its output to, once their reader has died. The instance holds
 * them open for reading, too, so they live as long as it does; here they are opened again through
 * the processes that have them. Private to adopt.c.
 */
#pragma once

#include "launcher/policy/adopt.h"
#include "launcher/supervisor/instance.h"
#include "launcher/supervisor/logs.h"

#include <stdbool.h>

/*
 * The same pipes, as the keeper has them: also of an instance that has ended.
 *
 * @ret		out: all four are the caller's
 *
 * False when it does not have both.
 */
bool pipes_kept(const struct instance *instance, struct log_pipes *ret);

/*
 * @inodes	of stdout and stderr; 0: what the first process has as that
 * @ret		out: all four are the caller's
 *
 * False when one of them is not to be had: then nothing is opened.
 */
bool pipes_again(const struct adopt_group *group, size_t leader, const uint64_t inodes[LOG_PIPES],
		 struct log_pipes *ret);
