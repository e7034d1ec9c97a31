// SPDX-License-Identifier: GPL-2.0-or-later
/* x-autoscale, x-schedule, x-drain, x-balance and x-allow. */
#include "tests/unit/manifests/one_service.h"

#include "manifests/datagrams.h"

static void a_bound_is_enough(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = one_service(&fixture, "x-autoscale: {max: 8}");
	const struct autoscale *autoscale = &a->autoscale;

	assert_true(autoscale->present);
	assert_int_equal(autoscale->min, 1);
	assert_int_equal(autoscale->max, 8);
	assert_int_equal(autoscale->idle_ms, 0);
	assert_int_equal(autoscale->targets[SCALE_CPU].milli, 70000);
	assert_int_equal(autoscale->targets[SCALE_BACKLOG].milli, 1000);
	assert_false(autoscale->targets[SCALE_MEMORY].present);
	assert_int_equal(autoscale->up.stabilization_ms, 0);
	assert_int_equal(autoscale->down.stabilization_ms, 120000);
	assert_true(autoscale->down.learned);
	assert_int_equal(autoscale->up.tolerance_milli, 50);
	assert_int_equal(autoscale->up.policy_count, 2);
	assert_int_equal(autoscale->down.policy_count, 1);
	assert_true(autoscale->down.policies[0].percent);
	assert_int_equal(a->replicas, 1);
	assert_int_equal(one_service(&fixture, "x-autoscale: {max: 8, min: 3}")->replicas, 3);
	assert_int_equal(one_service(&fixture, "scale: 2\n  x-autoscale: {max: 8}")->replicas, 2);
}

static void every_signal_has_a_target(void **unused)
{
	static const int64_t milli[SCALE_SIGNALS] = {
		[SCALE_CPU] = 60500,	     [SCALE_MEMORY] = 80000,   [SCALE_PRESSURE] = 10000,
		[SCALE_CONNECTIONS] = 99500, [SCALE_BACKLOG] = 2000,   [SCALE_RATE] = 200000,
		[SCALE_COMMAND] = 20000,     [SCALE_PROMETHEUS] = 5500};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = one_service(
		&fixture,
		"mem_limit: 64m\n  x-autoscale: {max: 3, cpu: 60.5%, memory: 80%, pressure: 10%, "
		"connections: 99.5, backlog: 2, rate: 200/s, command: {test: count jobs, target: "
		"20}, "
		"prometheus: {port: 90, metric: 'jobs{q=\"a\"}', target: 5.5}}");
	const struct autoscale *autoscale = &a->autoscale;

	for (size_t i = 0; i < SCALE_SIGNALS; i++) {
		assert_true(autoscale->targets[i].present);
		assert_int_equal(autoscale->targets[i].milli, milli[i]);
	}
	assert_string_equal(autoscale->command.items[2].value, "count jobs");
	assert_int_equal(autoscale->gauge.port, 90);
	assert_string_equal(autoscale->gauge.path, "/metrics");
	assert_string_equal(autoscale->gauge.metric, "jobs{q=\"a\"}");
}

static void the_pace_is_read(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = one_service(
		&fixture,
		"x-autoscale: {max: 3, idle: 5m, forecast: weekly, scale_up: "
		"{stabilization_window: 3s, "
		"tolerance: 5%, select_policy: min, policies: [2/30s, 50%/1m]}, scale_down: "
		"{policies: 1/1m}}");
	const struct autoscale *autoscale = &a->autoscale;
	const struct scale_behavior *up = &autoscale->up;

	assert_int_equal(autoscale->idle_ms, 300000);
	assert_int_equal(autoscale->forecast, SCALE_FORECAST_WEEKLY);
	assert_int_equal(up->stabilization_ms, 3000);
	assert_int_equal(up->tolerance_milli, 50);
	assert_int_equal(up->select, SCALE_SELECT_MIN);
	assert_int_equal(up->policy_count, 2);
	assert_int_equal(up->policies[0].amount, 2);
	assert_false(up->policies[0].percent);
	assert_int_equal(up->policies[0].period_ms, 30000);
	assert_int_equal(up->policies[1].amount, 50);
	assert_true(up->policies[1].percent);
	assert_int_equal(autoscale->down.policy_count, 1);
}

