// SPDX-License-Identifier: GPL-2.0-or-later
/* The arithmetic of the HorizontalPodAutoscaler, with the vectors computed from its formulas. */
#include "launcher/policy/scale_ratio.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <limits.h>

#define SAMPLES 32

/* Uses in per cent of the request, the target half of it. */
static const struct scale_rule half = {
	.target_milli = 50 * SCALE_MILLI,
	.full_milli = 100 * SCALE_MILLI,
	.up_tolerance_milli = 100,
	.down_tolerance_milli = 100,
};

struct group {
	size_t ready;
	int64_t percent;
	size_t unready, missing;
};

static int propose(const struct group *group, unsigned current, unsigned *ret)
{
	struct scale_sample samples[SAMPLES];
	size_t count = 0;

	for (size_t i = 0; i < group->ready; i++)
		samples[count++] =
			(struct scale_sample){SAMPLE_READY, group->percent * SCALE_MILLI};
	for (size_t i = 0; i < group->unready; i++)
		samples[count++] = (struct scale_sample){.state = SAMPLE_UNREADY};
	for (size_t i = 0; i < group->missing; i++)
		samples[count++] = (struct scale_sample){.state = SAMPLE_MISSING};
	return scale_ratio_propose(samples, count, &half, current, ret);
}

static void proposals_are_those_of_the_formulas(void **unused)
{
	static const struct {
		struct group group;
		unsigned current, wanted;
	} vectors[] = {
		{{3, 90, 0, 0}, 3, 6},	  {{3, 90, 1, 0}, 4, 6},    {{3, 20, 0, 1}, 4, 4},
		{{10, 54, 0, 0}, 10, 10}, {{10, 56, 0, 0}, 10, 12}, {{2, 60, 2, 0}, 4, 4},
		{{3, 90, 0, 2}, 5, 5},	  {{10, 46, 0, 0}, 10, 10}, {{10, 44, 0, 0}, 10, 9},
		{{4, 0, 0, 0}, 4, 0},	  {{1, 100, 0, 0}, 1, 2},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		unsigned got = 0;

		assert_int_equal(propose(&vectors[i].group, vectors[i].current, &got), 0);
		if (got != vectors[i].wanted)
			fail_msg("vector %zu: %u instead of %u", i, got, vectors[i].wanted);
	}
}

static void nothing_measured_is_no_proposal(void **unused)
{
	unsigned got = 7;

	(void)unused;
	assert_int_equal(propose(&(struct group){0, 0, 2, 2}, 4, &got), -ENODATA);
	assert_int_equal(scale_ratio_propose(NULL, 0, &half, 4, &got), -ENODATA);
	assert_int_equal(got, 7);
}

static void what_is_missing_never_removes_and_never_adds(void **unused)
{
	(void)unused;
	for (int64_t percent = 0; percent <= 200; percent += 3)
		for (size_t missing = 1; missing < 8; missing++) {
			unsigned known = 0;
			unsigned partly = 0;
			struct group all = {8 - missing, percent, 0, 0};
			struct group some = {8 - missing, percent, 0, missing};

			assert_int_equal(propose(&all, 8, &known), 0);
			assert_int_equal(propose(&some, 8, &partly), 0);
			if (partly < 8)
				assert_true(known < 8);
			if (partly > 8)
				assert_true(percent > 50);
		}
}

static void huge_uses_do_not_overflow(void **unused)
{
	const struct scale_sample sample = {SAMPLE_READY, INT64_MAX / 4};
	const struct scale_rule one = {.target_milli = 1};
	unsigned got = 0;

	(void)unused;
	assert_int_equal(scale_ratio_propose(&sample, 1, &one, 1, &got), 0);
	assert_int_equal(got, UINT_MAX);
	assert_int_equal(scale_instances(-5, 3), 0);
	assert_int_equal(scale_instances(7, 3), 3);
	assert_int_equal(scale_instances(6, 3), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proposals_are_those_of_the_formulas),
		cmocka_unit_test(nothing_measured_is_no_proposal),
		cmocka_unit_test(what_is_missing_never_removes_and_never_adds),
		cmocka_unit_test(huge_uses_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
