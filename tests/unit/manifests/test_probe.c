// SPDX-License-Identifier: GPL-2.0-or-later
/* x-probe: forms, defaults, faults, merging and printing. */
#include "tests/unit/manifests/one_service.h"

static void short_forms_are_read(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a =
		one_service(&fixture, "x-probe: {startup: 'https://localhost/up?x=1', readiness: "
				      "'http://:8080', liveness: 'tcp://127.0.0.1:5432'}");
	const struct probe_spec *startup = &a->probes[PROBE_STARTUP];
	const struct probe_spec *readiness = &a->probes[PROBE_READINESS];
	const struct probe_spec *liveness = &a->probes[PROBE_LIVENESS];

	assert_int_equal(startup->method, PROBE_HTTP);
	assert_true(startup->http.tls && startup->loopback);
	assert_int_equal(startup->port, 443);
	assert_string_equal(startup->http.path, "/up?x=1");
	assert_int_equal(readiness->method, PROBE_HTTP);
	assert_false(readiness->http.tls || readiness->loopback);
	assert_int_equal(readiness->port, 8080);
	assert_string_equal(readiness->http.path, "/");
	assert_int_equal(liveness->method, PROBE_TCP);
	assert_int_equal(liveness->port, 5432);
	assert_true(liveness->loopback);
	assert_int_equal(liveness->pos.line, 5);
	a = one_service(&fixture,
			"x-probe: {startup: [CMD, a, b], readiness: notify, liveness: none}");
	assert_int_equal(a->probes[PROBE_STARTUP].method, PROBE_EXEC);
	assert_int_equal(a->probes[PROBE_STARTUP].test.count, 2);
	assert_string_equal(a->probes[PROBE_STARTUP].test.items[1].value, "b");
	assert_int_equal(a->probes[PROBE_READINESS].method, PROBE_NOTIFY);
	assert_int_equal(a->probes[PROBE_LIVENESS].method, PROBE_NONE);
}

static const char *printed_startup(const struct fixture *fixture, unsigned format)
{
	autobuf struct buf out = {0};
	struct err err;

	assert_int_equal(manifest_print(fixture->stack, format, &out, &err), 0);
	return strstr(out.data, "startup: listen") ? "listen" : "";
}

static const char *startup_of(struct fixture *fixture, const char *service, unsigned format)
{
	(void)one_service(fixture, service);
	return printed_startup(fixture, format);
}

static void a_listener_is_awaited_where_that_is_written_or_goes_without_saying(void **unused)
{
	static const char written[] =
		"expose: [80]\n  x-probe: {startup: listen, readiness: notify}";
	static const char scaled[] = "x-autoscale: {max: 2}\n  ports: ['80:80']";
	static const char *const others[] = {
		"ports: ['80:80']",
		"x-autoscale: {max: 2}\n  expose: [53/udp]\n  ports: ['53:53/udp']",
		"x-autoscale: {max: 2}\n  expose: [71/sctp]",
		"x-autoscale: {max: 2}\n  expose: [80]\n  network_mode: host",
		"x-autoscale: {max: 2}\n  expose: [80]\n  x-probe: {readiness: none}",
		"x-autoscale: {max: 2}\n  expose: [80]\n  x-probe: {startup: none}",
		"x-autoscale: {max: 2}\n  expose: [80]\n  healthcheck: {test: x}"};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = one_service(&fixture, written);

	assert_int_equal(a->probes[PROBE_STARTUP].method, PROBE_LISTEN);
	assert_string_equal(startup_of(&fixture, written, MANIFEST_YAML), "listen");
	assert_string_equal(startup_of(&fixture, scaled, MANIFEST_YAML), "");
	assert_string_equal(startup_of(&fixture, scaled, MANIFEST_YAML + MANIFEST_RESOLVED),
			    "listen");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_string_equal(
			startup_of(&fixture, others[i], MANIFEST_YAML + MANIFEST_RESOLVED), "");
}

static void long_forms_are_read(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = one_service(
		&fixture,
		"x-probe: {startup: {exec: true x, start_period: 2m, start_interval: 20ms}, "
		"readiness: "
		"{http: {port: 80, scheme: https, host: localhost, path: /z, status: 200-204, "
		"headers: {X-B: c, Host: a}}, interval: 5s, timeout: 2s, retries: 7}, liveness: "
		"{tcp: '6379'}}");
	const struct probe_spec *startup = &a->probes[PROBE_STARTUP];
	const struct probe_spec *readiness = &a->probes[PROBE_READINESS];

	assert_int_equal(startup->test.count, 3);
	assert_string_equal(startup->test.items[2].value, "true x");
	assert_int_equal(startup->start_period_ms, 120000);
	assert_int_equal(startup->start_interval_ms, 20);
	assert_true(readiness->http.tls && readiness->loopback);
	assert_int_equal(readiness->http.status_min, 200);
	assert_int_equal(readiness->http.status_max, 204);
	assert_int_equal(readiness->http.headers.count, 2);
	assert_string_equal(readiness->http.headers.items[0].value, "Host=a");
	assert_int_equal(readiness->interval_ms, 5000);
	assert_int_equal(readiness->timeout_ms, 2000);
	assert_int_equal(readiness->retries, 7);
	assert_int_equal(a->probes[PROBE_LIVENESS].port, 6379);
	a = one_service(&fixture, "x-probe: {readiness: {http: 'http://:1/a', timeout: 1m}, "
				  "liveness: {tcp: {port: 9}}}");
	assert_string_equal(a->probes[PROBE_READINESS].http.path, "/a");
	assert_int_equal(a->probes[PROBE_LIVENESS].port, 9);
}

