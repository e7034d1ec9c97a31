// SPDX-License-Identifier: GPL-2.0-or-later
/* Two manifests into one. */
#include "tests/unit/manifests/fixture.h"

static const struct service *merged(struct fixture *fixture, const char *base, const char *over)
{
	static const char *const files[] = {"base.yaml", "over.yaml", NULL};
	char text[4096];

	snprintf(text, sizeof(text), "services:\n  a:\n    x-rootfs: host\n    entrypoint: x\n%s\n",
		 base);
	fixture_write(fixture, "base.yaml", text);
	snprintf(text, sizeof(text), "services:\n  a:\n    x-mine: 1\n%s\n", over);
	fixture_write(fixture, "over.yaml", text);
	fixture_load_with(fixture, (struct manifest_options){.files = files});
	if (fixture->r)
		print_error("%s%s\n", fixture->printed, fixture->err.text);
	assert_int_equal(fixture->r, 0);
	return stack_service(fixture->stack, "a");
}

static void later_values_replace_and_mappings_merge(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a =
		merged(&fixture,
		       "    restart: always\n    command: [a, b]\n"
		       "    deploy: {replicas: 2, resources: {limits: {memory: 1m}}}\n",
		       "    restart: \"no\"\n    command: [c]\n    user:\n"
		       "    deploy: {replicas: 3, resources: {limits: {pids: 5}}}\n");

	assert_int_equal(a->restart.condition, RESTART_NO);
	assert_string_equal(a->restart.pos.file, "over.yaml");
	assert_int_equal(a->command.count, 1);
	assert_int_equal(a->replicas, 3);
	assert_int_equal(a->limits.memory_bytes, 1048576);
	assert_int_equal(a->limits.pids, 5);
}

static void lists_append_by_what_they_stand_for(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a =
		merged(&fixture,
		       "    ports: ['80:80', '81:81']\n    volumes: ['/x:/x', '/y:/y']\n"
		       "    cap_add: [CHOWN]\n    tmpfs: /t\n",
		       "    ports: ['82:82', '80:80/tcp']\n    volumes: ['/z:/x:ro']\n"
		       "    cap_add: [KILL, CHOWN]\n    tmpfs: ['/u', '/t:size=1m']\n");

	assert_int_equal(a->port_count, 3);
	assert_int_equal(a->mount_count, 4);
	assert_string_equal(a->mounts[0].source, "/z");
	assert_true(a->mounts[0].read_only);
	assert_int_equal(a->mounts[2].tmpfs_bytes, 1048576);
	assert_int_equal(a->cap_add.count, 2);
}

static void list_and_mapping_forms_merge_with_each_other(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a =
		merged(&fixture,
		       "    environment: [A=1, B=1, C]\n    labels: {x: 1}\n    depends_on: [b]\n"
		       "  b: {x-rootfs: host, healthcheck: {test: x}, command: x}\n",
		       "    environment: {B: 2, D: 2}\n    labels: [y=2]\n"
		       "    depends_on: {b: {condition: service_healthy}}\n");

	assert_int_equal(a->environment.count, 3);
	assert_string_equal(a->environment.items[1].value, "B=2");
	assert_int_equal(a->labels.count, 2);
	assert_int_equal(a->depends_on_count, 1);
	assert_int_equal(a->depends_on[0].condition, DEPENDS_HEALTHY);
}

static void the_last_of_a_name_in_a_list_counts(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a =
		merged(&fixture, "    environment: [A=1, A=2]\n", "    environment: {B: 1}\n");

	assert_string_equal(a->environment.items[0].value, "A=2");
	/* Without a value: the caller's, and there is none. */
	a = merged(&fixture, "    environment: {A: 1, B: 1}\n", "    environment: {A: }\n");
	assert_int_equal(a->environment.count, 1);
	assert_string_equal(a->environment.items[0].value, "B=1");
}

static void a_third_file_builds_on_what_a_second_reset(void **unused)
{
	static const char *const files[] = {"base.yaml", "over.yaml", "third.yaml", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "third.yaml", "services: {a: {ports: ['82:82']}}\n");
	merged(&fixture, "    ports: ['80:80']\n", "    ports: !reset []\n");
	fixture_load_with(&fixture, (struct manifest_options){.files = files});
	assert_int_equal(fixture.r, 0);
	assert_int_equal(fixture.stack->services[0].port_count, 1);
	assert_int_equal(fixture.stack->services[0].ports[0].published, 82);
}

static void tags_reset_and_override(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a =
		merged(&fixture, "    ports: ['80:80']\n    restart: always\n    tmpfs: [/t]\n",
		       "    ports: !override ['81:81']\n    restart: !reset null\n"
		       "    tmpfs: !reset []\n");

	assert_int_equal(a->port_count, 1);
	assert_int_equal(a->ports[0].published, 81);
	assert_int_equal(a->restart.condition, RESTART_NO);
	assert_int_equal(a->mount_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_values_replace_and_mappings_merge),
		cmocka_unit_test(lists_append_by_what_they_stand_for),
		cmocka_unit_test(list_and_mapping_forms_merge_with_each_other),
		cmocka_unit_test(the_last_of_a_name_in_a_list_counts),
		cmocka_unit_test(a_third_file_builds_on_what_a_second_reset),
		cmocka_unit_test(tags_reset_and_override),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
