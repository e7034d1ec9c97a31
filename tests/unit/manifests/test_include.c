// SPDX-License-Identifier: GPL-2.0-or-later
/* Manifests made of other manifests. */
#include "tests/unit/manifests/fixture.h"

#define SERVICE(more) "{x-rootfs: host, command: x" more "}"

static void expect(struct fixture *fixture, const char *yaml, const char *line)
{
	fixture_load(fixture, yaml, NULL);
	assert_int_equal(fixture->r, -EINVAL);
	assert_true(fixture_says(fixture, line));
	assert_int_equal(fixture->diags.error_count, 1);
}

static void the_short_form_brings_directory_and_variables(void **unused)
{
	static const char *const environment[] = {"OURS=caller", NULL};
	autofixture struct fixture fixture;
	char path[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "db");
	fixture_write(&fixture, "db/.env", "THEIRS=file\nOURS=file\n");
	fixture_write(&fixture, "db/compose.yaml",
		      "services: {db: " SERVICE(", labels: {a: $THEIRS, b: $OURS}, volumes: "
						"['./data:/data', v:/v]") "}\nvolumes: {v: }\n");
	fixture_load(&fixture,
		     "include: [db/compose.yaml]\nservices: {a: " SERVICE(
			     ", depends_on: [db], labels: {x: '${THEIRS-none}'}") "}\n",
		     environment);
	assert_int_equal(fixture.r, 0);
	const struct service *db = stack_service(fixture.stack, "db");

	assert_string_equal(db->labels.items[0].value, "a=file");
	assert_string_equal(db->labels.items[1].value, "b=caller");
	assert_string_equal(stack_service(fixture.stack, "a")->labels.items[0].value, "x=none");
	snprintf(path, sizeof(path), "%s/db/data", fixture.directory);
	assert_string_equal(db->mounts[0].source, path);
	assert_string_equal(stack_volume(fixture.stack, "v")->name, "shop_v");
}

static void the_long_form_merges_and_chooses(void **unused)
{
	autofixture struct fixture fixture;
	char path[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "one");
	fixture_mkdir(&fixture, "two");
	fixture_write(&fixture, "one/base.yaml",
		      "services: {db: " SERVICE(", scale: 1, volumes: ['./d:/d']") "}\n");
	fixture_write(&fixture, "one/over.yaml", "services: {db: {scale: '${SCALE}'}}\n");
	fixture_write(&fixture, "three.env", "SCALE=3\n");
	const struct stack *stack =
		fixture_good(&fixture, "include:\n"
				       "  - path: [one/base.yaml, ./one/over.yaml]\n"
				       "    project_directory: two\n"
				       "    env_file: three.env\n");

	assert_int_equal(stack->services[0].replicas, 3);
	snprintf(path, sizeof(path), "%s/two/d", fixture.directory);
	assert_string_equal(stack->services[0].mounts[0].source, path);
}

static void overrides_apply_to_what_is_included(void **unused)
{
	static const char *const files[] = {"shop.yaml", "over.yaml", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "db.yaml", "services: {db: " SERVICE("") "}\n");
	fixture_write(&fixture, "shop.yaml", "include: db.yaml\nservices:\n");
	fixture_write(&fixture, "over.yaml", "services: {db: {scale: 4}}\n");
	fixture_load_with(&fixture, (struct manifest_options){.files = files});
	assert_int_equal(fixture.r, 0);
	assert_int_equal(fixture.stack->services[0].replicas, 4);
}

static void what_includes_is_merged_over_what_is_included(void **unused)
{
	autofixture struct fixture fixture;
	char path[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "db");
	fixture_write(&fixture, "db/db.yaml",
		      "services:\n  db: " SERVICE(
			      ", scale: 3, labels: [a=b], volumes: [./d:/d], ports: ['80']") "\n");
	const struct stack *stack = fixture_good(
		&fixture, "include: [db/db.yaml]\nservices:\n  db: {scale: 2, volumes: [./e:/e], "
			  "labels: [c=d], ports: !reset []}\n  a: " SERVICE("") "\n");

	assert_true(fixture_says(&fixture,
				 "shop.yaml:3:3: warning: services.db is also defined at "
				 "db/db.yaml:2:3: this definition is merged over that one"));
	const struct service *db = stack_service(stack, "db");

	assert_int_equal(db->replicas, 2);
	assert_int_equal(db->labels.count, 2);
	assert_int_equal(db->port_count, 0);
	assert_int_equal(db->mount_count, 2);
	snprintf(path, sizeof(path), "%s/db/d", fixture.directory);
	assert_string_equal(db->mounts[0].source, path);
	snprintf(path, sizeof(path), "%s/e", fixture.directory);
	assert_string_equal(db->mounts[1].source, path);
	/* What is equal is left alone: lists do not double. */
	fixture_write(&fixture, "same.yaml", "services: {db: " SERVICE(", ports: ['80']") "}\n");
	stack = fixture_good(
		&fixture, "include: [same.yaml]\nservices: {db: " SERVICE(", ports: ['80']") "}\n");
	assert_int_equal(fixture.diags.count, 0);
	assert_int_equal(stack_service(stack, "db")->port_count, 1);
}

