// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A gauge by its name, as x-autoscale.prometheus has it, and what a page in Prometheus' text format
 * says of it; numbers that programs print. Strict: what is no number is an error, never 0. Pure.
 */
#pragma once

#include "runtime/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Whether @metric is NAME or NAME{label="value",…}; -EINVAL with what it should be. */
int metric_check(const char *metric, struct err *err) must_check;

/*
 * The sum of the samples of that name which have at least its labels, each with its value.
 *
 * @metric	metric_check() has passed it
 * @page	@len bytes
 * @ret_milli	thousandths
 *
 * -ENOENT: there is none; -EINVAL: one of them cannot be read, err says in which line; -ERANGE: no
 * number from 0 to 1e12.
 */
int metric_read(const char *metric, const char *page, size_t len, int64_t *ret_milli,
		struct err *err) must_check;

/* The one number in @text, white space before and after it apart. -EINVAL, -ERANGE as above. */
int metric_number(const char *text, size_t len, int64_t *ret_milli, struct err *err) must_check;
