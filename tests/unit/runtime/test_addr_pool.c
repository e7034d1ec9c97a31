// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/cleanup.h"
#include "runtime/network/addr_pool.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NAMES 300 /* more than there are addresses */
#define STEPS 200000

static struct addr_pool fresh(void)
{
	struct addr_pool pool;

	addr_pool_init(&pool, 2, 254);
	return pool;
}

static uint32_t take(struct addr_pool *pool, const char *name)
{
	uint32_t host = 0;

	assert_int_equal(addr_pool_take(pool, name, &host, NULL), 0);
	return host;
}

static void addresses_begin_behind_the_gateway(void **unused)
{
	struct addr_pool pool = fresh();

	assert_int_equal(take(&pool, "web-1"), 2);
	assert_int_equal(take(&pool, "web-2"), 3);
	addr_pool_free(&pool);
}

static void a_name_keeps_its_address(void **unused)
{
	struct addr_pool pool = fresh();
	uint32_t host = take(&pool, "web-1");

	take(&pool, "web-2");
	assert_int_equal(take(&pool, "web-1"), host);
	addr_pool_free(&pool);
}

static void a_released_address_rests_before_it_is_given_again(void **unused)
{
	struct addr_pool pool = fresh();
	uint32_t host = take(&pool, "old");

	addr_pool_release(&pool, "old");
	for (int i = 0; i < 252; i++) {
		char name[16];

		snprintf(name, sizeof(name), "new-%d", i);
		assert_int_not_equal(take(&pool, name), host);
	}
	assert_int_equal(take(&pool, "last"), host);
	addr_pool_free(&pool);
}

static void a_full_pool_says_so_and_changes_nothing(void **unused)
{
	struct addr_pool pool = fresh();
	struct err err = {0};
	uint32_t host = 99;
	char name[16];

	for (int i = 0; i < 253; i++) {
		snprintf(name, sizeof(name), "web-%d", i);
		take(&pool, name);
	}
	assert_int_equal(addr_pool_take(&pool, "one-more", &host, &err), -EADDRNOTAVAIL);
	assert_string_equal(err.text, "network: no address left for 'one-more': there are 253");
	assert_int_equal(host, 99);
	assert_int_equal(take(&pool, "web-0"), 2);
	addr_pool_free(&pool);
}

static void releasing_an_unknown_name_does_nothing(void **unused)
{
	struct addr_pool pool = fresh();

	take(&pool, "web-1");
	addr_pool_release(&pool, "web");
	addr_pool_release(&pool, "");
	assert_int_equal(take(&pool, "web-2"), 3);
	addr_pool_free(&pool);
}

static void an_address_asked_for_is_kept_from_others(void **unused)
{
	struct addr_pool pool = fresh();
	struct err err = {0};

	(void)unused;
	assert_int_equal(addr_pool_fix(&pool, "db-1", 3, NULL), 0);
	assert_int_equal(take(&pool, "web-1"), 2);
	assert_int_equal(take(&pool, "web-2"), 4);
	assert_int_equal(take(&pool, "db-1"), 3);
	assert_int_equal(addr_pool_fix(&pool, "db-1", 3, NULL), 0);
	assert_int_equal(addr_pool_fix(&pool, "other", 3, &err), -EADDRINUSE);
	assert_string_equal(err.text, "network: the address for 'other' is that of 'db-1'");
	addr_pool_free(&pool);
}

static void an_address_that_is_never_given_can_be_asked_for(void **unused)
{
	struct addr_pool pool = fresh();

	(void)unused;
	assert_int_equal(addr_pool_fix(&pool, "gate", 1, NULL), 0);
	assert_int_equal(addr_pool_fix(&pool, "far", 70000, NULL), 0);
	assert_int_equal(pool.given, 0);
	assert_int_equal(addr_pool_fix(&pool, "far", 70001, NULL), 0);
	assert_int_equal(take(&pool, "far"), 70001);
	addr_pool_release(&pool, "far");
	assert_int_equal(take(&pool, "far"), 2);
	addr_pool_free(&pool);
}

/* The model: which name has which host part, 0 for none. */
static void random_use_agrees_with_the_model(void **unused)
{
	unsigned seed = (unsigned)time(NULL);
	struct addr_pool pool = fresh();
	uint32_t model[NAMES] = {0};
	bool taken[256] = {0};
	int count = 0;

	print_message("seed %u\n", seed);
	for (int step = 0; step < STEPS; step++) {
		int which = rand_r(&seed) % NAMES;
		char name[16];
		uint32_t host = 0;

		snprintf(name, sizeof(name), "n%d", which);
		if (rand_r(&seed) % 3 == 0) {
			addr_pool_release(&pool, name);
			count -= model[which] != 0;
			taken[model[which]] = false;
			model[which] = 0;
			continue;
		}
		int r = addr_pool_take(&pool, name, &host, NULL);
		if (!model[which] && count == 253) {
			assert_int_equal(r, -EADDRNOTAVAIL);
			continue;
		}
		assert_int_equal(r, 0);
		if (model[which]) {
			assert_int_equal(host, model[which]);
			continue;
		}
		assert_true(host >= 2 && host <= 254 && !taken[host]);
		taken[host] = true;
		model[which] = host;
		count++;
	}
	addr_pool_free(&pool);
}

