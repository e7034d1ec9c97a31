// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/changes.h"
#include "tests/unit/manifests/fixture.h"

/* "field: old > new" lines, then "+N" for those that are not told. */
static char *difference(const char *before, const char *after)
{
	autofixture struct fixture old, new;
	autojs struct json_t *changes = NULL;
	struct buf out = {0};
	struct err err;

	fixture_open(&old);
	fixture_open(&new);
	fixture_good(&old, before);
	fixture_good(&new, after);
	const struct changes_side sides[] = {{old.stack, stack_service(old.stack, "web")},
					     {new.stack, stack_service(new.stack, "web")}};

	assert_int_equal(changes_between(&sides[0], &sides[1], &changes, &err), 0);
	for (size_t i = 0; i < js_count(js_get(changes, "fields")); i++) {
		const struct json_t *one = js_at(js_get(changes, "fields"), i);
		const char *from = js_text(one, "from");
		const char *to = js_text(one, "to");

		buf_printf(&out, "%s: %s > %s\n", js_text(one, "field"), from ? from : "-",
			   to ? to : "-");
	}
	buf_printf(&out, "+%d", (int)js_int(changes, "more", -1));
	assert_false(out.failed);
	return buf_take(&out);
}

#define SERVICE(fields)	  "name: s\nservices: {web: {x-rootfs: host, " fields "}}\n"
#define WITH(fields, end) SERVICE(fields) end

static void assert_difference(const char *before, const char *after, const char *expected)
{
	autofree char *found = difference(before, after);

	assert_string_equal(found, expected);
}

static void fields_are_told_as_the_manifest_calls_them(void **unused)
{
	(void)unused;
	assert_difference(SERVICE("command: a"), SERVICE("command: a"), "+0");
	assert_difference(SERVICE("command: a b"), SERVICE("command: c"),
			  "command: [\"a\",\"b\"] > [\"c\"]\n+0");
	assert_difference(SERVICE("command: a, deploy: {resources: {limits: {memory: 64M}}}"),
			  SERVICE("command: a, deploy: {resources: {limits: {memory: 96M}}}"),
			  "deploy.resources.limits.memory: 67108864 > 100663296\n+0");
	assert_difference(SERVICE("command: a"), SERVICE("command: a, user: nobody"),
			  "user: - > nobody\n+0");
	assert_difference(SERVICE("command: a, read_only: true"), SERVICE("command: a"),
			  "read_only: true > -\n+0");
}

static void of_a_list_of_entries_those_that_came_and_went_are_told(void **unused)
{
	(void)unused;
	assert_difference(
		SERVICE("command: a, volumes: [/a:/a, /b:/b]"),
		SERVICE("command: a, volumes: [/c:/c, /a:/a]"),
		"volumes: {\"bind\":{\"create_host_path\":true},\"source\":\"/b\",\"target\":"
		"\"/b\",\"type\":\"bind\"} > -\n"
		"volumes: - > {\"bind\":{\"create_host_path\":true},\"source\":\"/c\",\"target\":"
		"\"/c\",\"type\":\"bind\"}\n+0");
}

static void what_may_be_secret_is_named_only(void **unused)
{
	(void)unused;
	assert_difference(SERVICE("command: a, environment: {A: '1', B: old}"),
			  SERVICE("command: a, environment: {B: new, C: '3', A: '1'}"),
			  "environment.B: (not shown) > (not shown)\n"
			  "environment.C: - > (not shown)\n+0");
	assert_difference(SERVICE("command: a"), SERVICE("command: a, environment: {A: '1'}"),
			  "environment: - > (not shown)\n+0");
	assert_difference(
		WITH("command: a, configs: [site], secrets: [key]",
		     "configs: {site: {content: old}}\nsecrets: {key: {content: old}}\n"),
		WITH("command: a, configs: [site], secrets: [key]",
		     "configs: {site: {content: new}}\nsecrets: {key: {content: more}}\n"),
		"configs.site.content: (not shown) > (not shown)\n"
		"secrets.key.content: (not shown) > (not shown)\n+0");
}

#define PROBE(token)                                                                               \
	"command: a, x-probe: {readiness: {http: {port: 80, headers: {Authorization: " token "}}}" \
	"}"

static void secrets_are_hidden_wherever_they_are(void **unused)
{
	(void)unused;
	assert_difference(SERVICE(PROBE("old")), SERVICE(PROBE("new")),
			  "x-probe.readiness.http.headers.Authorization: (not shown) > (not shown)"
			  "\n+0");
	assert_difference(SERVICE("command: a"), SERVICE(PROBE("new")),
			  "x-probe: - > (not shown)\n+0");
	assert_difference(
		WITH("command: a, networks: [back]", "networks: {back: {driver_opts: {a: old}}}\n"),
		WITH("command: a, networks: [back]", "networks: {back: {driver_opts: {a: new}}}\n"),
		"networks.back.driver_opts.a: (not shown) > (not shown)\n+0");
	assert_difference(SERVICE("command: a, pre_stop: [{command: old}]"),
			  SERVICE("command: a, pre_stop: [{command: new}]"),
			  "pre_stop: (not shown) > -\npre_stop: - > (not shown)\n+0");
}

