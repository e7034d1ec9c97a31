// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can only be judged once the whole stack is known: references, circles, collisions.
 */
#pragma once

#include "manifests/arena.h"
#include "manifests/report.h"

/* Reports into @report; @scratch for working memory. May drop what has no meaning, with a warning
 * (ports of a service on the host's network). */
void check_stack(struct stack *stack, struct arena *scratch, struct report *report);

/* check_files.c: volumes, configs and secrets. */
void check_files(const struct stack *stack, struct arena *scratch, struct report *report);
/* check_probes.c: davit's own attributes; without replicas a scaled service has its least ones. */
void check_probes(struct stack *stack, struct arena *scratch, struct report *report);

/* Something tells when the service is healthy. */
bool check_has_health(const struct service *service);