/* Of two pools of one network: who has which, 0 for nobody. */
static int book[256];

static int claim_in_book(int whose, uint32_t address)
{
	if (book[address] && book[address] != whose)
		return -EEXIST;
	book[address] = whose;
	return 0;
}

static int claim_first(void *data, uint32_t address, const char *name, struct err *err)
{
	return claim_in_book(1, address);
}

static int claim_second(void *data, uint32_t address, const char *name, struct err *err)
{
	return claim_in_book(2, address);
}

static void disclaim(void *data, uint32_t address)
{
	assert_int_not_equal(book[address], 0);
	book[address] = 0;
}

static void fresh_pair(struct addr_pool pools[static 2], uint32_t last)
{
	memset(book, 0, sizeof(book));
	for (int i = 0; i < 2; i++) {
		addr_pool_init(&pools[i], 2, last);
		pools[i].book = (struct addr_book){i ? claim_second : claim_first, disclaim, NULL};
	}
}

static void what_another_has_is_passed_over(void **unused)
{
	struct addr_pool pools[2];

	fresh_pair(pools, 254);
	assert_int_equal(take(&pools[0], "web-1"), 2);
	assert_int_equal(take(&pools[1], "web-1"), 3);
	assert_int_equal(take(&pools[0], "web-2"), 4);
	assert_int_equal(addr_pool_take_last(&pools[0], "all", 0, NULL), 0);
	assert_int_equal(addr_pool_take_last(&pools[1], "all", 0, NULL), 0);
	assert_int_equal(addr_pool_address(&pools[1], "all"), 253);
	assert_true(addr_pool_is_ours(&pools[1], 3));
	assert_false(addr_pool_is_ours(&pools[1], 2));
	addr_pool_free(&pools[0]);
	addr_pool_free(&pools[1]);
}

static void what_another_gives_up_is_there_when_it_is_needed(void **unused)
{
	struct addr_pool pools[2];
	struct err err = {0};
	uint32_t none = 0;

	fresh_pair(pools, 4);
	take(&pools[0], "a");
	take(&pools[0], "b");
	assert_int_equal(addr_pool_fix(&pools[1], "x", 2, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, "another stack"));
	assert_int_equal(take(&pools[1], "x"), 4);
	assert_int_equal(addr_pool_take(&pools[1], "y", &none, NULL), -EADDRNOTAVAIL);
	assert_int_equal(addr_pool_take_last(&pools[1], "y", 0, NULL), -EADDRNOTAVAIL);
	addr_pool_release(&pools[0], "a");
	assert_int_equal(take(&pools[1], "y"), 2);
	addr_pool_release(&pools[0], "b");
	assert_int_equal(addr_pool_fix(&pools[1], "z", 3, NULL), 0);
	addr_pool_free(&pools[0]);
	addr_pool_free(&pools[1]);
}

static void two_that_share_never_give_one_address_twice(void **unused)
{
	unsigned seed = (unsigned)time(NULL);
	struct addr_pool pools[2];

	print_message("seed %u\n", seed);
	fresh_pair(pools, 40);
	for (int step = 0; step < STEPS; step++) {
		int which = rand_r(&seed) % 2;
		char name[16];
		uint32_t host = 0;
		bool free_one = false;

		snprintf(name, sizeof(name), "n%d", rand_r(&seed) % 30);
		if (rand_r(&seed) % 3 == 0) {
			addr_pool_release(&pools[which], name);
			continue;
		}
		for (int i = 2; i <= 40; i++)
			free_one |= book[i] == 0;
		bool known = addr_pool_address(&pools[which], name);
		int r = addr_pool_take(&pools[which], name, &host, NULL);
		assert_int_equal(r, known || free_one ? 0 : -EADDRNOTAVAIL);
		if (r == 0)
			assert_int_equal(book[host], which + 1);
	}
	addr_pool_free(&pools[0]);
	addr_pool_free(&pools[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_begin_behind_the_gateway),
		cmocka_unit_test(a_name_keeps_its_address),
		cmocka_unit_test(a_released_address_rests_before_it_is_given_again),
		cmocka_unit_test(a_full_pool_says_so_and_changes_nothing),
		cmocka_unit_test(releasing_an_unknown_name_does_nothing),
		cmocka_unit_test(an_address_asked_for_is_kept_from_others),
		cmocka_unit_test(an_address_that_is_never_given_can_be_asked_for),
		cmocka_unit_test(random_use_agrees_with_the_model),
		cmocka_unit_test(what_another_has_is_passed_over),
		cmocka_unit_test(what_another_gives_up_is_there_when_it_is_needed),
		cmocka_unit_test(two_that_share_never_give_one_address_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
