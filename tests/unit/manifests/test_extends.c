// SPDX-License-Identifier: GPL-2.0-or-later
/* Services that start as copies of others. */
#include "tests/unit/manifests/fixture.h"

static void expect(struct fixture *fixture, const char *yaml, const char *line)
{
	fixture_load(fixture, yaml, NULL);
	assert_int_equal(fixture->r, -EINVAL);
	assert_true(fixture_says(fixture, line));
}

static void a_service_starts_as_a_copy_of_its_base(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack =
		fixture_good(&fixture, "services:\n"
				       "  web: {extends: base, environment: {B: 2}, scale: 2}\n"
				       "  top: {extends: {service: web}, command: [z]}\n"
				       "  base: {x-rootfs: host, command: [a, b], environment: "
				       "[A=1, B=1], ports: ['80']}\n");
	const struct service *web = stack_service(stack, "web");
	const struct service *top = stack_service(stack, "top");

	assert_int_equal(web->command.count, 2);
	assert_string_equal(web->environment.items[1].value, "B=2");
	assert_int_equal(web->replicas, 2);
	assert_int_equal(web->pos.line, 2);
	assert_int_equal(top->command.count, 1);
	assert_int_equal(top->replicas, 2);
	assert_int_equal(top->port_count, 1);
	assert_int_equal(stack_service(stack, "base")->replicas, 1);
}

static void another_file_brings_its_own_directory(void **unused)
{
	autofixture struct fixture fixture;
	char path[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "lib");
	fixture_mkdir(&fixture, "lib/deep");
	fixture_write(&fixture, "lib/v.env", "FROM_FILE=yes\n");
	fixture_write(&fixture, "lib/common.yaml",
		      "services:\n  app: {extends: {file: deep/base.yaml, service: root}, "
		      "env_file: v.env, volumes: ['./data:/data', 'named:/n']}\n"
		      "  broken: {bananas: 1}\n");
	fixture_write(&fixture, "lib/deep/base.yaml",
		      "services: {root: {x-rootfs: ./tree, command: x}}\n");
	const struct stack *stack = fixture_good(
		&fixture, "services:\n  web: {extends: {file: ./lib/common.yaml, service: app}}\n"
			  "volumes: {named: }\n");
	const struct service *web = stack_service(stack, "web");

	snprintf(path, sizeof(path), "%s/lib/deep/tree", fixture.directory);
	assert_string_equal(web->rootfs_dir, path);
	snprintf(path, sizeof(path), "%s/lib/data", fixture.directory);
	assert_string_equal(web->mounts[0].source, path);
	assert_string_equal(web->mounts[1].source, "named");
	assert_string_equal(web->environment.items[0].value, "FROM_FILE=yes");
	assert_string_equal(web->command_pos.file, "lib/deep/base.yaml");
}

static void a_fault_tells_the_way_it_came(void **unused)
{
	static const char *const yaml = "services:\n"
					"  web:\n"
					"    extends: {file: common.yaml, service: mid}\n"
					"  api:\n"
					"    extends: {file: common.yaml, service: mid}\n";
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "common.yaml",
		      "services:\n"
		      "  mid: {extends: low}\n"
		      "  low: {x-rootfs: host, command: x, depends_on: [db], scale: many}\n");
	expect(&fixture, yaml,
	       "common.yaml:3:62: error: services.api.scale: 'many' is not a whole number from 0 "
	       "to "
	       "10000 (extended at common.yaml:2:18, extended at shop.yaml:5:14)");
	/* What two services get from one place is one fault; the base of this file counts as one.
	 */
	assert_int_equal(fixture.diags.error_count, 2);
	expect(&fixture,
	       "services:\n  web: {extends: base}\n  base: {x-rootfs: host, command: x, scale: "
	       "no}\n",
	       "shop.yaml:3:45: error: services.base.scale: 'no' is not a whole number from 0 to "
	       "10000");
	assert_int_equal(fixture.diags.error_count, 1);
}