static void times_are_read(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = one_service(
		&fixture,
		"x-autoscale: {max: 9, schedule: [{cron: '30 8-10,20 1 jan-mar/2 mon-fri', "
		"tz: Europe/Berlin, min: 4}, {cron: '@daily', min: 1}]}");
	const struct cron_times *cron = &a->autoscale.schedule[0].cron;

	assert_int_equal(a->autoscale.schedule_count, 2);
	assert_true(cron->minutes == UINT64_C(1) << 30);
	assert_int_equal(cron->hours, 1 << 8 | 1 << 9 | 1 << 10 | 1 << 20);
	assert_int_equal(cron->days, 1 << 1);
	assert_int_equal(cron->months, 1 << 1 | 1 << 3);
	assert_int_equal(cron->weekdays, 0x3e);
	assert_true(cron->either_day);
	assert_string_equal(a->autoscale.schedule[0].tz, "Europe/Berlin");
	assert_int_equal(a->autoscale.schedule[0].min, 4);
	cron = &a->autoscale.schedule[1].cron;
	assert_true(cron->minutes == 1);
	assert_int_equal(cron->weekdays, 0x7f);
	assert_false(cron->either_day);
	assert_string_equal(a->autoscale.schedule[1].tz, "UTC");

	a = one_service(&fixture, "x-schedule: '*/15 * * * 7'");
	assert_true(a->schedule.cron.minutes ==
		    (1 | UINT64_C(1) << 15 | UINT64_C(1) << 30 | UINT64_C(1) << 45));
	assert_int_equal(a->schedule.cron.weekdays, 1);
	assert_string_equal(a->schedule.cron.text, "*/15 * * * 7");
	a = one_service(&fixture,
			"x-schedule: {cron: '5/20 * * * *', tz: UTC, concurrency: replace, "
			"jitter: 10s}");
	assert_true(a->schedule.cron.minutes == (1 << 5 | UINT64_C(1) << 25 | UINT64_C(1) << 45));
	assert_int_equal(a->schedule.concurrency, SCHEDULE_REPLACE);
	assert_int_equal(a->schedule.jitter_ms, 10000);
}

static void connections_are_handed_out_as_written(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a =
		one_service(&fixture, "x-drain: 5s\n  x-balance: source\n  x-allow: [b, a]");

	assert_int_equal(a->traffic.drain_ms, 5000);
	assert_int_equal(a->traffic.balance, BALANCE_SOURCE);
	assert_true(a->traffic.restricted);
	assert_int_equal(a->traffic.allow.count, 2);
	a = one_service(&fixture, "x-allow: []");
	assert_true(a->traffic.restricted);
	assert_int_equal(a->traffic.drain_ms, -1);
	assert_false(one_service(&fixture, "x-balance: round_robin")->traffic.restricted);
}

