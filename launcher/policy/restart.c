// SPDX-License-Identifier: GPL-2.0-or-later
/* Restart decisions: the engine's curve, the fixed delay, and the two ways of counting attempts. */
#include "launcher/policy/restart.h"

/* 100 ms doubled this often is past the cap. */
#define DOUBLINGS_MAX 10

static bool ended_well(const struct run_end *end)
{
	return end->kind == RUN_END_EXITED && end->code == 0;
}

static bool wants_restart(const struct restart_spec *spec, const struct run_end *end)
{
	switch (spec->condition) {
	case RESTART_NO:
		return false;
	case RESTART_ON_FAILURE:
		return !ended_well(end);
	case RESTART_ALWAYS:
	case RESTART_UNLESS_STOPPED:
		return true;
	}
	return false;
}

/* Restarts whose time lies in (now - window, now], as far as the ring remembers. */
static unsigned granted_within(const struct restart_history *history, int64_t window_ms,
			       int64_t now_ms)
{
	unsigned known = history->restarts < RESTART_RING ? history->restarts : RESTART_RING;
	unsigned within = 0;

	for (unsigned i = 0; i < known; i++)
		if (history->granted_ms[i] > now_ms - window_ms)
			within++;
	return within;
}

static bool attempts_spent(const struct restart_spec *spec, const struct restart_history *history,
			   int64_t now_ms)
{
	if (spec->max_attempts == 0)
		return false;
	if (spec->window_ms <= 0)
		return history->restarts >= spec->max_attempts;

	unsigned limit = spec->max_attempts < RESTART_RING ? spec->max_attempts : RESTART_RING;

	return granted_within(history, spec->window_ms, now_ms) >= limit;
}

static void record_run(struct restart_history *history, int64_t ran_ms)
{
	if (ran_ms >= RESTART_STABLE_RUN_MS) {
		history->streak = 0;
		history->doublings = 0;
	} else if (history->streak < RESTART_CRASH_LOOP_ENDS) {
		history->streak++;
	}
}

static int64_t next_delay(const struct restart_spec *spec, struct restart_history *history)
{
	int64_t delay_ms = (int64_t)RESTART_DELAY_MIN_MS << history->doublings;

	if (history->doublings < DOUBLINGS_MAX)
		history->doublings++;
	if (spec->delay_ms >= 0)
		return spec->delay_ms;
	return delay_ms < RESTART_DELAY_MAX_MS ? delay_ms : RESTART_DELAY_MAX_MS;
}

struct restart_verdict restart_decide(const struct restart_spec *spec,
				      struct restart_history *history, const struct run_end *end,
				      int64_t ran_ms, int64_t now_ms)
{
	struct restart_verdict verdict = {
		.decision = ended_well(end) ? RESTART_COMPLETE : RESTART_FAIL,
	};

	record_run(history, ran_ms);
	if (!wants_restart(spec, end))
		return verdict;
	if (attempts_spent(spec, history, now_ms)) {
		verdict.exhausted = true;
		return verdict;
	}
	verdict.decision = RESTART_AGAIN;
	verdict.delay_ms = next_delay(spec, history);
	history->granted_ms[history->restarts % RESTART_RING] = now_ms;
	history->restarts++;
	return verdict;
}

bool restart_crash_looping(const struct restart_history *history)
{
	return history->streak >= RESTART_CRASH_LOOP_ENDS;
}
