// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/supervisor/http_listen.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void addresses_are_read_and_written_in_one_form(void **unused)
{
	static const char *const pairs[][2] = {
		{"9000", "127.0.0.1:9000"},	 {"127.0.0.1:9000", "127.0.0.1:9000"},
		{"0.0.0.0:80", "0.0.0.0:80"},	 {"[::1]:9000", "[::1]:9000"},
		{"[0:0::1]:9000", "[::1]:9000"}, {"0", "127.0.0.1:0"}};
	char text[HTTP_ADDRESS_SIZE];
	struct err err = {0};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_int_equal(http_address(pairs[i][0], text, &err), 0);
		assert_string_equal(text, pairs[i][1]);
	}
}

static void what_is_no_address_is_refused_with_an_example(void **unused)
{
	static const char *const texts[] = {"",
					    "somewhere",
					    "localhost:9000",
					    "127.0.0.1",
					    "127.0.0.1:",
					    "127.0.0.1:65536",
					    "127.0.0.1:-1",
					    "127.0.0.1:+1",
					    "127.0.0.1: 1",
					    "::1:9000",
					    "[::1]",
					    "[]:9000",
					    "[::1]9000",
					    "[127.0.0.1]:9000",
					    ":9000",
					    "9000x"};
	char text[HTTP_ADDRESS_SIZE];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err err = {0};

		assert_int_equal(http_address(texts[i], text, &err), -EINVAL);
		assert_non_null(strstr(err.text, "such as 127.0.0.1:9000"));
	}
}

static void a_socket_says_where_it_listens(void **unused)
{
	char text[HTTP_ADDRESS_SIZE];
	struct err err = {0};
	int fd = -1;
	int second = -1;

	assert_int_equal(http_listen_tcp("127.0.0.1:0", &fd, &err), 0);
	assert_int_equal(http_listens_at(fd, text, &err), 0);
	assert_memory_equal(text, "127.0.0.1:", 10);
	assert_string_not_equal(text, "127.0.0.1:0");
	assert_int_equal(http_listen_tcp(text, &second, &err), -EADDRINUSE);
	assert_int_equal(second, -1);
	assert_non_null(strstr(err.text, text));
	close(fd);
	assert_int_equal(http_listens_at(fd, text, &err), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_and_written_in_one_form),
		cmocka_unit_test(what_is_no_address_is_refused_with_an_example),
		cmocka_unit_test(a_socket_says_where_it_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
