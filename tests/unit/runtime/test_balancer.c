// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/cleanup.h"
#include "runtime/network/balancer.h"
#include "tests/unit/cmocka_all.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRIDGE "dv-0badcafe"

/* Addresses as text, separated by spaces. */
static size_t addresses(const char *text, struct ip *ret)
{
	char copy[256], *rest = copy, *word;
	size_t count = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, " ")))
		if (*word)
			assert_int_equal(ip_parse(word, &ret[count++], NULL), 0);
	return count;
}

static char *change(struct balancer *balancer, const struct balancer_wish *wish)
{
	struct buf text = {0};

	assert_int_equal(balancer_change(balancer, "ip davit_shop", wish, &text, NULL), 0);
	if (text.len)
		return buf_take(&text);
	buf_free(&text);
	return strdup("");
}

static void expect(struct balancer *balancer, const char *targets, const char *expected)
{
	struct ip list[8];
	const struct balancer_group group = {.name = "web",
					     .bridge = BRIDGE,
					     .address = {4, {10, 1, 1, 254}},
					     .targets = list,
					     .target_count = addresses(targets, list)};
	autofree char *text = change(balancer, &(struct balancer_wish){&group, 1, NULL, 0});

	assert_string_equal(text, expected);
}

static void one_more_is_one_element_and_one_rule(void **unused)
{
	struct balancer balancer = {0};

	(void)unused;
	expect(&balancer, "",
	       "add chain ip davit_shop group_0\n"
	       "add element ip davit_shop addresses { \"dv-0badcafe\" . 10.1.1.254 : goto group_0 "
	       "}\n"
	       "add element ip davit_shop virtual { \"dv-0badcafe\" . 10.1.1.254 }\n"
	       "flush chain ip davit_shop group_0\n");
	expect(&balancer, "", "");
	expect(&balancer, "10.1.1.2",
	       "add element ip davit_shop own { 10.1.1.2 . 10.1.1.2 }\n"
	       "add element ip davit_shop slots { 0 : 10.1.1.2 }\n"
	       "flush chain ip davit_shop group_0\n"
	       "add rule ip davit_shop group_0 dnat to 10.1.1.2\n");
	expect(&balancer, "10.1.1.2 10.1.1.3",
	       "add element ip davit_shop own { 10.1.1.3 . 10.1.1.3 }\n"
	       "add element ip davit_shop several { 10.1.1.2 }\n"
	       "add element ip davit_shop several { 10.1.1.3 }\n"
	       "add element ip davit_shop slots { 1 : 10.1.1.3 }\n"
	       "flush chain ip davit_shop group_0\n"
	       "add rule ip davit_shop group_0 dnat to numgen inc mod 2 offset 0 map @slots\n"
	       "add rule ip davit_shop group_0 dnat to 10.1.1.2\n");
	balancer_forget(&balancer);
}

static void who_leaves_is_replaced_by_the_last(void **unused)
{
	struct balancer balancer = {0};
	struct ip list[8];
	const struct balancer_group group = {
		.name = "web", .bridge = BRIDGE, .targets = list, .target_count = 3};

	(void)unused;
	addresses("10.1.1.2 10.1.1.3 10.1.1.4", list);
	free(change(&balancer, &(struct balancer_wish){&group, 1, NULL, 0}));
	list[1] = list[2];
	const struct balancer_group fewer = {
		.name = "web", .bridge = BRIDGE, .targets = list, .target_count = 2};
	autofree char *text = change(&balancer, &(struct balancer_wish){&fewer, 1, NULL, 0});

	assert_string_equal(
		text,
		"delete element ip davit_shop own { 10.1.1.3 . 10.1.1.3 }\n"
		"delete element ip davit_shop several { 10.1.1.3 }\n"
		"delete element ip davit_shop slots { 1 }\n"
		"delete element ip davit_shop slots { 2 }\n"
		"add element ip davit_shop slots { 1 : 10.1.1.4 }\n"
		"flush chain ip davit_shop group_0\n"
		"add rule ip davit_shop group_0 dnat to numgen inc mod 2 offset 0 map @slots\n"
		"add rule ip davit_shop group_0 dnat to 10.1.1.2\n");
	balancer_forget(&balancer);
}