static const struct fault faults[] = {
	{"x-autoscale: {min: 2}", "5:16: error: services.a.x-autoscale: needs a max"},
	{"x-autoscale: 8", "5:16: error: services.a.x-autoscale must be a mapping, this is text"},
	{"x-autoscale: {maximum: 8, max: 1}",
	 "5:17: error: services.a.x-autoscale.maximum is not a known key"},
	{"x-autoscale: {max: 8, mem: 8%}",
	 "5:25: error: services.a.x-autoscale.mem is not a known key"},
	{"x-autoscale: {max: 8, min: 0}",
	 "5:30: error: services.a.x-autoscale.min: is at least 1: to run none while nobody "
	 "needs it write idle: 5m"},
	{"x-autoscale: {max: 2, min: 3}",
	 "5:22: error: services.a.x-autoscale.max: 2 is less than min, 3"},
	{"x-autoscale: {max: 2, idle: 0}",
	 "5:31: error: services.a.x-autoscale.idle: must be at least 1ms"},
	{"x-autoscale: {max: 2, cpu: 70}", "5:30: error: services.a.x-autoscale.cpu: '70' "
					   "has no unit: write for example 70%"},
	{"x-autoscale: {max: 2, cpu: x%}",
	 "5:30: error: services.a.x-autoscale.cpu: 'x' is not a number from 0 to 10000"},
	{"x-autoscale: {max: 2, cpu: 0%}",
	 "5:30: error: services.a.x-autoscale.cpu: is more than 0"},
	{"x-autoscale: {max: 2, rate: 200}", "5:31: error: services.a.x-autoscale.rate: "
					     "'200' has no unit: write for example 200/s"},
	{"x-autoscale: {max: 2, backlog: 0}",
	 "5:34: error: services.a.x-autoscale.backlog: is more than 0"},
	{"x-autoscale: {max: 2, connections: many}",
	 "5:38: error: services.a.x-autoscale.connections: 'many' is not a number from 0 "
	 "to "
	 "1000000000"},
	{"x-autoscale: {max: 2, memory: 80%}",
	 "5:33: error: services.a.x-autoscale.memory is a part of "
	 "deploy.resources.limits.memory, which is not there"},
	{"x-autoscale: {max: 2, command: {target: 1}}",
	 "5:34: error: services.a.x-autoscale.command: needs a test"},
	{"x-autoscale: {max: 2, prometheus: {port: 1, metric: m}}",
	 "5:37: error: services.a.x-autoscale.prometheus: needs a target"},
	{"x-autoscale: {max: 2, prometheus: {port: 1, metric: m, target: 1, path: x}}",
	 "5:75: error: services.a.x-autoscale.prometheus.path: 'x' must start with /"},
	{"x-autoscale: {max: 2, forecast: dayly}",
	 "5:35: error: services.a.x-autoscale.forecast: 'dayly' is not none, daily or "
	 "weekly: "
	 "did you mean 'daily'?"},
	{"x-autoscale: {max: 2, scale_up: {stabilization_window: 2h}}",
	 "5:58: error: services.a.x-autoscale.scale_up.stabilization_window: is at most "
	 "1h"},
	{"x-autoscale: {max: 2, scale_up: {policies: 4}}",
	 "5:46: error: services.a.x-autoscale.scale_up.policies: '4' is not a policy: "
	 "write "
	 "for example 4/15s or 100%/15s"},
	{"x-autoscale: {max: 2, scale_up: {policies: [4/1h]}}",
	 "5:47: error: services.a.x-autoscale.scale_up.policies: the period of '4/1h' is "
	 "not "
	 "from 1s to 30m"},
	{"x-autoscale: {max: 2, scale_up: {policies: [1/1s, 1/1s, 1/1s, 1/1s, 1/1s, 1/1s, "
	 "1/1s, 1/1s, 1/1s]}}",
	 "5:95: error: services.a.x-autoscale.scale_up.policies: has more than 8 entries"},
	{"x-autoscale: {max: 2, scale_up: {select_policy: most}}",
	 "5:51: error: services.a.x-autoscale.scale_up.select_policy: 'most' is not max, "
	 "min or "
	 "disabled"},
	{"x-autoscale: {max: 2, schedule: {cron: '@daily', min: 1}}",
	 "5:35: error: services.a.x-autoscale.schedule: must be a list, this is a mapping"},
	{"x-autoscale: {max: 2, schedule: [{cron: '@daily'}]}",
	 "5:36: error: services.a.x-autoscale.schedule: needs a min"},
	{"x-autoscale: {max: 2, schedule: [{cron: '@daily', min: 3}]}",
	 "5:58: error: services.a.x-autoscale.schedule.min: 3 is more than max, 2"},
	{"x-autoscale: {max: 4}\n  scale: 5", "6:10: error: services.a: 5 instances are "
					      "not between x-autoscale.min, 1, and max, 4: "
					      "remove this, or choose one between them"},
	{"x-autoscale: {max: 4}\n  container_name: c",
	 "6:19: error: services.a.container_name: with x-autoscale there may be 4 "
	 "instances, "
	 "which cannot share one name: remove it, or write max: 1"},
	{"x-autoscale: {max: 4}\n  x-schedule: '@daily'",
	 "6:15: error: services.a: x-schedule is for tasks that end, x-autoscale for "
	 "services "
	 "that do not: write one of them"},
	{"x-schedule: '@daily'\n  restart: always",
	 "5:15: error: services.a: x-schedule is for tasks that end, which restart: always does "
	 "not "
	 "let them: write no or on-failure"},
	{"x-schedule: {}", "5:15: error: services.a.x-schedule: needs a cron, for example 0 3 * "
			   "* *"},
	{"x-schedule: '0 0 30-31 2 *'", "5:15: error: services.a.x-schedule: '0 0 30-31 2 *' is no "
					"day of any year"},
	{"x-schedule: '* * * *'", "5:15: error: services.a.x-schedule: '* * * *' is not a "
				  "time: write MINUTE HOUR DAY "
				  "MONTH WEEKDAY, for example 30 8 * * 1-5"},
	{"x-schedule: '* * * * * *'", "5:15: error: services.a.x-schedule: '* * * * * *' "
				      "has more than the five fields of a "
				      "time"},
	{"x-schedule: '60 * * * *'", "5:15: error: services.a.x-schedule: '60' is no "
				     "minute: 0 to 59, ranges, lists, "
				     "steps"},
	{"x-schedule: '* 5-3 * * *'",
	 "5:15: error: services.a.x-schedule: '5-3' is no hour: 0 to 23, ranges, lists, "
	 "steps"},
	{"x-schedule: '* * 0 * *'", "5:15: error: services.a.x-schedule: '0' is no day "
				    "of the month: 1 to 31, ranges, "
				    "lists, steps"},
	{"x-schedule: '* * * 1,,2 *'", "5:15: error: services.a.x-schedule: '1,,2' is no "
				       "month: 1 to 12, ranges, lists, "
				       "steps"},
	{"x-schedule: '* * * * */0'", "5:15: error: services.a.x-schedule: '*/0' is no "
				      "day of the week: 0 to 7, ranges, "
				      "lists, steps"},
	{"x-schedule: {cron: '@daily', tz: ../etc}",
	 "5:36: error: services.a.x-schedule.tz: '../etc' is not a time zone: write for "
	 "example "
	 "Europe/Berlin"},
	{"x-schedule: {cron: '@daily', concurrency: forbidd}",
	 "5:45: error: services.a.x-schedule.concurrency: 'forbidd' is not forbid, allow or "
	 "replace: did you mean 'forbid'?"},
	{"x-drain: soon", "5:12: error: services.a.x-drain: 'soon' is not a duration: write for "
			  "example 1m30s or 500ms"},
	{"x-balance: ip_hash", "5:14: error: services.a.x-balance: 'ip_hash' is not "
			       "round_robin or source"},
	{"x-autoscale: {max: 8, idle: 5m}\n  network_mode: host",
	 "5:16: error: services.a.x-autoscale.idle: without a network of its own (network_mode) "
	 "nobody could wake it"},
	{"x-autoscale: {max: 8, idle: 5m}\n  deploy: {endpoint_mode: dnsrr}",
	 "5:16: error: services.a.x-autoscale.idle: with endpoint_mode: dnsrr and no published "
	 "port it has no address by which it could be woken"},
	{"x-allow: [c]", "5:13: error: services.a.x-allow: there is no service 'c'"},
	{"x-allow: [b]\n  network_mode: host", "6:17: error: services.a.network_mode: x-allow is "
					       "for services with a network of their own"},
};

