// SPDX-License-Identifier: GPL-2.0-or-later
/* A resolv.conf of one's own keeps of the host's what the service says nothing about. */
#include "tests/unit/cmocka_all.h"

#include "launcher/resolv.h"
#include "runtime/base/cleanup.h"

static const char host[] = "# made by hand\nnameserver 192.0.2.1\nnameserver\t192.0.2.2\n"
			   "search a.test b.test\noptions edns0\nnameservers 192.0.2.3";

static struct text servers[] = {{.value = (char *)"192.0.2.53"}, {.value = (char *)"::1"}};
static struct text domains[] = {{.value = (char *)"c.test"}, {.value = (char *)"d.test"}};
static struct text none[] = {{.value = (char *)"."}};
static struct text options[] = {{.value = (char *)"ndots:2"}, {.value = (char *)"use-vc"}};

static void check(const struct service *service, const char *expected)
{
	autobuf struct buf text = {0};

	assert_true(resolv_is_own(service));
	resolv_text(service, host, NULL, &text);
	assert_string_equal(text.data, expected);
}

static void a_service_without_words_has_the_host_s(void **unused)
{
	const struct service service = {0};

	(void)unused;
	assert_false(resolv_is_own(&service));
}

static void each_of_the_three_replaces_its_lines(void **unused)
{
	(void)unused;
	check(&(struct service){.network.dns = {servers, 2}},
	      "nameserver 192.0.2.53\nnameserver ::1\nsearch a.test b.test\noptions edns0\n");
	check(&(struct service){.network.dns_search = {domains, 2}},
	      "nameserver 192.0.2.1\nnameserver\t192.0.2.2\nsearch c.test d.test\n"
	      "options edns0\n");
	check(&(struct service){.network.dns_options = {options, 2}},
	      "nameserver 192.0.2.1\nnameserver\t192.0.2.2\nsearch a.test b.test\n"
	      "options ndots:2 use-vc\n");
}

static void a_dot_is_no_search_at_all(void **unused)
{
	(void)unused;
	check(&(struct service){.network.dns = {servers, 1}, .network.dns_search = {none, 1}},
	      "nameserver 192.0.2.53\noptions edns0\n");
}

static void a_server_of_the_stack_s_is_the_only_one(void **unused)
{
	const struct service plain = {0};
	const struct service worded = {.network.dns = {servers, 2},
				       .network.dns_search = {domains, 2},
				       .network.dns_options = {options, 2}};
	autobuf struct buf text = {0}, words = {0}, bare = {0};

	(void)unused;
	resolv_text(&plain, host, "10.0.0.1", &text);
	assert_string_equal(text.data, "nameserver 10.0.0.1\nsearch a.test b.test\noptions edns0\n"
				       "options ndots:0\n");
	resolv_text(&worded, host, "10.0.0.1", &words);
	assert_string_equal(words.data, "nameserver 10.0.0.1\nsearch c.test d.test\n"
					"options ndots:2 use-vc\n");
	resolv_text(&plain, "", "10.0.0.1", &bare);
	assert_string_equal(bare.data, "nameserver 10.0.0.1\noptions ndots:0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_without_words_has_the_host_s),
		cmocka_unit_test(each_of_the_three_replaces_its_lines),
		cmocka_unit_test(a_dot_is_no_search_at_all),
		cmocka_unit_test(a_server_of_the_stack_s_is_the_only_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