static void who_has_nobody_may_have_holders(void **unused)
{
	static const struct net_holder holders[] = {{IPPROTO_TCP, 4, 0, 40001},
						    {IPPROTO_TCP, 6, 0, 40006},
						    {IPPROTO_UDP, 4, 53, 40003}};
	struct balancer balancer = {0};
	struct ip list[8];
	struct balancer_group group = {
		.name = "web",
		.bridge = BRIDGE,
		.gateway = ip_of_in((struct in_addr){inet_addr("10.1.1.1")}),
		.holders = holders,
		.holder_count = ARRAY_SIZE(holders),
		.held = true,
		.targets = list,
		.counted = true,
	};
	struct net_port port = {IPPROTO_UDP, {.family = 4}, 8080, 80, .holder_port = 40002};
	const struct balancer_wish wish = {&group, 1, &port, 1};

	(void)unused;
	autofree char *held = change(&balancer, &wish);

	assert_non_null(strstr(held, "add counter ip davit_shop hits_0\n"));
	assert_non_null(strstr(held, "add rule ip davit_shop group_0 counter name hits_0\n"
				     "add rule ip davit_shop group_0 meta l4proto tcp dnat to "
				     "10.1.1.1:40001\n"
				     "add rule ip davit_shop group_0 udp dport 53 dnat to "
				     "10.1.1.1:40003\n"));
	assert_non_null(strstr(held, "add rule ip davit_shop port_0 counter name hits_0\n"
				     "add rule ip davit_shop port_0 meta l4proto udp dnat to "
				     "10.1.1.1:40002\n"));
	assert_null(strstr(held, "40006"));
	assert_null(strstr(held, "add element ip davit_shop shut"));
	port.shut = true;
	autofree char *shut = change(&balancer, &wish);

	assert_non_null(strstr(shut, "add element ip davit_shop shut { udp . 40002 }\n"));
	assert_null(strstr(shut, "holders"));
	group.held = false;
	group.target_count = addresses("10.1.1.2", list);
	autofree char *woken = change(&balancer, &wish);

	assert_null(strstr(woken, "10.1.1.1:"));
	assert_non_null(strstr(woken, "group_0 dnat to 10.1.1.2\n"));
	group.counted = false;
	autofree char *plain = change(&balancer, &wish);

	assert_null(strstr(plain, "counter name"));
	assert_non_null(strstr(plain, "delete counter ip davit_shop hits_0\n"));
	balancer_forget(&balancer);
}

static void nobody_gets_to_a_holder_but_by_the_balancer(void **unused)
{
	static const struct net_holder holders[] = {{IPPROTO_TCP, 4, 0, 40001}};
	struct balancer balancer = {0};
	struct balancer_group group = {
		.name = "web",
		.bridge = BRIDGE,
		.gateway = ip_of_in((struct in_addr){inet_addr("10.1.1.1")}),
		.holders = holders,
		.holder_count = 1,
	};
	const struct net_port port = {IPPROTO_UDP, {.family = 4}, 8080, 80, .holder_port = 40002};
	const struct balancer_wish wish = {&group, 1, &port, 1};

	(void)unused;
	autofree char *before = change(&balancer, &wish);

	assert_non_null(strstr(before, "flush set ip davit_shop holders\n"
				       "add element ip davit_shop holders { 10.1.1.1 . tcp . 40001 "
				       "}\n"
				       "add element ip davit_shop holders { 10.1.1.1 . udp . 40002 "
				       "}\n"));
	group.held = true;
	autofree char *held = change(&balancer, &wish);

	assert_null(strstr(held, "holders"));
	autofree char *gone = change(&balancer, &(struct balancer_wish){0});

	assert_non_null(strstr(gone, "flush set ip davit_shop holders\n"));
	assert_null(strstr(gone, "add element ip davit_shop holders"));
	balancer_forget(&balancer);
}

