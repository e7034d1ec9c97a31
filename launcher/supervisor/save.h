// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a successor of this supervisor has to know, written down in its run directory: one file for
 * the stack, one for each instance (record.h), one for each manifest (applied.h). Written at the
 * end of the turn of the loop in which something has changed, or if it is very much at the end of
 * the next ones; never waits, since the directory is
 * in memory. What cannot be written is told once and tried again with the next change.
 */
#pragma once

#include "launcher/supervisor/instance.h"

struct supervisor;

/* Makes the directories; sup->loop is open. */
int save_open(struct supervisor *sup, struct err *err) must_check;

/* The instance, or what is wanted of the stack, has changed. */
void save_instance(struct instance *instance);
void save_stack(struct supervisor *sup);

/* The same at once: what follows must not happen twice. */
void save_instance_now(struct instance *instance);
void save_stack_now(struct supervisor *sup);

/* Callback of the deferred watch: writes what has changed, as far as a turn has time for it. */
void save_flush(void *sup);
/* All of it. */
void save_all(struct supervisor *sup);

/* The instance is not to be written any more: it is about to be freed. */
void save_skip(struct instance *instance);

/* The instance is gone. */
void save_forget(const struct instance *instance);

/* What is there: the names of instances that something was written of. */
int save_names(const struct supervisor *sup, struct strv *ret_names, struct err *err) must_check;

/* Reads a file of the stack's ("stack") or of an instance's ("instances/NAME"). As
 * state_file_read(), and -EBADMSG where it is no JSON.
 *
 * @kind	as save_*() has written it: "stack" or "instance" */
int save_read(const struct supervisor *sup, const char *name, const char *kind,
	      struct json_t **ret_text, struct err *err) must_check;
