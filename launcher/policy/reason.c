// SPDX-License-Identifier: GPL-2.0-or-later
/* Words for ends, probes, sizes, durations and signals. */
#include "launcher/policy/reason.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/sig.h"

#include <signal.h>
#include <stdio.h>

#define WORD_MAX 48

/* A process killed by a signal has, for a shell, this exit code: 128 + signal. */
#define SIGNAL_CODE 128

/* @tenths of a unit, without a ".0". */
static void put_tenths(int64_t tenths, const char *unit, char *ret_text, size_t size)
{
	if (tenths % 10)
		snprintf(ret_text, size, "%lld.%d%s", (long long)(tenths / 10), (int)(tenths % 10),
			 unit);
	else
		snprintf(ret_text, size, "%lld%s", (long long)(tenths / 10), unit);
}

void reason_bytes(int64_t bytes, char *ret_text, size_t size)
{
	static const char *const units[] = {"", "K", "M", "G", "T", "P", "E"};
	double value = (double)bytes;
	size_t unit = 0;

	/* 1023.95 would be rounded to 1024.0 of its unit: that is 1 of the next one. */
	while (unit + 1 < ARRAY_SIZE(units) && value >= 1023.95) {
		value /= 1024;
		unit++;
	}
	put_tenths((int64_t)(value * 10 + 0.5), units[unit], ret_text, size);
}

void reason_duration(int64_t duration_ms, char *ret_text, size_t size)
{
	int64_t seconds = (duration_ms + 500) / 1000;

	if (duration_ms < 1000)
		snprintf(ret_text, size, "%lldms", (long long)duration_ms);
	else if (duration_ms < 9950)
		put_tenths((duration_ms + 50) / 100, "s", ret_text, size);
	else if (seconds < 60)
		snprintf(ret_text, size, "%llds", (long long)seconds);
	else if (seconds % 3600 == 0)
		snprintf(ret_text, size, "%lldh", (long long)(seconds / 3600));
	else if (seconds >= 3600)
		snprintf(ret_text, size, "%lldh%lldm", (long long)(seconds / 3600),
			 (long long)(seconds % 3600 / 60));
	else if (seconds % 60 == 0)
		snprintf(ret_text, size, "%lldm", (long long)(seconds / 60));
	else
		snprintf(ret_text, size, "%lldm%llds", (long long)(seconds / 60),
			 (long long)(seconds % 60));
}

static void describe_oom(int code, int64_t memory_limit_bytes, char *ret_text, size_t size)
{
	char limit[WORD_MAX];

	if (memory_limit_bytes <= 0) {
		snprintf(ret_text, size, "exited %d (out of memory)", code);
		return;
	}
	reason_bytes(memory_limit_bytes, limit, sizeof(limit));
	snprintf(ret_text, size, "exited %d (out of memory, limit %s)", code, limit);
}

static void describe_signal(int signal, char *ret_text, size_t size)
{
	char name[SIG_NAME_MAX];

	sig_name(signal, name);
	snprintf(ret_text, size, "killed by %s%s", name[0] == 'S' ? "" : "signal ", name);
}

void reason_run_end(const struct run_end *end, int64_t memory_limit_bytes, char *ret_text,
		    size_t size)
{
	switch (end->kind) {
	case RUN_END_EXITED:
		if (end->oom)
			describe_oom(end->code, memory_limit_bytes, ret_text, size);
		else
			snprintf(ret_text, size, "exited %d", end->code);
		break;
	case RUN_END_SIGNALLED:
		if (end->oom)
			describe_oom(SIGNAL_CODE + end->signal, memory_limit_bytes, ret_text, size);
		else
			describe_signal(end->signal, ret_text, size);
		break;
	case RUN_END_START_FAILED:
		snprintf(ret_text, size, "%s", end->fault ? end->fault : "could not be started");
		break;
	case RUN_END_UNKNOWN:
		snprintf(ret_text, size, "exit status unknown");
		break;
	}
}

/* " (5 times in 40s)" of a crash loop; the last of the restarts granted is that which comes now. */
static void describe_loop(const struct restart_history *history, char *ret_text, size_t size)
{
	unsigned times = history->streak;
	char span[WORD_MAX];

	ret_text[0] = '\0';
	if (!restart_crash_looping(history) || history->restarts < times)
		return;
	if (times > RESTART_RING) {
		snprintf(ret_text, size, " (%u times)", times);
		return;
	}
	const int64_t *granted_ms = history->granted_ms;

	reason_duration(granted_ms[(history->restarts - 1) % RESTART_RING] -
				granted_ms[(history->restarts - times) % RESTART_RING],
			span, sizeof(span));
	snprintf(ret_text, size, " (%u times in %s)", times, span);
}

void reason_verdict(const char *end, const struct restart_verdict *verdict,
		    const struct restart_history *history, char *ret_text, size_t size)
{
	char delay[WORD_MAX];
	char loop[2 * WORD_MAX];

	if (verdict->decision == RESTART_AGAIN) {
		reason_duration(verdict->delay_ms, delay, sizeof(delay));
		describe_loop(history, loop, sizeof(loop));
		snprintf(ret_text, size, "%s%s, restart in %s", end, loop, delay);
	} else if (verdict->exhausted) {
		snprintf(ret_text, size, "%s, gave up after %u restart%s", end, history->restarts,
			 history->restarts == 1 ? "" : "s");
	} else {
		snprintf(ret_text, size, "%s", end);
	}
}

void reason_probe(unsigned failures, const char *what, char *ret_text, size_t size)
{
	snprintf(ret_text, size, "probe failed %u time%s: %s", failures, failures == 1 ? "" : "s",
		 what);
}

void reason_probe_end(const struct run_end *end, int64_t timeout_ms, char *ret_text, size_t size)
{
	char timeout[WORD_MAX];

	if (timeout_ms > 0) {
		reason_duration(timeout_ms, timeout, sizeof(timeout));
		snprintf(ret_text, size, "timed out after %s", timeout);
	} else if (end->kind == RUN_END_EXITED) {
		snprintf(ret_text, size, "exit %d", end->code);
	} else {
		reason_run_end(end, 0, ret_text, size);
	}
}
