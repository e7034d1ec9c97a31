// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The resolv.conf of a revision: it names the gateway of its main network, where the stack's name
 * server is. Where there is none, what the service says, else the host's file.
 */
#pragma once

#include "launcher/supervisor/plan.h"

struct supervisor;

/* @ret_path	out: the caller's to free; untouched where the host's file will do */
int resolver_write(const struct supervisor *sup, struct plan *plan, char **ret_path,
		   struct err *err) must_check;

/* Whether its next run asks the stack's own name server. */
bool resolver_serves(const struct supervisor *sup, const struct plan *plan);

/* Before a run: a file that was written before there was a network is written again. */
int resolver_prepare(const struct supervisor *sup, struct plan *plan, struct err *err) must_check;
