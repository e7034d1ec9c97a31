// SPDX-License-Identifier: GPL-2.0-or-later
/* Curves as blocks and as SVG. */
#include "launcher/cli/chart.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static void a_line_is_eighths_and_anything_above_nothing_shows(void **unused)
{
	const double values[] = {0, 0.01, 4, 8, 9, -1};
	autobuf struct buf out = {0};

	(void)unused;
	chart_line(&out, values, 6, 8);
	assert_string_equal(out.data, " ▁▄██ ");
}

static void a_line_of_nothing_is_blank(void **unused)
{
	const double values[] = {0, 0};
	autobuf struct buf out = {0};

	(void)unused;
	chart_line(&out, values, 2, 0);
	assert_string_equal(out.data, "  ");
}

static void a_picture_has_every_panel_and_every_curve(void **unused)
{
	const double values[] = {1, 2, 3};
	const struct chart_curve curves[] = {{"one", values, 3}, {"two", values, 3}};
	const struct chart_panel panels[] = {{"load", curves, 1}, {"instances", curves, 2}};
	autobuf struct buf out = {0};
	size_t lines = 0;

	(void)unused;
	chart_svg(&out, panels, 2, 60);
	assert_memory_equal(out.data, "<svg ", 5);
	for (const char *at = out.data; (at = strstr(at, "<polyline")); at++)
		lines++;
	assert_int_equal(lines, 3);
	assert_non_null(strstr(out.data, ">instances</text>"));
	assert_non_null(strstr(out.data, ">two</text>"));
	assert_non_null(strstr(out.data, ">60 s</text>"));
	assert_string_equal(out.data + out.len - 7, "</svg>\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_eighths_and_anything_above_nothing_shows),
		cmocka_unit_test(a_line_of_nothing_is_blank),
		cmocka_unit_test(a_picture_has_every_panel_and_every_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
