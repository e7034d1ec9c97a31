// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/missing.h"
#include "tests/unit/manifests/fixture.h"

#define SERVICE(fields) "name: s\nservices: {web: {x-rootfs: host, command: a, " fields "}}\n"

/* What is said of the service, without the place, a line each. */
static void assert_missing_in(struct fixture *fixture, const char *manifest, const char *expected)
{
	autostrv struct strv lines = {0};
	autobuf struct buf found = {0};

	fixture_good(fixture, manifest);
	missing_list(fixture->stack, stack_service(fixture->stack, "web"), "/nowhere/volumes",
		     &lines);
	assert_false(lines.failed);
	for (size_t i = 0; i < lines.count; i++) {
		const char *what = strstr(lines.items[i], " error: web: ");

		assert_non_null(what);
		buf_printf(&found, "%s\n", what + strlen(" error: web: "));
	}
	assert_string_equal(found.data ? found.data : "", expected);
}

static void assert_missing(const char *manifest, const char *expected)
{
	autofixture struct fixture fixture;

	fixture_open(&fixture);
	assert_missing_in(&fixture, manifest, expected);
}

static void what_is_there_or_is_made_is_not_missing(void **unused)
{
	(void)unused;
	assert_missing(SERVICE("devices: [/dev/null], volumes: [/usr:/usr2, /nowhere:/a, 'b:/b', "
			       "/anonymous]") "volumes: {b: }\n",
		       "");
	assert_missing("name: s\nservices: {web: {x-rootfs: /usr, command: a}}\n", "");
}

static void a_source_that_nobody_makes_is_missing(void **unused)
{
	(void)unused;
	assert_missing(SERVICE("volumes: [{type: bind, source: /nowhere/a, target: /a, "
			       "bind: {create_host_path: false}}]"),
		       "volume /nowhere/a: no such directory\n");
	assert_missing(SERVICE("volumes: ['b:/b', 'c:/c']") "volumes: {b: {external: true}, c: "
							    "{driver_opts: {type: none, o: bind, "
							    "device: /nowhere/c}}}\n",
		       "volume /nowhere/volumes/b: no such directory\n"
		       "volume /nowhere/c: no such directory\n");
}

static void a_root_and_a_device_are_somebody_elses(void **unused)
{
	(void)unused;
	assert_missing("name: s\nservices: {web: {x-rootfs: /nowhere, command: a, "
		       "devices: [/dev/nowhere]}}\n",
		       "root /nowhere: No such file or directory\n"
		       "device /dev/nowhere: No such file or directory\n");
}

static void no_link_leads_out_of_what_instances_write_to(void **unused)
{
	autofixture struct fixture fixture;
	char link[128];
	char expected[128];

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "app");
	fixture_mkdir(&fixture, "app/there");
	snprintf(link, sizeof(link), "%s/app/out", fixture.directory);
	assert_int_equal(symlink("/usr", link), 0);
	snprintf(link, sizeof(link), "%s/app/in", fixture.directory);
	assert_int_equal(symlink("/there", link), 0);
	snprintf(expected, sizeof(expected), "volume %s/app/out: no such directory\n",
		 fixture.directory);
	assert_missing_in(&fixture, SERVICE("volumes: ['./app:/app:ro', './app/out:/out']"), "");
	assert_missing_in(&fixture,
			  SERVICE("volumes: ['./app:/app', './app/out:/out', './app/in:/in', "
				  "'./app/there:/there', './app/new:/new']"),
			  expected);
	assert_missing_in(&fixture,
			  SERVICE("volumes: ['./app:/app', {type: bind, source: ./app/out, "
				  "target: /out, bind: {create_host_path: false}}]"),
			  expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_or_is_made_is_not_missing),
		cmocka_unit_test(a_source_that_nobody_makes_is_missing),
		cmocka_unit_test(a_root_and_a_device_are_somebody_elses),
		cmocka_unit_test(no_link_leads_out_of_what_instances_write_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
