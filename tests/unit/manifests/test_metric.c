// SPDX-License-Identifier: GPL-2.0-or-later
/* Gauges are found by name and labels, and what is no number is never taken for one. */
#include "manifests/metric.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

static const char page[] = "# HELP jobs Jobs that wait.\n"
			   "# TYPE jobs gauge\n"
			   "jobs{queue=\"mail\",site=\"a,b}\"} 12.5 1395066363000\n"
			   "jobs { queue = \"mail\" , site=\"c\\\"d\", } 2e1\r\n"
			   "jobs{queue=\"web\"} +7\n"
			   "jobs_total 99\n"
			   "idle 0\n"
			   "\n"
			   "broken NaN\n"
			   "negative -1\n"
			   "torn{a=\"b 1\n"
			   "bare\n"
			   "last 1e-3";

/* Thousandths, or -errno. */
static int64_t value_of(const char *metric)
{
	int64_t milli = -1;
	struct err err;
	int r = metric_check(metric, &err);

	if (r == 0)
		r = metric_read(metric, page, strlen(page), &milli, &err);
	return r < 0 ? r : milli;
}

static void a_gauge_is_the_sum_of_what_has_its_labels(void **unused)
{
	(void)unused;
	assert_int_equal(value_of("jobs"), 39500);
	assert_int_equal(value_of("jobs{}"), 39500);
	assert_int_equal(value_of("jobs{queue=\"mail\"}"), 32500);
	assert_int_equal(value_of("jobs{site=\"a,b}\", queue=\"mail\"}"), 12500);
	assert_int_equal(value_of("jobs{site=\"c\\\"d\"}"), 20000);
	assert_int_equal(value_of("jobs_total"), 99000);
	assert_int_equal(value_of("idle"), 0);
	assert_int_equal(value_of("last"), 1);
}

static void what_is_not_there_is_not_zero(void **unused)
{
	(void)unused;
	assert_int_equal(value_of("job"), -ENOENT);
	assert_int_equal(value_of("HELP"), -ENOENT);
	assert_int_equal(value_of("jobs{queue=\"news\"}"), -ENOENT);
	assert_int_equal(value_of("jobs_total{queue=\"mail\"}"), -ENOENT);
}

static void what_is_no_number_is_an_error(void **unused)
{
	struct err err;
	int64_t milli = 5;

	(void)unused;
	assert_int_equal(value_of("broken"), -EINVAL);
	assert_int_equal(value_of("negative"), -ERANGE);
	assert_int_equal(value_of("torn"), -EINVAL);
	assert_int_equal(value_of("bare"), -EINVAL);
	assert_int_equal(metric_read("broken", page, strlen(page), &milli, &err), -EINVAL);
	assert_string_equal(err.text, "line 9: 'NaN' is no number");
	assert_int_equal(milli, 5);
}

static void a_name_is_checked(void **unused)
{
	static const char *const bad[] = {"",	    "1a",	"a b",	     "a{",	   "a{b}",
					  "a{b=1}", "a{b=\"c}", "a{b=\"c\"", "a{b=\"\"}x", NULL};
	struct err err;

	(void)unused;
	for (size_t i = 0; bad[i]; i++)
		assert_int_equal(metric_check(bad[i], &err), -EINVAL);
	assert_string_equal(err.text, "'a{b=\"\"}x' is not NAME or NAME{label=\"value\"}");
	assert_int_equal(metric_check("a:b_1{c=\"\",}", &err), 0);
}

static void a_program_prints_one_number(void **unused)
{
	static const struct {
		const char *text;
		int64_t milli; /* or -errno */
	} cases[] = {{"12\n", 12000},	    {"  0.5 \n\n", 500},      {"1e3", 1000000},
		     {"", -EINVAL},	    {"\n", -EINVAL},	      {"12 13", -EINVAL},
		     {"12\n13\n", -EINVAL}, {"0x10", -EINVAL},	      {"inf", -EINVAL},
		     {"nan", -EINVAL},	    {"-1", -ERANGE},	      {"1e300", -ERANGE},
		     {"--", -EINVAL},	    {"error: none", -EINVAL}, {"1e", -EINVAL}};
	struct err err;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t milli = -1;
		int r = metric_number(cases[i].text, strlen(cases[i].text), &milli, &err);

		assert_int_equal(r < 0 ? r : milli, cases[i].milli);
	}
	assert_int_equal(metric_number("1\0002", 3, &(int64_t){0}, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gauge_is_the_sum_of_what_has_its_labels),
		cmocka_unit_test(what_is_not_there_is_not_zero),
		cmocka_unit_test(what_is_no_number_is_an_error),
		cmocka_unit_test(a_name_is_checked),
		cmocka_unit_test(a_program_prints_one_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
