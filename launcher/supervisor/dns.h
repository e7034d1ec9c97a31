// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stack's name server as the supervisor sees it: a process (launcher/dns) that is told all
 * names as a whole whenever they change, and started again at once when it dies. Its sockets are
 * ours, one pair for each network, bound to the gateway: what is asked while no process is there
 * waits in them. Process and sockets outlive the supervisor: the keeper has our ends.
 */
#pragma once

#include "runtime/base/buf.h"

#include <stdbool.h>

struct supervisor;

/* Tells the names as they are now; starts what is not there. */
void dns_write(struct supervisor *sup);

/* Whether instances of that network are to ask its gateway. */
bool dns_serves(const struct supervisor *sup, const char *network);

/* Goes on with the process of a predecessor, unless another one is installed now. */
void dns_adopt(struct supervisor *sup);

/* Ends what a predecessor has left that nobody adopts. */
void dns_purge(const struct supervisor *sup);

/* Ends it. */
void dns_close(struct supervisor *sup);

/* Appends all names, as launcher/dns/table.h has them. */
void dns_names(struct supervisor *sup, struct buf *text);
