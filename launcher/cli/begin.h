// SPDX-License-Identifier: GPL-2.0-or-later
/* What up and run begin with: the manifest checked here, a supervisor, the manifest handed to it.
 */
#pragma once

#include "launcher/cli/cli.h"
#include "launcher/policy/selection.h"

/* Complains of a service that the manifest does not have. Returns EXIT_DONE or EXIT_USAGE. */
int begin_check_service(const struct stack *stack, const char *name) must_check;

/*
 * Loads the manifest and refuses what cannot be launched of the selection, with the words of the
 * manifest's author. Returns EXIT_DONE or the exit code after a complaint.
 */
int begin_load(const struct cli *cli, const struct selection *selection,
	       struct stack **ret_stack) must_check;

/* Fetches the images that the selection needs and the store lacks. @policy: in place of what the
 * services say; NULL: as they say. Returns EXIT_DONE or the exit code after a complaint. */
int begin_images(const struct stack *stack, const struct selection *selection, const char *policy,
		 bool quiet) must_check;

/* Makes sure that a supervisor answers. @ret_pidfd: a new one's; untouched when there was one. */
int begin_supervisor(const char *stack, int *ret_pidfd) must_check;

/* What `up` is asked with. @scale: may be NULL. NULL after a complaint. */
struct json_t *begin_body(const struct cli *cli, const struct selection *selection,
			  const struct json_t *scale) must_check;

/* Has the supervisor load the manifest and make the selection true. @scale: taken; may be NULL.
 * @started: as change_post() has it. */
int begin_up(const struct cli *cli, const char *stack, const struct selection *selection,
	     struct json_t *scale, struct strv *started) must_check;

/* A supervisor that was started for nothing is gone after this. */
void begin_undo(const char *stack, int pidfd);
