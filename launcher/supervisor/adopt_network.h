// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The network namespace of an instance that is taken over: what the keeper has of it, or its
 * process, or another one's process that shares it. Private to adopt.c.
 */
#pragma once

#include "launcher/supervisor/adopt_found.h"
#include "launcher/supervisor/instance.h"

/* Gives the instance's endpoint what there is, with the links in it; where that is nothing it is
 * made anew with the next start. What is missing in @record is filled in. */
void network_take(struct instance *instance, struct record *record, const struct found *found);
