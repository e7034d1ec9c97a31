// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers, sizes, durations, signals: what is taken, and what is refused. */
#include "tests/unit/cmocka_all.h"

#include "manifests/scalar.h"
#include "runtime/base/cleanup.h"

#include <signal.h>
#include <string.h>

struct sample {
	const char *text;
	int64_t value; /* -1: refused */
};

typedef int parse_fn(const char *text, int64_t *ret_value, struct err *err);

static void check_samples(const struct sample *samples, size_t count, parse_fn *parse)
{
	for (size_t i = 0; i < count; i++) {
		int64_t value = -1;
		struct err err = {0};
		int r = parse(samples[i].text, &value, &err);

		if (value != samples[i].value || (r == 0) != (samples[i].value >= 0))
			fail_msg("'%s': got %lld, r=%d %s", samples[i].text, (long long)value, r,
				 err.text);
		if (r < 0)
			assert_non_null(strchr(err.text, '\''));
	}
}

static void durations_are_read_to_the_millisecond(void **unused)
{
	static const struct sample samples[] = {
		{"1s", 1000},
		{"1m30s", 90000},
		{"500ms", 500},
		{"1h2m3s", 3723000},
		{"1.5s", 1500},
		{"0", 0},
		{"0s", 0},
		{"10us", 0},
		{"1500us", 1},
		{"2h", 7200000},
		{"0.0015s", 1},
		{"1500\xc2\xb5s", 1},
		{"10", -1},
		{"", -1},
		{"s", -1},
		{"1x", -1},
		{"-1s", -1},
		{"1s ", -1},
		{" 1s", -1},
		{"1d", 86400000},
		{"1w12h", 648000000},
		{"1..5s", -1},
		{".s", -1},
		{"1s2", -1},
		{"99999999999h", -1},
		{"9223372036854775808s", -1},
	};

	(void)unused;
	check_samples(samples, ARRAY_SIZE(samples), scalar_duration_ms);
}

static void sizes_have_binary_units(void **unused)
{
	static const struct sample samples[] = {
		{"1024", 1024},
		{"1b", 1},
		{"1k", 1024},
		{"1K", 1024},
		{"1kb", 1024},
		{"64m", 67108864},
		{"64MB", 67108864},
		{"1.5g", 1610612736},
		{"1GiB", 1073741824},
		{"1t", 1099511627776},
		{"64 m", 67108864},
		{"0", 0},
		{"", -1},
		{"m", -1},
		{"-1", -1},
		{"1p", -1},
		{"1bb", -1},
		{"1mm", -1},
		{"1 m b", -1},
		{"99999999999999t", -1},
	};

	(void)unused;
	check_samples(samples, ARRAY_SIZE(samples), scalar_bytes);
}

static void cores_are_exact_thousandths(void **unused)
{
	static const struct sample samples[] = {
		{"0.5", 500},  {"1", 1000},  {"0.1", 100},  {".25", 250}, {"0.001", 1},
		{"64", 64000}, {"0", 0},     {"0.0001", 1}, {"1.", -1},	  {"-1", -1},
		{"1e3", -1},   {"half", -1}, {"", -1},	    {"1 ", -1},	  {"99999999", -1},
	};

	(void)unused;
	check_samples(samples, ARRAY_SIZE(samples), scalar_mcpu);
}

static int parse_port(const char *text, int64_t *ret_value, struct err *err)
{
	return scalar_int(text, 1, 65535, ret_value, err);
}

static void whole_numbers_keep_to_their_range(void **unused)
{
	static const struct sample samples[] = {
		{"1", 1},
		{"65535", 65535},
		{"0", -1},
		{"65536", -1},
		{"-1", -1},
		{"1.0", -1},
		{"", -1},
		{"0x10", -1},
		{"1_0", -1},
		{"80 ", -1},
		{"99999999999999999999", -1},
		{"0080", 80},
	};

	(void)unused;
	check_samples(samples, ARRAY_SIZE(samples), parse_port);
}

static int parse_signal(const char *text, int64_t *ret_value, struct err *err)
{
	int number = -1;
	int r = scalar_signal(text, &number, err);

	*ret_value = number;
	return r;
}

static void signals_have_names_and_numbers(void **unused)
{
	const struct sample samples[] = {
		{"SIGTERM", SIGTERM},
		{"TERM", SIGTERM},
		{"sigquit", SIGQUIT},
		{"9", SIGKILL},
		{"SIGWINCH", SIGWINCH},
		{"RTMIN+3", SIGRTMIN + 3},
		{"SIGRTMAX-1", SIGRTMAX - 1},
		{"SIGRTMIN", SIGRTMIN},
		{"SIGIOT", SIGABRT},
		{"", -1},
		{"SIG", -1},
		{"SIGFOO", -1},
		{"0", -1},
		{"99", -1},
		{"RTMIN+99", -1},
		{"-9", -1},
	};

	(void)unused;
	check_samples(samples, ARRAY_SIZE(samples), parse_signal);
}

static void booleans_include_the_words_of_old(void **unused)
{
	static const struct {
		const char *text;
		bool value;
		bool old;
	} samples[] = {{"true", true, false},
		       {"False", false, false},
		       {"yes", true, true},
		       {"off", false, true},
		       {"Y", true, true}};
	struct err err;
	bool value;
	bool old;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		old = false;
		assert_int_equal(scalar_bool(samples[i].text, &value, &old, &err), 0);
		assert_int_equal(value, samples[i].value);
		assert_int_equal(old, samples[i].old);
	}
	assert_true(scalar_bool("1", &value, &old, &err) < 0);
	assert_true(scalar_bool("", &value, &old, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_read_to_the_millisecond),
		cmocka_unit_test(sizes_have_binary_units),
		cmocka_unit_test(cores_are_exact_thousandths),
		cmocka_unit_test(whole_numbers_keep_to_their_range),
		cmocka_unit_test(signals_have_names_and_numbers),
		cmocka_unit_test(booleans_include_the_words_of_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
