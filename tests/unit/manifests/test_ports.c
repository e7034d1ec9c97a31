// SPDX-License-Identifier: GPL-2.0-or-later
/* The forms of `ports`. */
#include "tests/unit/manifests/fixture.h"

static void ports_in_both_forms(void **unused)
{
	static const struct {
		const char *text;
		const char *ip;
		unsigned published;
		unsigned target;
		enum protocol protocol;
		unsigned count;
	} samples[] = {
		{"80", NULL, 0, 80, PROTOCOL_TCP, 1},
		{"\"80\"", NULL, 0, 80, PROTOCOL_TCP, 1},
		{"8080:80", NULL, 8080, 80, PROTOCOL_TCP, 1},
		{"\"53:53/udp\"", NULL, 53, 53, PROTOCOL_UDP, 1},
		{"\"127.0.0.1:8080:80\"", "127.0.0.1", 8080, 80, PROTOCOL_TCP, 1},
		{"\"127.0.0.1::80\"", "127.0.0.1", 0, 80, PROTOCOL_TCP, 1},
		{"\"0.0.0.0:1:2\"", "0.0.0.0", 1, 2, PROTOCOL_TCP, 1},
		{"\"8000-8004:9000-9004\"", NULL, 8000, 9000, PROTOCOL_TCP, 5},
		{"\"8000-8010:80\"", NULL, 8000, 80, PROTOCOL_TCP, 1},
		{"\"[2001:db8:0::1]:80:81\"", "2001:db8::1", 80, 81, PROTOCOL_TCP, 1},
		{"\"::1:80:81/TCP\"", "::1", 80, 81, PROTOCOL_TCP, 1},
		{"\":80\"", NULL, 0, 80, PROTOCOL_TCP, 1},
		{"80/", NULL, 0, 80, PROTOCOL_TCP, 1},
		{"80:80/sctp", NULL, 80, 80, PROTOCOL_SCTP, 1},
		{"\"80:80\"\n      - 80:80/tcp", NULL, 80, 80, PROTOCOL_TCP, 1},
		{"\"0.0.0.0:80:80\"\n      - '[::]:80:80'", "0.0.0.0", 80, 80, PROTOCOL_TCP, 2},
		{"\"9000-9001\"", NULL, 0, 9000, PROTOCOL_TCP, 2},
		{"{target: 80, published: \"8080\", host_ip: 10.0.0.1, protocol: udp, mode: host,"
		 " name: n, app_protocol: http}",
		 "10.0.0.1", 8080, 80, PROTOCOL_UDP, 1},
		{"{target: 80}", NULL, 0, 80, PROTOCOL_TCP, 1},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		char lines[256];

		snprintf(lines, sizeof(lines), "    ports:\n      - %s", samples[i].text);
		const struct service *a = fixture_service(&fixture, lines);

		assert_int_equal(a->port_count, samples[i].count);
		assert_int_equal(a->ports[0].published, samples[i].published);
		assert_int_equal(a->ports[0].target, samples[i].target);
		assert_int_equal(a->ports[0].protocol, samples[i].protocol);
		assert_int_equal(a->ports[0].host_ip != NULL, samples[i].ip != NULL);
		if (samples[i].ip)
			assert_string_equal(a->ports[0].host_ip, samples[i].ip);
	}
	const struct service *a = fixture_service(&fixture, "    ports: ['8000-8004:9000-9004']");

	assert_int_equal(a->ports[4].published, 8004);
	assert_int_equal(a->ports[4].target, 9004);
	a = fixture_service(&fixture, "    ports: ['8000-8010:80']");
	assert_int_equal(a->ports[0].published_last, 8010);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_in_both_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