static void circles_are_refused_with_their_chain(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	expect(&fixture, "services:\n  a: {extends: a}\n",
	       "shop.yaml:2:16: error: extends goes in a circle: a is extended by a (shop.yaml:2)");
	assert_int_equal(fixture.diags.error_count, 1);
	expect(&fixture, "services:\n  a: {extends: b}\n  b: {extends: c}\n  c: {extends: a}\n",
	       "shop.yaml:4:16: error: extends goes in a circle: a is extended by c (shop.yaml:4), "
	       "extended by b (shop.yaml:3), extended by a (shop.yaml:2)");
	assert_int_equal(fixture.diags.error_count, 1);
	fixture_write(&fixture, "other.yaml",
		      "services: {b: {extends: {file: shop.yaml, service: a}}}\n");
	expect(&fixture, "services:\n  a: {extends: {file: other.yaml, service: b}}\n",
	       "other.yaml:1:52: error: extends goes in a circle: a is extended by b "
	       "(other.yaml:1), extended by a (shop.yaml:2)");
	assert_int_equal(fixture.diags.error_count, 1);
}

static void a_missing_base_is_one_fault(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	expect(&fixture, "services:\n  a: {extends: b}\n",
	       "shop.yaml:2:16: error: services.a.extends: there is no service 'b' in shop.yaml");
	assert_int_equal(fixture.diags.error_count, 1);
	expect(&fixture, "services:\n  a: {extends: bsae}\n  base: {x-rootfs: host, command: x}\n",
	       "shop.yaml:2:16: error: services.a.extends: there is no service 'bsae' in "
	       "shop.yaml: did you mean 'base'?");
	expect(&fixture, "services:\n  a: {extends: {file: no.yaml, service: b}}\n",
	       "shop.yaml:2:23: error: extends: cannot read 'no.yaml': No such file or directory");
	assert_int_equal(fixture.diags.error_count, 1);
	expect(&fixture, "services:\n  a: {extends: {files: no.yaml, service: b}}\n",
	       "shop.yaml:2:17: error: services.a.extends.files is not a known key: did you mean "
	       "'file'?");
	expect(&fixture, "services:\n  a: {extends: {file: x}}\n",
	       "shop.yaml:2:16: error: services.a.extends needs the name of a service");
	expect(&fixture, "services:\n  a: {extends: {file: '', service: b}}\n",
	       "shop.yaml:2:23: error: services.a.extends.file is empty");
	expect(&fixture, "services:\n  a: {extends: [x]}\n",
	       "shop.yaml:2:16: error: services.a.extends must be a mapping, this is a list");
}

static void what_the_copy_refers_to_must_exist(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "common.yaml",
		      "services: {app: {x-rootfs: host, command: x, depends_on: [db]}, db: {}}\n");
	expect(&fixture, "services:\n  a: {extends: {file: common.yaml, service: app}}\n",
	       "common.yaml:1:59: error: services.a.depends_on: there is no service 'db' (extended "
	       "at shop.yaml:2:16)");
}

static void long_chains_and_large_copies_are_bounded(void **unused)
{
	autofixture struct fixture fixture;
	struct buf text = {0};

	(void)unused;
	fixture_open(&fixture);
	buf_puts(&text, "services:\n");
	for (unsigned i = 0; i < 200; i++)
		buf_printf(&text, "  s%u: {extends: s%u}\n", i, i + 1);
	fixture_load(&fixture, text.data, NULL);
	assert_int_equal(fixture.r, -EINVAL);
	assert_non_null(strstr(fixture.printed, "more than 64 services in a row"));
	buf_free(&text);
	buf_puts(&text, "services:\n  s: {x-rootfs: host, command: x, labels: [");
	for (unsigned i = 0; i < 5000; i++)
		buf_printf(&text, "l%u=x, ", i);
	buf_puts(&text, "]}\n");
	for (unsigned i = 0; i < 500; i++)
		buf_printf(&text, "  s%u: {extends: s}\n", i);
	fixture_load(&fixture, text.data, NULL);
	assert_int_equal(fixture.r, -EINVAL);
	assert_non_null(strstr(fixture.printed, "too large once it is extended"));
	assert_int_equal(fixture.diags.error_count, 1);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_starts_as_a_copy_of_its_base),
		cmocka_unit_test(another_file_brings_its_own_directory),
		cmocka_unit_test(a_fault_tells_the_way_it_came),
		cmocka_unit_test(circles_are_refused_with_their_chain),
		cmocka_unit_test(a_missing_base_is_one_fault),
		cmocka_unit_test(what_the_copy_refers_to_must_exist),
		cmocka_unit_test(long_chains_and_large_copies_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