static void faults_are_told_at_their_place(void **unused)
{
	(void)unused;
	check_one_service_faults(faults, ARRAY_SIZE(faults));
}

static void what_cannot_be_done_yet_is_noted(void **unused)
{
	static const struct fault notes[] = {
		{"x-autoscale: {max: 8, idle: 5m}\n  ports: ['53/udp', '5300:53/udp']\n  expose: "
		 "[60-75/udp]",
		 "5:16: note: services.a.x-autoscale.idle: of more than 16 ports for udp the first "
		 "ones wake it at its address"},
	};
	static const char *const silent[] = {"x-autoscale: {max: 8}",
					     "x-schedule: '@daily'",
					     "x-drain: 1s",
					     "x-autoscale: {max: 8, idle: 5m}",
					     "x-autoscale: {max: 8, idle: 5m}\n  ports: ['53/udp']",
					     "x-autoscale: {max: 8, idle: 5m}\n  ports: ['53/udp', "
					     "'5300:53/udp']\n  expose: [53/udp, 60-74/udp, 80-99]",
					     "x-balance: round_robin",
					     "x-balance: source",
					     "x-allow: [b]",
					     NULL};

	(void)unused;
	check_one_service_notes(notes, ARRAY_SIZE(notes));
	check_one_service_silent(silent);
}

