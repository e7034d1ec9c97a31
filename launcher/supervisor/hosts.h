// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hosts files: one for all instances of the stack, and one for each revision that knows more
 * names than these.
 */
#pragma once

#include "launcher/supervisor/plan.h"

struct supervisor;

/* The file for a revision's instances; NULL without memory. The caller's to free. */
char *hosts_path(const struct supervisor *sup, const struct plan *plan);

/* Writes the file that instances of this revision see, so that it is there when one starts. */
int hosts_prepare(struct supervisor *sup, const struct plan *plan, struct err *err) must_check;

/* All files anew, after the set of instances has changed. */
void hosts_write(struct supervisor *sup);
