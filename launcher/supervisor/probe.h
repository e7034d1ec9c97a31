// SPDX-License-Identifier: GPL-2.0-or-later
/* Health checks of running instances; when and with what effect is policy/health's. */
#pragma once

#include "launcher/supervisor/instance.h"

/* Begins the health of a run, where the service has a health check. */
void probe_start(struct instance *instance);

/* Ends it; a probe that runs is killed. Nothing to stop is fine. */
void probe_stop(struct instance *instance);
