// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/supervisor/guard.h"
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>

static const char token[GUARD_TOKEN_CHARS + 1] =
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void addresses_and_own_names_are_hosts(void **unused)
{
	static const char *const hosts[] = {
		"127.0.0.1", "127.0.0.1:9000", "192.0.2.7:80",	   "localhost", "LocalHost:9000",
		"[::1]",     "[::1]:9000",     "[2001:db8::7]:80", "ship",	"Ship:9000"};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		assert_true(guard_host(hosts[i], "ship"));
}

static void names_that_others_can_point_here_are_none(void **unused)
{
	static const char *const hosts[] = {"",
					    "evil.example",
					    "evil.example:9000",
					    "127.0.0.1.evil.example",
					    "localhost.evil.example",
					    "ship.evil.example",
					    "[::1",
					    "[::1]evil",
					    "[evil]",
					    "::1",
					    "0x7f.1",
					    "2130706433",
					    ":9000"};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		assert_false(guard_host(hosts[i], "ship"));
	assert_false(guard_host(NULL, "ship"));
	assert_false(guard_host("", ""));
	assert_false(guard_host(":80", ""));
}

static void a_host_of_any_length_is_read_within_bounds(void **unused)
{
	char host[1024];

	memset(host, 'a', sizeof(host));
	host[sizeof(host) - 1] = '\0';
	assert_false(guard_host(host, "ship"));
	host[0] = '[';
	assert_false(guard_host(host, "ship"));
}

static void only_a_page_of_the_same_host_and_port_is_heeded(void **unused)
{
	assert_true(guard_origin(NULL, "127.0.0.1:9000"));
	assert_true(guard_origin("http://127.0.0.1:9000", "127.0.0.1:9000"));
	assert_true(guard_origin("https://ship", "ship"));
	assert_false(guard_origin("http://127.0.0.1:9001", "127.0.0.1:9000"));
	assert_false(guard_origin("http://127.0.0.1", "127.0.0.1:9000"));
	assert_false(guard_origin("http://localhost:9000", "127.0.0.1:9000"));
	assert_false(guard_origin("http://evil.example", "127.0.0.1:9000"));
	assert_false(guard_origin("127.0.0.1:9000", "127.0.0.1:9000"));
	assert_false(guard_origin("null", "127.0.0.1:9000"));
	assert_false(guard_origin("", "127.0.0.1:9000"));
}

static void only_the_whole_token_is_the_token(void **unused)
{
	char said[128];

	snprintf(said, sizeof(said), "Bearer %s", token);
	assert_true(guard_token(said, token));
	memcpy(said, "bearer", 6);
	assert_true(guard_token(said, token));
	said[strlen(said) - 1] = '0';
	assert_false(guard_token(said, token));
	said[strlen(said) - 1] = '\0';
	assert_false(guard_token(said, token));
	snprintf(said, sizeof(said), "Bearer %s0", token);
	assert_false(guard_token(said, token));
	snprintf(said, sizeof(said), "Basic %s", token);
	assert_false(guard_token(said, token));
	assert_false(guard_token(token, token));
	assert_false(guard_token("Bearer ", token));
	assert_false(guard_token(NULL, token));
}

static void without_a_token_nothing_is_one(void **unused)
{
	static const char none[GUARD_TOKEN_CHARS + 1] = "";

	assert_false(guard_token("Bearer ", none));
	assert_false(guard_token(NULL, none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_own_names_are_hosts),
		cmocka_unit_test(names_that_others_can_point_here_are_none),
		cmocka_unit_test(a_host_of_any_length_is_read_within_bounds),
		cmocka_unit_test(only_a_page_of_the_same_host_and_port_is_heeded),
		cmocka_unit_test(only_the_whole_token_is_the_token),
		cmocka_unit_test(without_a_token_nothing_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
