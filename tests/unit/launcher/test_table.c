// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/cli/format.h"
#include "launcher/cli/table.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static const char *const columns[] = {"NAME", ">COUNT", "REASON", NULL};

static void columns_without_content_are_left_out(void **unused)
{
	autotable struct table table = {0};
	autobuf struct buf out = {0};
	struct err err = {0};

	assert_int_equal(table_open(&table, columns, false, &err), 0);
	struct libscols_line *row = table_row(&table);

	table_set(&table, row, 0, "web-1", "green");
	table_set(&table, row, 1, "7", NULL);
	table_set(&table, row, 2, NULL, NULL);
	assert_int_equal(table_print(&table, &out, &err), 0);
	assert_string_equal(out.data, "NAME   COUNT\nweb-1      7\n");
}

static void cells_cannot_command_a_terminal(void **unused)
{
	autotable struct table table = {0};
	autobuf struct buf out = {0};
	struct err err = {0};

	assert_int_equal(table_open(&table, columns, false, &err), 0);
	struct libscols_line *row = table_row(&table);

	table_set(&table, row, 0, "a", NULL);
	table_set(&table, row, 2, "\033]0;title\007 and\nmore", NULL);
	assert_int_equal(table_print(&table, &out, &err), 0);
	assert_null(strchr(out.data, '\033'));
	assert_null(strchr(out.data, '\007'));
}

static void print_at(unsigned width, const char *expected)
{
	static const char *const wide[] = {"NAME", ">STATE", "->CPU", "-ADDRESS",
					   "PORT", "~WHY",   NULL};
	static const char *const rows[][6] = {
		{"web-1", "ready", "0.10s", "10.0.0.1", "80",
		 "restarted: the quick brown fox jumped"},
		{"db-1", "ready", "0.20s", "10.0.0.2", "5432", ""},
	};
	autotable struct table table = {0};
	autobuf struct buf out = {0};
	struct err err = {0};

	assert_int_equal(table_open(&table, wide, false, &err), 0);
	table.width = width;
	for (size_t r = 0; r < 2; r++) {
		struct libscols_line *row = table_row(&table);

		for (size_t c = 0; c < 6; c++)
			table_set(&table, row, c, rows[r][c], NULL);
	}
	assert_int_equal(table_print(&table, &out, &err), 0);
	assert_string_equal(out.data, expected);
}

static void a_table_fits_its_terminal(void **unused)
{
	static const char full[] =
		"NAME   STATE    CPU  ADDRESS   PORT  WHY\n"
		"web-1  ready  0.10s  10.0.0.1  80    restarted: the quick brown fox jumped\n"
		"db-1   ready  0.20s  10.0.0.2  5432\n";

	(void)unused;
	print_at(0, full);
	print_at(80, full);
	print_at(74, full);
	print_at(73, "NAME   STATE    CPU  ADDRESS   PORT\n"
		     "web-1  ready  0.10s  10.0.0.1  80\n"
		     "  restarted: the quick brown fox jumped\n"
		     "db-1   ready  0.20s  10.0.0.2  5432\n");
	print_at(30, "NAME   STATE    CPU  PORT\n"
		     "web-1  ready  0.10s  80\n"
		     "  restarted: the quick brown\n"
		     "  fox jumped\n"
		     "db-1   ready  0.20s  5432\n");
	print_at(18, "NAME   STATE  PORT\n"
		     "web-1  ready  80\n"
		     "  restarted: the\n"
		     "  quick brown fox\n"
		     "  jumped\n"
		     "db-1   ready  5432\n");
	/* Nothing more can be left out. */
	print_at(8, "NAME   STATE  PORT\n"
		    "web-1  ready  80\n"
		    "  restar\n"
		    "  ted:\n"
		    "  the\n"
		    "  quick\n"
		    "  brown\n"
		    "  fox\n"
		    "  jumped\n"
		    "db-1   ready  5432\n");
}

static void values_of_answers_are_formatted_or_left_out(void **unused)
{
	static const char text[] =
		"{\"ports\":[{\"host_ip\":\"0.0.0.0\",\"published\":8080,\"target\":80,"
		"\"protocol\":\"tcp\"},{\"host_ip\":\"127.0.0.1\",\"published\":53,\"target\":53,"
		"\"protocol\":\"udp\"},{\"host_ip\":\"::1\",\"published\":80,\"target\":80,"
		"\"protocol\":\"tcp\"}],\"memory_bytes\":3250586,\"memory_limit_bytes\":67108864}";
	autojs struct json_t *json = NULL;
	autobuf struct buf ports = {0};
	autobuf struct buf memory = {0};
	autobuf struct buf nothing = {0};
	autobuf struct buf cpu = {0};
	autobuf struct buf since = {0};
	struct err err = {0};

	assert_int_equal(js_parse(text, strlen(text), &json, &err), 0);
	format_ports(&ports, js_get(json, "ports"));
	assert_string_equal(ports.data, "0.0.0.0:8080->80/tcp, 127.0.0.1:53->53/udp, "
					"[::1]:80->80/tcp");
	format_memory(&memory, json);
	assert_string_equal(memory.data, "3.1M / 64M");
	format_memory(&nothing, NULL);
	format_ports(&nothing, js_get(json, "absent"));
	format_since(&nothing, "yesterday", 0);
	assert_int_equal(nothing.len, 0);
	format_cpu(&cpu, 0.423);
	assert_string_equal(cpu.data, "0.42s");
	format_since(&since, "1970-01-01T00:00:00Z", 61000000000);
	assert_string_equal(since.data, "1m1s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_without_content_are_left_out),
		cmocka_unit_test(cells_cannot_command_a_terminal),
		cmocka_unit_test(a_table_fits_its_terminal),
		cmocka_unit_test(values_of_answers_are_formatted_or_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