static void ports_that_hear_datagrams_are_listed_once_and_no_more_than_wanted(void **unused)
{
	static const uint16_t expected[] = {53, 60, 61, 62, 70};
	uint16_t ports[8] = {0};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a =
		one_service(&fixture, "ports: ['53/udp', '5300:53/udp', '80']\n  expose: "
				      "[80, 60-62/udp, 53-53/udp, 61/udp, 70/udp]");

	assert_int_equal(datagrams_ports(a, ports, ARRAY_SIZE(ports)), ARRAY_SIZE(expected));
	assert_memory_equal(ports, expected, sizeof(expected));
	memset(ports, 0, sizeof(ports));
	assert_int_equal(datagrams_ports(a, ports, 3), 3);
	assert_int_equal(ports[2], 61);
	assert_int_equal(ports[3], 0);
	assert_int_equal(datagrams_ports(a, ports, 0), 0);
}

static void later_manifests_change_single_values(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a =
		merge_one_service(&fixture,
				  "x-autoscale: {max: 4, cpu: 50%, scale_up: {policies: [1/1s, "
				  "2/2s]}, schedule: [{cron: "
				  "'@daily', min: 2}, {cron: '@hourly', min: 1}]}",
				  "x-autoscale: {max: 9, scale_up: {policies: [3/3s]}, schedule: "
				  "[{cron: '@daily', min: "
				  "3}]}");

	assert_int_equal(a->autoscale.max, 9);
	assert_int_equal(a->autoscale.targets[SCALE_CPU].milli, 50000);
	assert_int_equal(a->autoscale.up.policy_count, 1);
	assert_int_equal(a->autoscale.schedule_count, 2);
	assert_int_equal(a->autoscale.schedule[0].min, 3);
}

static void what_is_printed_loads_again(void **unused)
{
	static const char *const attributes[] = {
		"x-autoscale: {max: 8}",
		"mem_limit: 64m\n  x-autoscale: {max: 9, min: 2, idle: 90s, cpu: 60.5%, memory: "
		"80%, "
		"pressure: 1%, connections: 9, backlog: 0.5, rate: 1/s, command: {test: [CMD, a], "
		"target: 2}, prometheus: {port: 1, path: /m, metric: 'a{b=\"c\"}', target: 5}, "
		"forecast: "
		"daily, "
		"scale_up: {tolerance: 2.5%, select_policy: disabled, policies: [3/1500ms, "
		"7%/2s]}, "
		"schedule: [{cron: '0 8 * * 1-5', tz: Europe/Berlin, min: 4}]}",
		"x-schedule: '@daily'",
		"x-schedule: {cron: '1 2 3 4 5', concurrency: allow, jitter: 1500ms}",
		"x-drain: 0s",
		"x-balance: source",
		"x-allow: [b]",
		"x-allow: []",
		NULL};

	(void)unused;
	check_one_service_printing(attributes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bound_is_enough),
		cmocka_unit_test(every_signal_has_a_target),
		cmocka_unit_test(the_pace_is_read),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(connections_are_handed_out_as_written),
		cmocka_unit_test(faults_are_told_at_their_place),
		cmocka_unit_test(what_cannot_be_done_yet_is_noted),
		cmocka_unit_test(ports_that_hear_datagrams_are_listed_once_and_no_more_than_wanted),
		cmocka_unit_test(later_manifests_change_single_values),
		cmocka_unit_test(what_is_printed_loads_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