static void two_that_are_included_must_not_differ(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "db.yaml", "services: {db: " SERVICE("") "}\n");
	fixture_write(&fixture, "two.yaml", "services: {db: " SERVICE(", scale: 2") "}\n");
	expect(&fixture, "include: [db.yaml, two.yaml]\nservices: {a: " SERVICE("") "}\n",
	       "db.yaml:1:12: error: services.db is also defined, differently, at two.yaml:1:12 "
	       "(included at shop.yaml:1:11)");
	fixture_write(&fixture, "typo.yaml", "service: {}\nx-mine: 1\n");
	expect(&fixture, "include: [typo.yaml]\nservices: {a: " SERVICE("") "}\n",
	       "typo.yaml:1:1: error: service is not a known key: did you mean 'services'? "
	       "(included at shop.yaml:1:11)");
	/* The same by two ways is no conflict. */
	fixture_write(&fixture, "other.yaml", "include: [db.yaml]\n");
	fixture_good(&fixture, "include: [db.yaml, other.yaml]\n");
	assert_int_equal(fixture.diags.count, 0);
}

static void bare_names_have_the_values_of_their_own_file(void **unused)
{
	static const char *const environment[] = {"OURS=caller", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "db");
	fixture_write(&fixture, ".env", "BOTH=outer\nOUTER=outer\n");
	fixture_write(&fixture, "db/.env", "THEIRS=$$5\nOURS=file\nBOTH=inner\n");
	fixture_write(&fixture, "db/compose.yaml",
		      "services:\n"
		      "  listed: " SERVICE(
			      ", environment: [BOTH, NO, OURS, OUTER, THEIRS]") "\n"
										"  "
										"mapped: " SERVICE(
											", "
											"environmen"
											"t: {BOTH: "
											", NO: , "
											"OURS: "
											"null, "
											"SET: x, "
											"THEIRS: "
											"~}") "\n");
	fixture_load(&fixture,
		     "include: [db/compose.yaml]\nservices: {a: " SERVICE(
			     ", environment: [BOTH, THEIRS]") "}\n",
		     environment);
	assert_int_equal(fixture.r, 0);
	const struct text_list *listed = &stack_service(fixture.stack, "listed")->environment;
	const struct text_list *mapped = &stack_service(fixture.stack, "mapped")->environment;
	const struct text_list *outer = &stack_service(fixture.stack, "a")->environment;

	assert_int_equal(listed->count, 4);
	assert_string_equal(listed->items[0].value, "BOTH=outer");
	assert_string_equal(listed->items[1].value, "OURS=caller");
	assert_string_equal(listed->items[2].value, "OUTER=outer");
	assert_string_equal(listed->items[3].value, "THEIRS=$5");
	assert_int_equal(mapped->count, 4);
	assert_string_equal(mapped->items[0].value, "BOTH=outer");
	assert_string_equal(mapped->items[2].value, "SET=x");
	assert_string_equal(mapped->items[3].value, "THEIRS=$5");
	assert_int_equal(outer->count, 1);
	assert_string_equal(outer->items[0].value, "BOTH=outer");
}

static void a_fault_tells_who_included_it(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "db.yaml", "include: [low.yaml]\n");
	fixture_write(&fixture, "low.yaml", "services: {db: " SERVICE(", scale: many") "}\n");
	expect(&fixture, "include:\n  - db.yaml\n",
	       "low.yaml:1:52: error: services.db.scale: 'many' is not a whole number from 0 to "
	       "10000 (included at db.yaml:1:11, included at shop.yaml:2:5)");
	fixture_write(&fixture, "db.yaml", "services: [");
	fixture_load(&fixture, "include:\n  - db.yaml\n", NULL);
	assert_non_null(strstr(fixture.printed, "(included at shop.yaml:2:5)"));
}

