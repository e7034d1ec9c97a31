// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Forecasts of the services that ask for them: what each needed at which time is in a file of some
 * five KiB, STATE/forecasts/STACK.SERVICE, written every quarter of an hour and at the end. It
 * outlives the stack; without it, or where it cannot be read, all is begun anew.
 */
#pragma once

#include "launcher/supervisor/look.h"

/* Once a minute: what is expected of the next two, in scaling->expected. */
void forecasts_update(const struct supervisor *sup, struct scaling *scaling);

/* Remembers what the last decision asked for, if everything was measured. */
void forecasts_note(struct scaling *scaling);

/* Writes and frees what is remembered; nothing where there is none. */
void forecasts_end(const struct supervisor *sup, struct scaling *scaling);
