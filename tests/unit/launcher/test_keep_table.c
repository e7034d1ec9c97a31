// SPDX-License-Identifier: GPL-2.0-or-later
/* The names left with a keeper: a few by hand, many against a model. */
#include "launcher/supervisor/keep_table.h"
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAMES 40
#define STEPS 20000

static struct kept *add(struct keep_table *table, const char *name)
{
	struct kept *kept = keep_table_entry(table, name);

	assert_non_null(kept);
	return kept;
}

static void a_name_has_one_entry(void **unused)
{
	struct keep_table table = {0};
	struct kept *web = add(&table, "web-1.stdout");

	assert_int_equal(web->fd, -1);
	assert_string_equal(web->name, "web-1.stdout");
	assert_ptr_equal(add(&table, "web-1.stdout"), web);
	assert_ptr_equal(keep_table_find(&table, "web-1.stdout"), web);
	assert_null(keep_table_find(&table, "web-1"));
	keep_table_free(&table);
	assert_null(table.first);
}

static void changes_are_told_in_their_order_and_once(void **unused)
{
	struct keep_table table = {0};
	struct kept *one = add(&table, "one");
	struct kept *two = add(&table, "two");

	keep_table_change(&table, two);
	keep_table_change(&table, one);
	keep_table_change(&table, two);
	assert_ptr_equal(table.untold, two);
	keep_table_told(&table, two);
	assert_ptr_equal(table.untold, one);
	keep_table_told(&table, one);
	assert_null(table.untold);
	keep_table_free(&table);
}

static void what_is_forgotten_is_not_told(void **unused)
{
	struct keep_table table = {0};
	struct kept *one = add(&table, "one");
	struct kept *two = add(&table, "two");

	keep_table_change(&table, one);
	keep_table_change(&table, two);
	keep_table_forget(&table, two);
	keep_table_change(&table, add(&table, "three"));
	assert_ptr_equal(table.untold, one);
	keep_table_told(&table, one);
	assert_string_equal(table.untold->name, "three");
	keep_table_free(&table);
}

struct model {
	bool there[NAMES];
	int untold[NAMES]; /* when it changed; 0: told */
};

static void compare(const struct keep_table *table, const struct model *model)
{
	int order = 0;
	size_t count = 0, untold = 0;

	for (const struct kept *kept = table->first; kept; kept = kept->next)
		count++;
	for (const struct kept *kept = table->untold; kept; kept = kept->next_untold) {
		int name = atoi(kept->name);

		assert_true(model->there[name] && model->untold[name] > order);
		order = model->untold[name];
		untold++;
	}
	for (int i = 0; i < NAMES; i++) {
		count -= model->there[i];
		untold -= model->there[i] && model->untold[i];
	}
	assert_int_equal(count, 0);
	assert_int_equal(untold, 0);
}

static void it_is_as_a_plain_list_would_be(void **unused)
{
	unsigned seed = (unsigned)time(NULL);
	struct keep_table table = {0};
	struct model model = {0};
	char name[8];

	print_message("seed %u\n", seed);
	for (int step = 1; step <= STEPS; step++) {
		int i = rand_r(&seed) % NAMES;

		snprintf(name, sizeof(name), "%d", i);
		struct kept *kept = keep_table_find(&table, name);

		assert_int_equal(kept != NULL, model.there[i]);
		switch (rand_r(&seed) % 3) {
		case 0:
			keep_table_change(&table, add(&table, name));
			model.untold[i] = model.untold[i] ? model.untold[i] : step;
			model.there[i] = true;
			break;
		case 1:
			if (kept)
				keep_table_forget(&table, kept);
			model.there[i] = false;
			model.untold[i] = 0;
			break;
		default:
			if (kept)
				keep_table_told(&table, kept);
			model.untold[i] = 0;
		}
		compare(&table, &model);
	}
	keep_table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_one_entry),
		cmocka_unit_test(changes_are_told_in_their_order_and_once),
		cmocka_unit_test(what_is_forgotten_is_not_told),
		cmocka_unit_test(it_is_as_a_plain_list_would_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
