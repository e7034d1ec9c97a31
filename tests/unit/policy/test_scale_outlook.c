// SPDX-License-Identifier: GPL-2.0-or-later
/* What would change a number is what the controller then does. */
#include "launcher/policy/scale_outlook.h"
#include "tests/unit/cmocka_all.h"

#include <limits.h>

static const struct autoscale plain = {
	.min = 1,
	.max = 8,
	.targets = {[SCALE_CPU] = {.present = true, .milli = 70 * SCALE_MILLI}},
	.up = {.tolerance_milli = 50},
	.down = {.tolerance_milli = 50},
};

/* How many there shall be when each of @count has so much. */
static unsigned decided(unsigned count, int64_t milli)
{
	struct scaler scaler = {0};
	struct scale_sample samples[8];
	struct scale_input input = {.now_ms = 1000,
				    .current = count,
				    .ready = count,
				    .room = UINT_MAX,
				    .readings = {[SCALE_CPU] = {samples, count}}};

	for (unsigned i = 0; i < count; i++)
		samples[i] = (struct scale_sample){SAMPLE_READY, milli};
	return scale_decide(&scaler, &plain, &input).desired;
}

static void the_controller_agrees(void **unused)
{
	const struct scale_decision decision = {0};

	(void)unused;
	for (unsigned count = 1; count <= 8; count++) {
		struct scale_outlook outlook = scale_outlook(&plain, &decision, count);
		int64_t more = outlook.more_milli[SCALE_CPU];
		int64_t fewer = outlook.fewer_milli[SCALE_CPU];

		assert_int_equal(more == 0, count == 8);
		assert_int_equal(fewer == 0, count == 1);
		if (more)
			assert_int_equal(decided(count, more), count);
		if (more)
			assert_true(decided(count, more + SCALE_MILLI) > count);
		if (fewer)
			assert_true(decided(count, fewer - SCALE_MILLI) < count);
		if (fewer)
			assert_int_equal(decided(count, fewer + SCALE_MILLI), count);
	}
}

static void arrivals_are_those_at_all_of_them(void **unused)
{
	struct autoscale autoscale = plain;
	const struct scale_decision decision = {.capacity_milli = 100 * SCALE_MILLI};

	(void)unused;
	autoscale.targets[SCALE_BACKLOG] = (struct scale_target){.present = true, .milli = 1000};
	autoscale.up.tolerance_milli = autoscale.down.tolerance_milli = 0;
	struct scale_outlook outlook = scale_outlook(&autoscale, &decision, 4);

	assert_int_equal(outlook.more_milli[SCALE_BACKLOG], 280 * SCALE_MILLI);
	assert_int_equal(outlook.fewer_milli[SCALE_BACKLOG], 210 * SCALE_MILLI);
	assert_int_equal(outlook.more_milli[SCALE_MEMORY], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_controller_agrees),
		cmocka_unit_test(arrivals_are_those_at_all_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
