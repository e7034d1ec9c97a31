// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * New volumes are filled with what images have for them, and system call filters compiled, by a
 * process of its own, since that may take long: whoever needs one is told to come back. A process
 * for each instance that needs some; it dies with this one, and what is half done is nobody's.
 */
#pragma once

#include "launcher/supervisor/http.h"
#include "launcher/supervisor/plan.h"

struct supervisor;
struct fill;

/*
 * To be asked before plan_make(), until there is nothing left to wait for.
 *
 * @keep	goes on even when nobody waits
 *
 * Returns 0; -EINPROGRESS: a process is at it, ask again when it has ended; another -errno with
 * @fault, which was its result, or why there is none.
 */
int fills_ready(struct supervisor *sup, const struct plan_source *source, bool keep,
		struct container_fault *fault) must_check;

/* What came of it has been heeded. */
void fills_forget(struct supervisor *sup, const struct plan_source *source);

/* Whether any process is at it. */
bool fills_running(const struct supervisor *sup);

/* Makes @answer one that is given when the next process ends; @request is the one being handled.
 * Should its client leave, what nobody else waits for is ended. */
void fills_answer_later(struct supervisor *sup, const struct http_request *request,
			struct http_answer *answer);

/* Ends and forgets what nobody waits for, or all of it. Who waits is woken in the latter case. */
void fills_drop_unwanted(struct supervisor *sup);
void fills_end(struct supervisor *sup);
