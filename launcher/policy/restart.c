// SPDX-License-Identifier: GPL-2.0-or-later
/* Restart decisions: the curve, the fixed delay, jitter, and the ways of counting attempts. */
#include "launcher/policy/restart.h"

#include <limits.h>

/* Past every cap that is ever reached: the least factor above 1 is 1.001. */
#define STEPS_MAX 32768

static const struct restart_tuning engine = RESTART_TUNING_DEFAULT;

static const struct restart_tuning *tuning_of(const struct restart_spec *spec)
{
	return spec->tuning.present ? &spec->tuning : &engine;
}

static bool contains(const struct end_set *set, const struct run_end *end)
{
	if (end->kind == RUN_END_EXITED)
		return set->codes[(end->code & 255) / 64] >> (end->code & 63) & 1;
	if (end->kind == RUN_END_SIGNALLED && end->signal >= 1 && end->signal <= 64)
		return set->signals >> (end->signal - 1) & 1;
	return false;
}

static bool ended_well(const struct run_end *end)
{
	return end->kind == RUN_END_EXITED && end->code == 0;
}

static bool wants_restart(const struct restart_spec *spec, const struct run_end *end)
{
	if (contains(&spec->tuning.prevent, end))
		return false;
	if (contains(&spec->tuning.force, end))
		return true;
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

static bool burst_spent(const struct restart_spec *spec, const struct restart_history *history,
			int64_t now_ms)
{
	const struct restart_tuning *tuning = &spec->tuning;

	return tuning->burst &&
	       granted_within(history, tuning->interval_ms, now_ms) >= tuning->burst;
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

static void record_run(struct restart_history *history, const struct restart_tuning *tuning,
		       int64_t ran_ms)
{
	if (ran_ms >= tuning->reset_after_ms) {
		history->streak = 0;
		history->doublings = 0;
	} else if (history->streak < UINT_MAX) {
		history->streak++;
	}
}

/* Where the curve is after so many steps; each is a fraction, so that factor 1.1 moves 1 ms too. */
static int64_t curve_at(const struct restart_tuning *tuning, unsigned steps)
{
	double delay_ms = (double)tuning->delay_ms;

	for (unsigned i = 0; i < steps && delay_ms < (double)tuning->max_delay_ms; i++)
		delay_ms *= tuning->factor_milli / 1000.0;
	return delay_ms < (double)tuning->max_delay_ms ? (int64_t)delay_ms : tuning->max_delay_ms;
}

/* splitmix64: neighbouring inputs give unrelated outputs. */
static uint64_t scatter(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* What jitter adds to a delay: chosen by the history, so that the same history chooses the same. */
static int64_t jitter_of(const struct restart_tuning *tuning, const struct restart_history *history,
			 int64_t delay_ms)
{
	double most_ms = (double)delay_ms * tuning->jitter_milli / 1000.0;
	double fraction =
		(double)(scatter(history->seed ^ scatter(history->restarts)) >> 11) / 0x1p53;

	return (int64_t)(most_ms * fraction);
}

static int64_t next_delay(const struct restart_spec *spec, struct restart_history *history)
{
	const struct restart_tuning *tuning = tuning_of(spec);
	int64_t delay_ms =
		spec->delay_ms >= 0 ? spec->delay_ms : curve_at(tuning, history->doublings);

	if (history->doublings < STEPS_MAX)
		history->doublings++;
	return delay_ms + jitter_of(tuning, history, delay_ms);
}

struct restart_verdict restart_decide(const struct restart_spec *spec,
				      struct restart_history *history, const struct run_end *end,
				      int64_t ran_ms, int64_t now_ms)
{
	struct restart_verdict verdict = {
		.decision = ended_well(end) ? RESTART_COMPLETE : RESTART_FAIL,
	};

	record_run(history, tuning_of(spec), ran_ms);
	if (!wants_restart(spec, end))
		return verdict;
	if (attempts_spent(spec, history, now_ms) || burst_spent(spec, history, now_ms)) {
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