static void the_defaults_are_those_of_the_manual(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = one_service(
		&fixture,
		"x-probe: {startup: notify, readiness: {http: 80}, liveness: {notify: true}}");
	const struct probe_spec *readiness = &a->probes[PROBE_READINESS];

	assert_int_equal(readiness->interval_ms, 10000);
	assert_int_equal(readiness->timeout_ms, 1000);
	assert_int_equal(readiness->start_period_ms, 0);
	assert_int_equal(readiness->start_interval_ms, 250);
	assert_int_equal(readiness->retries, 3);
	assert_int_equal(readiness->http.status_min, 200);
	assert_int_equal(readiness->http.status_max, 399);
	assert_int_equal(a->probes[PROBE_STARTUP].timeout_ms, 90000);
	assert_int_equal(a->probes[PROBE_STARTUP].retries, 1);
	assert_int_equal(a->probes[PROBE_LIVENESS].timeout_ms, 30000);
	a = one_service(&fixture, "restart: always");
	assert_int_equal(a->probes[PROBE_READINESS].method, PROBE_UNWRITTEN);
}

static const struct fault faults[] = {
	{"x-probe: nginx", "5:12: error: services.a.x-probe must be a mapping, this is text"},
	{"x-probe: {readyness: notify}", "5:13: error: services.a.x-probe.readyness is not a known "
					 "key: did you mean 'readiness'?"},
	{"x-probe: {liveness: curl localhost}",
	 "5:23: error: services.a.x-probe.liveness: 'curl localhost' is not a probe: write "
	 "http://:PORT/PATH, tcp://:PORT, notify, none or a list [CMD, program, …]"},
	{"x-probe: {readiness: listen}",
	 "5:24: error: services.a.x-probe.readiness: listen is for startup: it is asked once"},
	{"expose: [53/udp]\n  x-probe: {startup: listen}",
	 "6:22: error: services.a.x-probe.startup: listen needs a tcp port in ports or expose"},
	{"expose: [71/sctp]\n  x-probe: {startup: listen}",
	 "6:22: error: services.a.x-probe.startup: listen needs a tcp port in ports or expose"},
	{"expose: [eighty]\n  x-probe: {startup: listen}",
	 "5:12: error: services.a.expose: 'eighty' is not a port: write for example 80, 8000-8010 "
	 "or 53/udp"},
	{"expose: [80]\n  network_mode: none\n  x-probe: {startup: listen}",
	 "7:22: error: services.a.x-probe.startup: listen is for services with a network of "
	 "their own"},
	{"x-probe: {liveness: 'tcp://:'}", "5:23: error: services.a.x-probe.liveness: the "
					   "port '' is not a whole number from 1 "
					   "to 65535"},
	{"x-probe: {liveness: 'tcp://localhost'}",
	 "5:23: error: services.a.x-probe.liveness: needs a port, for example tcp://:5432"},
	{"x-probe: {liveness: 'tcp://:1/a'}",
	 "5:23: error: services.a.x-probe.liveness: a tcp probe has no path"},
	{"x-probe: {liveness: 'http://db:1'}",
	 "5:23: error: services.a.x-probe.liveness: 'db' is not the instance: leave the "
	 "host "
	 "out for its own address, or write localhost"},
	{"x-probe: {liveness: 'http://:1?a'}",
	 "5:23: error: services.a.x-probe.liveness: '?a' is not a path"},
	{"x-probe: {liveness: 'http://:70000/'}",
	 "5:23: error: services.a.x-probe.liveness: the port '70000' is not a whole number "
	 "from 1 to 65535"},
	{"x-probe: {liveness: [redis-cli, ping]}",
	 "5:23: error: services.a.x-probe.liveness: must be text, [CMD, program, …] or "
	 "[CMD-SHELL, text]"},
	{"x-probe: {liveness: {interval: 1s}}", "5:23: error: services.a.x-probe.liveness: "
						"needs one of http, tcp, exec and notify"},
	{"x-probe: {liveness: {tcp: 1, http: 2}}",
	 "5:29: error: services.a.x-probe.liveness: has both http and tcp: write one of "
	 "them"},
	{"x-probe: {liveness: {notify: true, retries: 2}}",
	 "5:47: error: services.a.x-probe.liveness: retries has no meaning with notify, "
	 "only "
	 "timeout has"},
	{"x-probe: {liveness: {notify: false}}",
	 "5:32: error: services.a.x-probe.liveness.notify: is true, or not there"},
	{"x-probe: {liveness: {tcp: {host: localhost}}}",
	 "5:29: error: services.a.x-probe.liveness.tcp: needs a port"},
	{"x-probe: {liveness: {tcp: {port: x}}}",
	 "5:36: error: services.a.x-probe.liveness.tcp.port: the port 'x' is not a whole "
	 "number from 1 to 65535"},
	{"x-probe: {liveness: {tcp: {port: 1, host: web}}}",
	 "5:45: error: services.a.x-probe.liveness.tcp.host: 'web' is not the instance: "
	 "leave "
	 "the host out for its own address, or write localhost"},
	{"x-probe: {liveness: {http: {port: 1, path: a}}}",
	 "5:46: error: services.a.x-probe.liveness.http.path: 'a' is not a path: it starts "
	 "with / and has no blanks"},
	{"x-probe: {liveness: {http: {port: 1, path: /a b}}}",
	 "5:46: error: services.a.x-probe.liveness.http.path: '/a b' is not a path: it "
	 "starts "
	 "with / and has no blanks"},
	{"x-probe: {liveness: {http: {port: 1, scheme: httpd}}}",
	 "5:48: error: services.a.x-probe.liveness.http.scheme: 'httpd' is not http or "
	 "https: "
	 "did you mean 'http'?"},
	{"x-probe: {liveness: {http: {port: 1, status: 2xx}}}",
	 "5:48: error: services.a.x-probe.liveness.http.status: '2xx' is not a status: "
	 "write "
	 "for example 204 or 200-399"},
	{"x-probe: {liveness: {http: {port: 1, status: 300-200}}}",
	 "5:48: error: services.a.x-probe.liveness.http.status: '300-200' is not a status: "
	 "write for example 204 or 200-399"},
	{"x-probe: {liveness: {http: {port: 1, headers: {'a b': c}}}}",
	 "5:50: error: services.a.x-probe.liveness.http.headers: 'a b' is not the name of "
	 "a "
	 "header"},
	{"x-probe: {liveness: {http: {port: 1, headers: {a: \"c\\nd\"}}}}",
	 "5:50: error: services.a.x-probe.liveness.http.headers: the value of 'a' has more "
	 "than one line"},
	{"x-probe: {liveness: {tcp: 1, interval: 0s}}",
	 "5:42: error: services.a.x-probe.liveness.interval: must be at least 1ms"},
	{"x-probe: {liveness: {tcp: 1, timeout: soon}}",
	 "5:41: error: services.a.x-probe.liveness.timeout: 'soon' is not a duration: "
	 "write "
	 "for example 1m30s or 500ms"},
	{"x-probe: {liveness: {tcp: 1, retries: 0}}",
	 "5:41: error: services.a.x-probe.liveness.retries: '0' is not a whole number from "
	 "1 "
	 "to 100000"},
};

