// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Between one supervisor and the next: what is done when the keeper dies, or both are replaced by
 * what is installed. The state of the instances is in files at any time; nothing is stopped here.
 */
#pragma once

#include "launcher/supervisor/keep.h"

struct supervisor;

/* Listens to the keeper from now on; sup->loop and sup->keep are open. */
int succession_watch(struct supervisor *sup, struct err *err) must_check;

/* Has both replaced. */
int succession_upgrade(struct supervisor *sup, struct err *err) must_check;
