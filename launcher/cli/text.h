// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text for people: made safe for a terminal, sizes and ages made short, durations read, typing
 * errors guessed. Pure: no I/O, no clock.
 */
#pragma once

#include "runtime/base/buf.h"

#include <stdint.h>

/*
 * Appends bytes with everything a terminal could act upon as \xNN: C0 (except tab), DEL, C1 also in
 * UTF-8, and whatever is not valid UTF-8. Other characters pass unchanged.
 */
void text_escape(struct buf *out, const char *bytes, size_t len);

/* The candidate (NULL-terminated list) nearest to @word, or NULL when none is near enough. */
const char *text_nearest(const char *word, const char *const *candidates);

/* "1.5", "90" (seconds), "250ms", "1h30m", "2d". -EINVAL; the text must end with the number. */
int text_duration_ms(const char *text, int64_t *ret_ms) must_check;

/* A whole number from 0; -EINVAL or -ERANGE. */
int text_number(const char *text, int64_t *ret_number) must_check;

/* RFC 3339 with an offset or Z into nanoseconds since 1970; -EINVAL. */
int text_time_ns(const char *text, size_t len, int64_t *ret_ns) must_check;

/* A moment: RFC 3339, seconds since 1970, or a duration before @now_ns ("10m"); -EINVAL. */
int text_moment_ns(const char *text, int64_t now_ns, int64_t *ret_ns) must_check;

/* "512B", "3.1M", "2.0G". */
void text_bytes(struct buf *out, int64_t bytes);

/*
 * Appends @text in lines of @width bytes at most, broken between words where it can be, never
 * inside a character. All lines but the first are @indent blanks further in; 0 for @width: as it
 * is.
 */
void text_wrap(struct buf *out, const char *text, size_t width, size_t indent);

/* "3s", "5m10s", "2h5m", "3d4h"; negative counts as 0. */
void text_age(struct buf *out, int64_t age_ms);
