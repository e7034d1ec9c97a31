// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reasons that people read: one short line for each state that needs one. Pure.
 *
 * Every function writes one terminated line into the caller's buffer, cut where it does not fit.
 */
#pragma once

#include "launcher/policy/restart.h"

#include <stddef.h>

#define REASON_MAX 512

/* "exited 1", "exited 137 (out of memory, limit 64M)", "killed by SIGSEGV", "exit status unknown",
 * or the fault of a failed start as it is.
 * @memory_limit_bytes	0: none */
void reason_run_end(const struct run_end *end, int64_t memory_limit_bytes, char *ret_text,
		    size_t size);

/* As above, followed by what comes next: ", restart in 1.6s", ", gave up after 3 restarts"; in a
 * crash loop "exited 1 (5 times in 40s), restart in 12s". */
void reason_verdict(const char *end, const struct restart_verdict *verdict,
		    const struct restart_history *history, char *ret_text, size_t size);

/* "probe failed 3 times: exit 1"; @what is the last failure, from reason_probe_end(). */
void reason_probe(unsigned failures, const char *what, char *ret_text, size_t size);

/* The last failure of a probe: "exit 1", "killed by SIGKILL", "timed out after 5s".
 * @timeout_ms	0: it did not time out */
void reason_probe_end(const struct run_end *end, int64_t timeout_ms, char *ret_text, size_t size);

/* "64M", "1.5G", "512", "1T": powers of 1024, at most one decimal, rounded. */
void reason_bytes(int64_t bytes, char *ret_text, size_t size);

/* "100ms", "1.6s", "51s", "1m", "2m30s", "1h": as the manifest would have it, rounded. */
void reason_duration(int64_t duration_ms, char *ret_text, size_t size);
