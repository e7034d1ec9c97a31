// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hosts files: one for each instance that asks the stack's name server; else one for all
 * instances of the stack, and one for each revision that knows more names than these.
 */
#pragma once

#include "runtime/base/err.h"

struct instance;
struct supervisor;

/* Of the instances' own files, below the run directory. */
#define HOSTS_DIR "hosts.d"

/*
 * Makes sure that the file that the instance's next run sees is there. After it has its network,
 * and resolver_prepare().
 *
 * @ret_path	out: the caller's to free; untouched on failure
 */
int hosts_prepare(struct instance *instance, char **ret_path, struct err *err) must_check;

/* Of a predecessor's instance: which file it has. */
void hosts_restore(struct instance *instance);

/* Removes an instance's own file. */
void hosts_forget(struct instance *instance);

/* The common files anew where somebody has them, after the set of instances has changed. */
void hosts_write(struct supervisor *sup);
