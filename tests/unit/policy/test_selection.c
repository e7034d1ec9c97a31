// SPDX-License-Identifier: GPL-2.0-or-later
/* Which services an `up` is about. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/selection.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/policy/fixture.h"

#include <errno.h>
#include <string.h>

static struct service services[] = {
	SERVICE("api", NEEDS("db", DEPENDS_HEALTHY)),
	LONER("db"),
	LONER("off"),
};
static const struct stack stack = STACK(services);

static void expect(const struct selection *selection, const char *const *wanted, size_t count)
{
	autofree const char **names = NULL;

	services[0].enabled = services[1].enabled = true;
	services[2].enabled = false;
	assert_int_equal(selection_names(&stack, selection, &names, NULL), 0);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(names[i], wanted[i]);
	assert_null(names[count]);
}

static void without_names_all_enabled_services_are_meant(void **unused)
{
	(void)unused;
	expect(&(struct selection){0}, (const char *[]){"api", "db"}, 2);
}

static void a_named_service_comes_with_what_it_depends_on(void **unused)
{
	(void)unused;
	char api[] = "api";
	char *names[] = {api};

	expect(&(struct selection){.names = names, .count = 1}, (const char *[]){"api", "db"}, 2);
	expect(&(struct selection){.names = names, .count = 1, .no_deps = true},
	       (const char *[]){"api"}, 1);
	expect(&(struct selection){.names = names, .count = 1, .only_deps = true},
	       (const char *[]){"db"}, 1);
}

static void a_disabled_service_can_be_named(void **unused)
{
	(void)unused;
	char off[] = "off";
	char *names[] = {off};

	expect(&(struct selection){.names = names, .count = 1}, (const char *[]){"off"}, 1);
}

static void an_unknown_name_is_said(void **unused)
{
	(void)unused;
	char nope[] = "nope";
	char *names[] = {nope};
	autofree const char **found = NULL;
	struct err err = {0};

	assert_int_equal(selection_names(&stack, &(struct selection){.names = names, .count = 1},
					 &found, &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "no service 'nope'"));
	assert_null(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_names_all_enabled_services_are_meant),
		cmocka_unit_test(a_named_service_comes_with_what_it_depends_on),
		cmocka_unit_test(a_disabled_service_can_be_named),
		cmocka_unit_test(an_unknown_name_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
