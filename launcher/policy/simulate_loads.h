// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loads to simulate: shapes with a name, made by a formula, and recorded ones from CSV text. Pure.
 */
#pragma once

#include "launcher/policy/simulate.h"

/* The names of the shapes, NULL-terminated. */
extern const char *const sim_shapes[];

/*
 * The shape called @name with this peak: step (an eighth, the whole, an eighth again), ramp (up and
 * down), spike (20 s of ten times as much, every five minutes), daily (a day's sine), bursty (heavy
 * tails), on-off (two minutes each).
 *
 * @ret_load	out: its rates are owned by the caller, free()
 *
 * -ENOENT: no such shape; -ENOMEM.
 */
int sim_load_shape(const char *name, double peak_per_s, struct sim_load *ret_load,
		   struct err *err) must_check;

/*
 * Lines "seconds,requests per second", seconds growing; a first line of words and lines that begin
 * with # are left out. The last sample lasts as long as the one before it.
 *
 * @peak_per_s	0: as recorded; else scaled so that this is the greatest
 *
 * -EINVAL with the line; -ENOMEM.
 */
int sim_load_csv(const char *text, double peak_per_s, struct sim_load *ret_load,
		 struct err *err) must_check;
