// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading the five fields of a cron line. */
#pragma once

#include "manifests/spec_scale.h"
#include "runtime/base/err.h"

/*
 * "MINUTE HOUR DAY MONTH WEEKDAY" with lists, ranges, steps and English names, or "@daily" and its
 * kin. Sets all but ret_cron->text. Returns 0, or -EINVAL with err saying which field is wrong.
 */
int cron_parse(const char *text, struct cron_times *ret_cron, struct err *err) must_check;

/* Is there any day like that? 31 February is none. */
bool cron_is_ever(const struct cron_times *cron);