static void circles_and_missing_files_are_refused(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	expect(&fixture, "include: [shop.yaml]\nservices: {a: " SERVICE("") "}\n",
	       "shop.yaml:1:11: error: include goes in a circle: shop.yaml is included by "
	       "shop.yaml");
	fixture_write(&fixture, "db.yaml", "include: [./low.yaml]\n");
	fixture_write(&fixture, "low.yaml", "include: [shop.yaml]\n");
	fixture_load(&fixture, "include: [db.yaml]\nservices: {a: " SERVICE("") "}\n", NULL);
	assert_true(fixture_says(&fixture,
				 "low.yaml:1:11: error: include goes in a circle: shop.yaml is "
				 "included by low.yaml, included by db.yaml, included by shop.yaml "
				 "(included at db.yaml:1:11, included at shop.yaml:1:11)"));
	assert_int_equal(fixture.diags.error_count, 1);
	expect(&fixture, "include: [no.yaml]\nservices: {a: " SERVICE(", depends_on: [b]") "}\n",
	       "shop.yaml:1:11: error: include: cannot read 'no.yaml': No such file or directory");
	expect(&fixture, "include: [~]\nservices: {a: " SERVICE("") "}\n",
	       "shop.yaml:1:11: error: include needs a path");
	expect(&fixture, "include: [{path: [~]}]\nservices: {a: " SERVICE("") "}\n",
	       "shop.yaml:1:19: error: include.path must be text, this is nothing");
	expect(&fixture, "include: [{path: [db.yaml, '']}]\nservices: {a: " SERVICE("") "}\n",
	       "shop.yaml:1:28: error: include.path is empty");
	expect(&fixture, "include: ''\nservices: {a: " SERVICE("") "}\n",
	       "shop.yaml:1:10: error: include.path is empty");
	expect(&fixture,
	       "include: [{path: no.yaml, project_directory: ~}]\nservices: {a: " SERVICE("") "}\n",
	       "shop.yaml:1:18: error: include: cannot read 'no.yaml': No such file or directory");
	expect(&fixture,
	       "include: [{path: no.yaml, project_directory: [x]}]\nservices: {a: " SERVICE(
		       "") "}\n",
	       "shop.yaml:1:46: error: include.project_directory must be text, this is a list");
	expect(&fixture, "include: [{paths: no.yaml}]\nservices: {a: " SERVICE("") "}\n",
	       "shop.yaml:1:12: error: include.paths is not a known key: did you mean 'path'?");
}

static void many_inclusions_are_bounded(void **unused)
{
	autofixture struct fixture fixture;
	char name[32];
	char text[256];

	(void)unused;
	fixture_open(&fixture);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "f%u.yaml", i);
		snprintf(text, sizeof(text), "include: [f%u.yaml, f%u.yaml, f%u.yaml]\n", i + 1,
			 i + 1, i + 1);
		fixture_write(&fixture, name, text);
	}
	fixture_load(&fixture, "include: [f0.yaml]\n", NULL);
	assert_int_equal(fixture.r, -EINVAL);
	autobuf struct buf many = {0};

	buf_puts(&many, "include: [");
	for (unsigned i = 0; i < 16000; i++)
		buf_puts(&many, "no,");
	buf_puts(&many, "]\n");
	fixture_load(&fixture, many.data, NULL);
	assert_in_range(fixture.diags.error_count, 1001, 1002);
	assert_non_null(strstr(fixture.printed, "error: include: cannot read 'no'"));
}

static void what_is_included_over_and_over_is_told_once(void **unused)
{
	autofixture struct fixture fixture;
	autobuf struct buf many = {0};

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "db.yaml", "services: {db: " SERVICE("") "}\n");
	buf_puts(&many, "include:\n");
	for (unsigned i = 0; i < 1002; i++)
		buf_puts(&many, "- db.yaml\n");
	expect(&fixture, many.data,
	       "shop.yaml:1002:3: error: more than 1000 manifests are included");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_short_form_brings_directory_and_variables),
		cmocka_unit_test(the_long_form_merges_and_chooses),
		cmocka_unit_test(overrides_apply_to_what_is_included),
		cmocka_unit_test(what_includes_is_merged_over_what_is_included),
		cmocka_unit_test(two_that_are_included_must_not_differ),
		cmocka_unit_test(bare_names_have_the_values_of_their_own_file),
		cmocka_unit_test(a_fault_tells_who_included_it),
		cmocka_unit_test(circles_and_missing_files_are_refused),
		cmocka_unit_test(many_inclusions_are_bounded),
		cmocka_unit_test(what_is_included_over_and_over_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