static void faults_are_told_at_their_place(void **unused)
{
	(void)unused;
	check_one_service_faults(faults, ARRAY_SIZE(faults));
}

static void a_later_method_takes_the_place_of_an_earlier_one(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = merge_one_service(
		&fixture, "x-probe: {readiness: 'http://:80/a', liveness: {tcp: 1, retries: 9}}",
		"x-probe: {readiness: {interval: 2s}, liveness: {exec: [CMD, x]}}");
	const struct probe_spec *readiness = &a->probes[PROBE_READINESS];
	const struct probe_spec *liveness = &a->probes[PROBE_LIVENESS];

	assert_int_equal(readiness->method, PROBE_HTTP);
	assert_string_equal(readiness->http.path, "/a");
	assert_int_equal(readiness->interval_ms, 2000);
	assert_int_equal(liveness->method, PROBE_EXEC);
	assert_int_equal(liveness->retries, 9);

	a = merge_one_service(&fixture, "x-probe: {startup: [CMD, a, b], liveness: 'tcp://:1'}",
			      "x-probe: {startup: [CMD, c], liveness: none, readiness: notify}");
	assert_int_equal(a->probes[PROBE_STARTUP].test.count, 1);
	assert_int_equal(a->probes[PROBE_LIVENESS].method, PROBE_NONE);
	assert_int_equal(a->probes[PROBE_READINESS].method, PROBE_NOTIFY);

	a = merge_one_service(&fixture, "x-probe: {liveness: {tcp: 1, retries: 9}}",
			      "x-probe: {liveness: !override 'tcp://:2'}");
	assert_int_equal(a->probes[PROBE_LIVENESS].port, 2);
	assert_int_equal(a->probes[PROBE_LIVENESS].retries, 3);
}