static void what_makes_other_instances_comes_first(void **unused)
{
	(void)unused;
	autofree char *found = difference(
		SERVICE("command: a, ports: [30]"),
		SERVICE("command: a, ports: [1, 2, 3, 4, 5, 6, 7, 8, 9], read_only: true"));

	assert_memory_equal(found, "read_only: - > true\nports: ", 27);
	assert_string_equal(strrchr(found, '\n'), "\n+3");
}

/* Comparing each with each, it took minutes. */
static void tens_of_thousands_of_ports_are_compared_at_once(void **unused)
{
	(void)unused;
	assert_difference(SERVICE("command: a, ports: ['20000-40000:20000-40000']"),
			  SERVICE("command: a, ports: ['20000-40000:20000-40000']"), "+0");
	autofree char *found =
		difference(SERVICE("command: a, ports: ['20000-40000:20000-40000']"),
			   SERVICE("command: a, ports: ['30000-40001:30000-40001']"));

	assert_string_equal(strrchr(found, '\n'), "\n+9993");
}

static void long_names_are_cut(void **unused)
{
	char after[4096], name[3000];

	(void)unused;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	snprintf(after, sizeof(after), SERVICE("command: a, labels: {a: '1', %s: '1'}"), name);
	autofree char *found = difference(SERVICE("command: a, labels: {a: '1'}"), after);

	assert_true(strlen(found) < 150);
	assert_non_null(strstr(found, "xxx...: - > 1\n"));
}

static void networks_and_volumes_count_where_the_service_has_them(void **unused)
{
	(void)unused;
	assert_difference(WITH("command: a, networks: [back]", "networks: {back: {}, front: {}}\n"),
			  WITH("command: a, networks: [back]",
			       "networks: {back: {internal: true}, front: {internal: true}}\n"),
			  "networks.back.internal: - > true\n+0");
	assert_difference(WITH("command: a, volumes: ['data:/d']", "volumes: {data: {}}\n"),
			  WITH("command: a, volumes: ['data:/d']", "volumes: {data: {name: d}}\n"),
			  "volumes.data.name: shop_data > d\n+0");
	assert_difference(
		WITH("command: a, volumes: ['data:/d', 'data:/e']", "volumes: {data: {}}\n"),
		WITH("command: a, volumes: ['data:/d', 'data:/e']", "volumes: {data: {name: d}}\n"),
		"volumes.data.name: shop_data > d\n+0");
}

static void an_image_with_the_same_name_may_be_another_one(void **unused)
{
	autojs struct json_t *changes = NULL;
	autobuf struct buf names = {0};
	autofixture struct fixture fixture;
	struct err err;

	(void)unused;
	fixture_open(&fixture);
	fixture_good(&fixture, "services: {web: {image: a}}\n");
	struct service before = fixture.stack->services[0], after = before;

	before.rootfs_dir = (char *)"sha256:1";
	after.rootfs_dir = (char *)"sha256:2";
	assert_int_equal(changes_between(&(struct changes_side){fixture.stack, &before},
					 &(struct changes_side){fixture.stack, &after}, &changes,
					 &err),
			 0);
	changes_names(changes, &names);
	assert_string_equal(names.data, "image (digest)");
	assert_string_equal(js_text(js_at(js_get(changes, "fields"), 0), "to"), "sha256:2");
}

static void there_are_bounds_to_what_is_told(void **unused)
{
	char before[512], after[512], value[200];
	autojs struct json_t *changes =
		js_pack("{s:[{s:s}], s:i}", "fields", "field", "a", "more", 3);
	autobuf struct buf names = {0};

	(void)unused;
	memset(value, 'x', sizeof(value));
	value[sizeof(value) - 1] = 0;
	snprintf(before, sizeof(before), SERVICE("command: %s"), value);
	autofree char *found = difference(before, SERVICE("command: b"));

	assert_non_null(strstr(found, "xxx... > [\"b\"]\n"));
	assert_true(strlen(found) < 150);
	snprintf(after, sizeof(after),
		 SERVICE("command: a, labels: {a: '1', b: '1', c: '1', d: '1', e: '1', f: '1', "
			 "g: '1', h: '1', i: '1', k: '1'}"));
	autofree char *many = difference(SERVICE("command: a, labels: {z: '0'}"), after);

	assert_string_equal(strrchr(many, '\n'), "\n+3");
	changes_names(changes, &names);
	assert_string_equal(names.data, "a and 3 more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_told_as_the_manifest_calls_them),
		cmocka_unit_test(of_a_list_of_entries_those_that_came_and_went_are_told),
		cmocka_unit_test(what_may_be_secret_is_named_only),
		cmocka_unit_test(secrets_are_hidden_wherever_they_are),
		cmocka_unit_test(what_makes_other_instances_comes_first),
		cmocka_unit_test(tens_of_thousands_of_ports_are_compared_at_once),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(networks_and_volumes_count_where_the_service_has_them),
		cmocka_unit_test(an_image_with_the_same_name_may_be_another_one),
		cmocka_unit_test(there_are_bounds_to_what_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
