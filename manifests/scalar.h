// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values written as text: numbers, sizes, durations, signals. Strict: all of the text must make
 * sense. Each returns 0, or -EINVAL with err saying what would be valid.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* True for what a builder fetches instead of opening: a URL, git@…, docker-image://… */
bool scalar_is_remote(const char *text);

/* True for a plain decimal number, true and false: YAML takes them for other things than text. */
bool scalar_is_typed(const char *text);

/* A decimal whole number in [min, max]. */
int scalar_int(const char *text, int64_t min, int64_t max, int64_t *ret_value,
	       struct err *err) must_check;

/* true and false; the other YAML 1.1 words set *ret_old_word. */
int scalar_bool(const char *text, bool *ret_value, bool *ret_old_word, struct err *err) must_check;

/* "1h2m3.5s", "500ms", "10us"; rounded down to milliseconds; up to about 292 years. */
int scalar_duration_ms(const char *text, int64_t *ret_ms, struct err *err) must_check;

/* "64m", "1.5gb", "1024": units b k m g t, with or without b or ib, powers of 1024. */
int scalar_bytes(const char *text, int64_t *ret_bytes, struct err *err) must_check;

/* "0.5": cores to thousandths of a core. */
int scalar_mcpu(const char *text, int64_t *ret_mcpu, struct err *err) must_check;

/* "1.5": a number from @min to @max, both whole, to thousandths. */
int scalar_milli(const char *text, int64_t min, int64_t max, int64_t *ret_milli,
		 struct err *err) must_check;

/* "SIGTERM", "term", "15", "SIGRTMIN+3": what sig_number reads, or an error. */
int scalar_signal(const char *text, int *ret_signal, struct err *err) must_check;
