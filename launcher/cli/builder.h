// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Images that are built before somebody needs them: by an installed builder, whose result is taken
 * into davit's store.
 */
#pragma once

#include "launcher/cli/cli.h"
#include "runtime/image/image_ref.h"

/*
 * Builds the image of a service and stores it under @ref. The builder's own words go to standard
 * error. Returns EXIT_DONE, or the exit code after a complaint, which for want of a builder has the
 * command that a person would have to run.
 */
int builder_run(const struct stack *stack, const struct service *service,
		const struct image_ref *ref, bool quiet) must_check;