/* Until the holder has said so, others than it hears find whoever is ready. */
static void what_no_holder_hears_is_led_to_who_is_there(void **unused)
{
	static const struct net_holder holders[] = {{IPPROTO_TCP, 4, 0, 40001},
						    {IPPROTO_UDP, 4, 53, 40003}};
	struct balancer balancer = {0};
	struct ip list[8];
	struct balancer_group group = {
		.name = "web",
		.bridge = BRIDGE,
		.gateway = ip_of_in((struct in_addr){inet_addr("10.1.1.1")}),
		.holders = holders,
		.holder_count = ARRAY_SIZE(holders),
		.held = true,
		.targets = list,
		.target_count = addresses("10.1.1.2 10.1.1.3", list),
	};
	const struct net_port ports[] = {
		{IPPROTO_UDP, {.family = 4}, 8080, 80, .holder_port = 40002},
		{IPPROTO_UDP, {.family = 4}, 8081, 81},
	};

	(void)unused;
	autofree char *text = change(&balancer, &(struct balancer_wish){&group, 1, ports, 2});
	const char *const lines[] = {
		"add rule ip davit_shop group_0 meta l4proto tcp dnat to 10.1.1.1:40001\n"
		"add rule ip davit_shop group_0 udp dport 53 dnat to 10.1.1.1:40003\n"
		"add rule ip davit_shop group_0 meta l4proto udp dnat to numgen inc mod 2 offset 0 "
		"map @slots\n"
		"add rule ip davit_shop group_0 meta l4proto udp dnat to 10.1.1.2\n",
		"flush chain ip davit_shop port_0\n"
		"add rule ip davit_shop port_0 meta l4proto udp dnat to 10.1.1.1:40002\n"
		"flush chain ip davit_shop port_1\n"
		"add rule ip davit_shop port_1 meta l4proto udp dnat to numgen inc mod 2 offset 0 "
		"map @slots:81\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!strstr(text, lines[i]))
			fail_msg("no %s in\n%s", lines[i], text);
	balancer_forget(&balancer);
}

static void flows_to_a_holder_that_is_gone_are_to_be_forgotten(void **unused)
{
	static const struct net_holder holders[] = {{IPPROTO_UDP, 4, 54, 40002},
						    {IPPROTO_UDP, 4, 53, 40003},
						    {IPPROTO_TCP, 4, 0, 40001}};
	struct balancer balancer = {0};
	struct balancer_group group = {
		.name = "web",
		.bridge = BRIDGE,
		.gateway = ip_of_in((struct in_addr){inet_addr("10.1.1.1")}),
		.holders = holders,
		.holder_count = 3,
	};
	const struct balancer_wish wish = {&group, 1, NULL, 0};

	(void)unused;
	free(change(&balancer, &wish));
	assert_int_equal(balancer.left_count, 0);
	/* Without the stream's, nothing is. */
	group.holder_count = 2;
	free(change(&balancer, &wish));
	assert_int_equal(balancer.left_count, 0);
	group.holder_count = 0;
	free(change(&balancer, &wish));
	assert_int_equal(balancer.left_count, 1);
	assert_int_equal(ip_compare(&balancer.left[0], &group.gateway), 0);
	group.holder_count = 1;
	free(change(&balancer, &wish));
	assert_int_equal(balancer.left_count, 0);
	/* Its network is gone as well. */
	free(change(&balancer, &(struct balancer_wish){0}));
	assert_int_equal(balancer.left_count, 1);
	balancer_forget(&balancer);
}

static void the_order_of_targets_means_nothing(void **unused)
{
	struct balancer balancer = {0};

	(void)unused;
	free(change(&balancer, &(struct balancer_wish){0}));
	expect(&balancer, "10.1.1.2",
	       "add chain ip davit_shop group_0\n"
	       "add element ip davit_shop addresses { \"dv-0badcafe\" . 10.1.1.254 : goto group_0 "
	       "}\n"
	       "add element ip davit_shop virtual { \"dv-0badcafe\" . 10.1.1.254 }\n"
	       "add element ip davit_shop own { 10.1.1.2 . 10.1.1.2 }\n"
	       "add element ip davit_shop slots { 0 : 10.1.1.2 }\n"
	       "flush chain ip davit_shop group_0\n"
	       "add rule ip davit_shop group_0 dnat to 10.1.1.2\n");
	expect(&balancer, "10.1.1.3 10.1.1.2",
	       "add element ip davit_shop own { 10.1.1.3 . 10.1.1.3 }\n"
	       "add element ip davit_shop several { 10.1.1.3 }\n"
	       "add element ip davit_shop several { 10.1.1.2 }\n"
	       "add element ip davit_shop slots { 1 : 10.1.1.3 }\n"
	       "flush chain ip davit_shop group_0\n"
	       "add rule ip davit_shop group_0 dnat to numgen inc mod 2 offset 0 map @slots\n"
	       "add rule ip davit_shop group_0 dnat to 10.1.1.2\n");
	expect(&balancer, "10.1.1.2 10.1.1.3", "");
	balancer_forget(&balancer);
}

static void a_group_that_goes_takes_all_with_it(void **unused)
{
	struct balancer balancer = {0};
	struct ip target = {4, {10, 1, 1, 9}};
	const struct balancer_group groups[] = {
		{.name = "web", .bridge = BRIDGE, .address = {4, {10, 1, 1, 254}}},
		{.name = "db",
		 .bridge = BRIDGE,
		 .way = NET_BY_SOURCE,
		 .targets = &target,
		 .target_count = 1},
	};

	(void)unused;
	free(change(&balancer, &(struct balancer_wish){groups, 2, NULL, 0}));
	autofree char *text = change(&balancer, &(struct balancer_wish){0});

	assert_string_equal(
		text, "delete element ip davit_shop addresses { \"dv-0badcafe\" . 10.1.1.254 }\n"
		      "delete element ip davit_shop virtual { \"dv-0badcafe\" . 10.1.1.254 }\n"
		      "delete element ip davit_shop slots { 65536 }\n"
		      "delete element ip davit_shop own { 10.1.1.9 . 10.1.1.9 }\n"
		      "flush chain ip davit_shop group_0\n"
		      "delete chain ip davit_shop group_0\n"
		      "flush chain ip davit_shop group_1\n"
		      "delete chain ip davit_shop group_1\n");
	balancer_forget(&balancer);
}

static void a_port_leads_to_its_group(void **unused)
{
	struct balancer balancer = {0};
	struct ip targets[2];
	const struct balancer_group group = {.name = "dns",
					     .bridge = BRIDGE,
					     .way = NET_BY_SOURCE,
					     .targets = targets,
					     .target_count =
						     addresses("10.1.1.2 10.1.1.3", targets)};
	const struct net_port ports[] = {
		{IPPROTO_UDP, {4, {192, 0, 2, 2}}, 53, 5353, 0},
		{IPPROTO_TCP, {.family = 4}, 8053, 53, 0},
	};

	(void)unused;
	free(change(&balancer, &(struct balancer_wish){&group, 1, NULL, 0}));
	autofree char *text = change(&balancer, &(struct balancer_wish){&group, 1, ports, 2});
	autofree char *same = change(&balancer, &(struct balancer_wish){&group, 1, ports, 2});
	autofree char *none = change(&balancer, &(struct balancer_wish){&group, 1, ports, 0});

	assert_string_equal(
		text,
		"flush map ip davit_shop ports\n"
		"flush map ip davit_shop ports_of\n"
		"flush chain ip davit_shop refused\n"
		"flush set ip davit_shop shut\n"
		"add chain ip davit_shop port_0\n"
		"add element ip davit_shop ports_of { 192.0.2.2 . udp . 53 : goto port_0 }\n"
		"add rule ip davit_shop refused ip daddr 192.0.2.2 udp dport 53 reject\n"
		"add chain ip davit_shop port_1\n"
		"add element ip davit_shop ports { tcp . 8053 : goto port_1 }\n"
		"flush chain ip davit_shop port_0\n"
		"add rule ip davit_shop port_0 meta l4proto udp dnat to jhash ip saddr mod 2 seed "
		"0x64617669 offset 0 map @slots:5353\n"
		"add rule ip davit_shop port_0 meta l4proto udp dnat to 10.1.1.2:5353\n"
		"flush chain ip davit_shop port_1\n"
		"add rule ip davit_shop port_1 meta l4proto tcp dnat to jhash ip saddr mod 2 seed "
		"0x64617669 offset 0 map @slots:53\n"
		"add rule ip davit_shop port_1 meta l4proto tcp dnat to 10.1.1.2:53\n");
	assert_string_equal(same, "");
	assert_string_equal(none, "flush map ip davit_shop ports\n"
				  "flush map ip davit_shop ports_of\n"
				  "flush chain ip davit_shop refused\n"
				  "flush set ip davit_shop shut\n"
				  "flush chain ip davit_shop port_0\n"
				  "delete chain ip davit_shop port_0\n"
				  "flush chain ip davit_shop port_1\n"
				  "delete chain ip davit_shop port_1\n");
	balancer_forget(&balancer);
}

static void addresses_of_ipv6_have_brackets_before_a_port(void **unused)
{
	struct balancer balancer = {0};
	struct ip targets[2];
	const struct balancer_group group = {.name = "web",
					     .bridge = BRIDGE,
					     .address = {6, {0xfd, 0x01, [15] = 0xfe}},
					     .way = NET_BY_SOURCE,
					     .targets = targets,
					     .target_count = addresses("fd01::2 fd01::3", targets)};
	const struct net_port ports[] = {
		{IPPROTO_TCP, {6, {[15] = 1}}, 8080, 80, 0},
		{IPPROTO_UDP, {.family = 6}, 53, 5353, 0},
	};
	const struct balancer_wish wish = {&group, 1, ports, 2};
	autobuf struct buf text = {0};

	(void)unused;
	assert_int_equal(balancer_change(&balancer, "ip6 davit_shop", &wish, &text, NULL), 0);
	const char *const lines[] = {
		"add element ip6 davit_shop addresses { \"dv-0badcafe\" . fd01::fe : goto group_0 "
		"}\n",
		"add element ip6 davit_shop slots { 1 : fd01::3 }\n",
		"add rule ip6 davit_shop group_0 dnat to jhash ip6 saddr mod 2 seed 0x64617669 "
		"offset 0 map @slots\n",
		"add rule ip6 davit_shop group_0 dnat to fd01::2\n",
		"add element ip6 davit_shop ports_of { ::1 . tcp . 8080 : goto port_0 }\n",
		"add element ip6 davit_shop ports { udp . 53 : goto port_1 }\n",
		"add rule ip6 davit_shop port_0 meta l4proto tcp dnat to [fd01::2]:80\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!strstr(text.data, lines[i]))
			fail_msg("no %s in\n%s", lines[i], text.data);
	balancer_forget(&balancer);
}

/* A model of the map, fed with what is sent. */
static uint32_t model[64];

static void feed(const char *text)
{
	char address[32];
	unsigned slot;
	int used;

	for (const char *line = text; line && *line; line = strchr(line, '\n') + 1) {
		used = 0;
		if (sscanf(line, "delete element ip davit_shop slots { %u }%n", &slot, &used) ==
			    1 &&
		    used) {
			assert_true(slot < 64 && model[slot]);
			model[slot] = 0;
		}
		used = 0;
		if (sscanf(line, "add element ip davit_shop slots { %u : %31[0-9.] }%n", &slot,
			   address, &used) == 2 &&
		    used) {
			assert_true(slot < 64 && !model[slot]);
			model[slot] = inet_addr(address);
		}
	}
}

/* Each of @targets is in one of the first @count slots, and nobody beyond. */
static void check(const struct ip *targets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t found = 0;

		for (size_t slot = 0; slot < count; slot++)
			found += model[slot] == ip_in(&targets[i]).s_addr;
		assert_int_equal(found, 1);
	}
	for (size_t slot = count; slot < 64; slot++)
		assert_int_equal(model[slot], 0);
}

static void whatever_comes_and_goes_the_slots_are_dense(void **unused)
{
	unsigned seed = (unsigned)getpid();
	struct balancer balancer = {0};

	(void)unused;
	print_message("seed %u\n", seed);
	srandom(seed);
	for (int round = 0; round < 500; round++) {
		struct ip targets[40];
		size_t count = 0;
		long share = random() % 5;

		for (uint32_t i = 0; i < 40; i++)
			if (random() % 4 < share)
				targets[count++] =
					ip_of_in((struct in_addr){htonl(0x0a010102 + i)});
		const struct balancer_group group = {
			.name = "web", .bridge = BRIDGE, .targets = targets, .target_count = count};
		autofree char *text =
			change(&balancer, &(struct balancer_wish){&group, 1, NULL, 0});

		feed(text);
		check(targets, count);
	}
	balancer_forget(&balancer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_more_is_one_element_and_one_rule),
		cmocka_unit_test(who_leaves_is_replaced_by_the_last),
		cmocka_unit_test(who_has_nobody_may_have_holders),
		cmocka_unit_test(nobody_gets_to_a_holder_but_by_the_balancer),
		cmocka_unit_test(what_no_holder_hears_is_led_to_who_is_there),
		cmocka_unit_test(flows_to_a_holder_that_is_gone_are_to_be_forgotten),
		cmocka_unit_test(the_order_of_targets_means_nothing),
		cmocka_unit_test(a_group_that_goes_takes_all_with_it),
		cmocka_unit_test(a_port_leads_to_its_group),
		cmocka_unit_test(addresses_of_ipv6_have_brackets_before_a_port),
		cmocka_unit_test(whatever_comes_and_goes_the_slots_are_dense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
