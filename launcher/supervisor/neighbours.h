// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names in networks that several stacks are in: each stack writes its own down in the network's
 * directory, and wakes the others by an empty datagram to a socket in their run directory. Who is
 * not there to hear it reads all anew when it is. As long as nobody else is in a network nothing is
 * written.
 *
 * A stack's own names come first: others' say what it has no word for itself.
 */
#pragma once

#include "runtime/base/buf.h"

struct supervisor;
struct network_made;

/*
 * Tells the other stacks what names of ours mean in a network, and appends what theirs do.
 *
 * @own	as launcher/dns/table.h has them, of this network
 */
void neighbours_names(struct supervisor *sup, struct network_made *made, const struct buf *own,
		      struct buf *text);

/* Appends a line for each network of the stack's that will stay when it goes, with who is in it. */
void neighbours_staying(const struct supervisor *sup, struct strv *lines);

/* The stack has no names any more. */
void neighbours_close(struct supervisor *sup);
