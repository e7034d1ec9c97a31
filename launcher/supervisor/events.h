// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens in a stack, told once: every transition, decision and command becomes a numbered
 * JSON line in the history (event_log.h) and in the streams of who listens. launcher/API.md
 * describes them. Telling never fails; what could not be written is missed in the history.
 */
#pragma once

#include "launcher/supervisor/instance.h"

struct events;
struct json_t;

/* @run_dir	where the history is */
int events_open(struct supervisor *sup, const char *run_dir, struct events **ret_events,
		struct err *err) must_check;

/* Accepts NULL. */
void events_close(struct events *events);

/* As event_log_recent(). */
struct buf;
void events_recent(const struct events *events, size_t max_bytes, struct buf *lines);

/* Its state or reason has changed. @state: "removed" when it is about to be forgotten. */
void events_state(struct instance *instance, const char *state);

/* A predecessor's: its state is told as it was found. */
void events_adopted(struct instance *instance);

/*
 * Something else has happened to it.
 *
 * @action	"start", "die", "oom", …
 * @reason	NULL: none
 * @attributes	taken; NULL: none
 */
void events_instance(struct instance *instance, const char *action, const char *reason,
		     struct json_t *attributes);

/* A decision about a service: "scale", …; @reason and @attributes as above. */
void events_service(struct supervisor *sup, const char *service, const char *action,
		    const char *reason, struct json_t *attributes);

/* Of the supervisor itself. */
void events_supervisor(struct supervisor *sup, const char *action, const char *reason,
		       struct json_t *attributes);

/*
 * A command: what is decided until the stack is at rest again has it as its cause.
 *
 * @path	"/v1/scale"
 * @request	its body; what may be secret in it is not told
 */
void events_command(struct supervisor *sup, const char *path, const struct json_t *request);

/* The command was refused. */
void events_refused(struct supervisor *sup, const char *path, const char *error);

/* While @silent, what is made was there before, and events_adopted() tells of it. */
void events_silence(struct supervisor *sup, bool silent);

/* The stack is at rest: what comes now is no command's doing. */
void events_at_rest(struct supervisor *sup);