static void a_healthcheck_without_effect_is_told(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	one_service(&fixture,
		    "healthcheck: {test: x}\n  x-probe: {readiness: 'tcp://:1', liveness: "
		    "none}");
	assert_true(fixture_says(&fixture, "shop.yaml:5:16: warning: services.a.healthcheck has no "
					   "effect beside x-probe.readiness and x-probe.liveness"));
}

static void a_probe_is_enough_for_service_healthy(void **unused)
{
	static const char *const probes[] = {"readiness: notify", "startup: 'tcp://:1'"};
	autofixture struct fixture fixture;
	char yaml[512];

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		snprintf(yaml, sizeof(yaml),
			 "services:\n  a: {x-rootfs: host, command: x, x-probe: {%s}}\n  b: "
			 "{x-rootfs: "
			 "host, command: x, depends_on: {a: {condition: service_healthy}}}\n",
			 probes[i]);
		fixture_good(&fixture, yaml);
	}
	fixture_load(
		&fixture,
		"services:\n  a: {x-rootfs: host, command: x, x-probe: {readiness: none}}\n  b: "
		"{x-rootfs: host, command: x, depends_on: {a: {condition: service_healthy}}}\n",
		NULL);
	assert_int_equal(fixture.r, -EINVAL);
}

static void nothing_is_written_beside_an_images_own_check(void **unused)
{
	static const char *const checks[] = {"{disable: true}", "{interval: 5s}"};
	autofixture struct fixture fixture;
	char yaml[256];

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		snprintf(yaml, sizeof(yaml),
			 "services: {a: {image: x, expose: [80], x-autoscale: {max: 2}, "
			 "healthcheck: %s}}\n",
			 checks[i]);
		fixture_good(&fixture, yaml);
		assert_string_equal(printed_startup(&fixture, MANIFEST_YAML + MANIFEST_RESOLVED),
				    i == 0 ? "listen" : "");
	}
}

static void whether_an_image_has_a_port_is_not_asked_here(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_good(&fixture, "services: {a: {image: x, x-probe: {startup: listen}}}\n");
	assert_int_equal(fixture.diags.count, 0);
}

static void a_misspelt_key_of_ours_is_told_and_others_are_not(void **unused)
{
	static const struct fault warnings[] = {
		{"x-probes: {}",
		 "5:3: warning: services.a.x-probes has no effect: did you mean 'x-probe'?"},
		{"x-autoscal: {}",
		 "5:3: warning: services.a.x-autoscal has no effect: did you mean 'x-autoscale'?"},
		{"x-auto-scale: {}", "5:3: warning: services.a.x-auto-scale has no effect: did you "
				     "mean 'x-autoscale'?"},
		{"x-restrat: {}",
		 "5:3: warning: services.a.x-restrat has no effect: did you mean 'x-restart'?"},
	};
	static const char *const silent[] = {"x-common: {}",  "x-labels: {}", "x-p: {}",
					     "x-problem: {}", "x-ports: {}",  NULL};

	(void)unused;
	check_one_service_notes(warnings, ARRAY_SIZE(warnings));
	check_one_service_silent(silent);
}

static void what_is_printed_loads_again(void **unused)
{
	static const char *const attributes[] = {
		"x-probe: {startup: 'https://localhost/up?x=$$1', readiness: none, liveness: "
		"notify}",
		"x-probe: {readiness: {http: {port: 80, headers: [A=b]}, timeout: 1500ms}, "
		"startup: "
		"{exec: 'a $$b'}, liveness: {tcp: {port: 5, host: 127.0.0.1}, start_period: 1m}}",
		NULL};

	(void)unused;
	check_one_service_printing(attributes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_forms_are_read),
		cmocka_unit_test(
			a_listener_is_awaited_where_that_is_written_or_goes_without_saying),
		cmocka_unit_test(long_forms_are_read),
		cmocka_unit_test(the_defaults_are_those_of_the_manual),
		cmocka_unit_test(faults_are_told_at_their_place),
		cmocka_unit_test(a_later_method_takes_the_place_of_an_earlier_one),
		cmocka_unit_test(a_healthcheck_without_effect_is_told),
		cmocka_unit_test(a_probe_is_enough_for_service_healthy),
		cmocka_unit_test(nothing_is_written_beside_an_images_own_check),
		cmocka_unit_test(whether_an_image_has_a_port_is_not_asked_here),
		cmocka_unit_test(a_misspelt_key_of_ours_is_told_and_others_are_not),
		cmocka_unit_test(what_is_printed_loads_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
