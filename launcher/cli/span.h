// SPDX-License-Identifier: GPL-2.0-or-later
/* A span of time as --since and --until give it, and waiting for news until it is over. */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct span {
	int64_t since_ns; /* INT64_MIN: from the beginning */
	int64_t until_ns; /* not within any more; INT64_MAX: no end */
};

#define SPAN_ALWAYS ((struct span){INT64_MIN, INT64_MAX})

/* NULL leaves that end as it is. Returns EXIT_DONE or the exit code after a complaint. */
int span_parse(const char *since, const char *until, struct span *span) must_check;

int64_t span_now_ns(void);
bool span_has(const struct span *span, int64_t time_ns);
bool span_is_over(const struct span *span);

/* Waits for input on @fd, at most until the span is over or a signal comes. */
int span_wait(const struct span *span, int fd, struct err *err) must_check;
