// SPDX-License-Identifier: GPL-2.0-or-later
/* Why there shall be so many instances, for people. Pure. */
#pragma once

#include "launcher/policy/scale.h"

#define SCALE_TEXT_MAX 200

/* "cpu", "backlog", … as the manifest has them. */
const char *scale_signal_name(enum scale_signal signal);

/* "free", "window", "rate", "min", "max", "room", "missing", "forecast". */
const char *scale_limit_name(enum scale_limit limit);

/*
 * "cpu 93%, target 70%", "12 connections wait, 340/s arrive, one serves 120/s"; with what limited
 * it:
 * ", no more than max".
 *
 * @cpu_milli	mean use, thousandths of a per cent; -1: not known
 */
void scale_text(const struct autoscale *autoscale, const struct scale_input *input,
		const struct scale_decision *decision, int64_t cpu_milli,
		char ret_text[static SCALE_TEXT_MAX]);
