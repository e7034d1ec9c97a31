// SPDX-License-Identifier: GPL-2.0-or-later
/* Which files are read, from where, and what the stack is called. */
#include "tests/unit/manifests/fixture.h"

#include "manifests/find.h"

#define SERVICE(name) "services: {" name ": {x-rootfs: host, command: x}}\n"

static void search(struct fixture *fixture, const char *below, const char *const *environment)
{
	char directory[PATH_MAX];

	snprintf(directory, sizeof(directory), "%s%s", fixture->directory, below);
	fixture_load_with(fixture, (struct manifest_options){.directory = directory,
							     .environment = environment});
}

static void name_is(struct fixture *fixture, struct manifest_options options, const char *expected)
{
	autofree char *name = NULL;

	if (!options.directory)
		options.directory = fixture->directory;
	int r = manifest_stack_name(&options, &name, &fixture->err);

	if (r < 0)
		fail_msg("no name: %s", fixture->err.text);
	assert_string_equal(name, expected);
}

static void the_names_are_tried_in_their_order(void **unused)
{
	static const char *const names[] = {"docker-compose.yaml", "docker-compose.yml",
					    "compose.yml", "compose.yaml"};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	search(&fixture, "", NULL);
	assert_int_equal(fixture.r, -ENOENT);
	assert_non_null(strstr(fixture.err.text, "no compose.yaml in"));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		fixture_write(&fixture, names[i], SERVICE("a"));
		search(&fixture, "", NULL);
		assert_int_equal(fixture.r, 0);
		assert_string_equal(fixture.stack->files[0], names[i]);
	}
}

static void env_files_replace_the_dotenv(void **unused)
{
	static const char *const env_files[] = {"a.env", "b.env", NULL};
	static const char *const missing[] = {"no.env", NULL};
	static const char *const environment[] = {"C=caller", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, ".env", "A=dotenv\nD=dotenv\n");
	fixture_write(&fixture, "a.env", "A=1\nB=1\nC=1\n");
	fixture_write(&fixture, "b.env", "B=2$A\n");
	fixture_write(&fixture, "compose.yaml",
		      "services: {a: {x-rootfs: host, command: ['$A', '$B', '$C', '${D-}']}}\n");
	fixture_load_with(&fixture, (struct manifest_options){.env_files = env_files,
							      .environment = environment});
	assert_int_equal(fixture.r, 0);
	const struct text *words = fixture.stack->services[0].command.items;

	assert_string_equal(words[0].value, "1");
	assert_string_equal(words[1].value, "21");
	assert_string_equal(words[2].value, "caller");
	assert_string_equal(words[3].value, "");
	fixture_load_with(&fixture, (struct manifest_options){.env_files = missing});
	assert_int_equal(fixture.r, -ENOENT);
	assert_string_equal(fixture.err.text,
			    "--env-file: cannot read 'no.env': No such file or directory");
}

static void the_environment_may_name_env_files(void **unused)
{
	static const char *const listed[] = {"COMPOSE_ENV_FILES=a.env,,b.env", NULL};
	static const char *const missing[] = {"COMPOSE_ENV_FILES=no.env", NULL};
	static const char *const env_files[] = {"b.env", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, ".env", "A=dotenv\nCOMPOSE_ENV_FILES=no.env\n");
	fixture_write(&fixture, "a.env", "A=1\nB=1\n");
	fixture_write(&fixture, "b.env", "B=2\nCOMPOSE_FILE=other.yaml\n");
	fixture_write(&fixture, "other.yaml",
		      "services: {a: {x-rootfs: host, command: ['${A-}', '${B-}']}}\n");
	search(&fixture, "", listed);
	assert_int_equal(fixture.r, 0);
	assert_string_equal(fixture.stack->services[0].command.items[0].value, "1");
	assert_string_equal(fixture.stack->services[0].command.items[1].value, "2");
	fixture_load_with(&fixture, (struct manifest_options){.env_files = env_files,
							      .environment = missing});
	assert_int_equal(fixture.r, 0);
	assert_string_equal(fixture.stack->services[0].command.items[0].value, "");
	search(&fixture, "", missing);
	assert_int_equal(fixture.r, -ENOENT);
	assert_string_equal(fixture.err.text,
			    "COMPOSE_ENV_FILES: cannot read 'no.env': No such file or directory");
	/* Not from .env: it would name itself. */
	fixture_write(&fixture, "compose.yaml", "services: {a: {x-rootfs: host, command: '$A'}}\n");
	search(&fixture, "", NULL);
	assert_int_equal(fixture.r, 0);
	assert_string_equal(fixture.stack->services[0].command.items[0].value, "dotenv");
}

static void the_dotenv_can_be_disabled(void **unused)
{
	static const struct {
		const char *setting;
		const char *value;
	} samples[] = {{"COMPOSE_DISABLE_ENV_FILE=true", "none"},
		       {"COMPOSE_DISABLE_ENV_FILE=1", "none"},
		       {"COMPOSE_DISABLE_ENV_FILE=", "dotenv"},
		       {"COMPOSE_DISABLE_ENV_FILE=0", "dotenv"},
		       {"COMPOSE_DISABLE_ENV_FILE=False", "dotenv"}};
	static const char *const wrong[] = {"COMPOSE_DISABLE_ENV_FILE=maybe", NULL};
	static const char *const both[] = {"COMPOSE_DISABLE_ENV_FILE=1", "COMPOSE_ENV_FILES=a.env",
					   NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, ".env", "A=dotenv\nCOMPOSE_DISABLE_ENV_FILE=1\n");
	fixture_write(&fixture, "a.env", "A=chosen\n");
	fixture_write(&fixture, "compose.yaml",
		      "services: {a: {x-rootfs: host, command: '${A-none}'}}\n");
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const char *environment[] = {samples[i].setting, NULL};

		search(&fixture, "", environment);
		assert_int_equal(fixture.r, 0);
		assert_string_equal(fixture.stack->services[0].command.items[0].value,
				    samples[i].value);
	}
	search(&fixture, "", both);
	assert_string_equal(fixture.stack->services[0].command.items[0].value, "chosen");
	search(&fixture, "", wrong);
	assert_int_equal(fixture.r, -EINVAL);
	assert_string_equal(fixture.err.text,
			    "COMPOSE_DISABLE_ENV_FILE: 'maybe' is neither true nor false");
}

static void the_override_file_is_merged(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "compose.yaml", SERVICE("a"));
	fixture_write(&fixture, "compose.override.yaml", "services: {a: {scale: 5}}\n");
	search(&fixture, "", NULL);
	assert_int_equal(fixture.r, 0);
	assert_int_equal(fixture.stack->services[0].replicas, 5);
	assert_string_equal(fixture.stack->files[1], "compose.override.yaml");
	assert_string_equal(fixture.stack->services[0].replicas_pos.file, "compose.override.yaml");
}

static void the_search_goes_upwards(void **unused)
{
	autofixture struct fixture fixture;
	char expected[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "x");
	fixture_mkdir(&fixture, "x/y");
	fixture_write(&fixture, "compose.yaml", SERVICE("a"));
	fixture_write(&fixture, ".env", "COMPOSE_PROJECT_NAME=fromenv\n");
	search(&fixture, "/x/y", NULL);
	assert_int_equal(fixture.r, 0);
	assert_string_equal(fixture.stack->directory, fixture.directory);
	assert_string_equal(fixture.stack->name, "fromenv");
	snprintf(expected, sizeof(expected), "%s/compose.yaml", fixture.directory);
	assert_string_equal(fixture.stack->files[0], expected);
}

static void compose_file_names_the_files(void **unused)
{
	static const char *const environment[] = {"COMPOSE_FILE=one.yaml:two.yaml", NULL};
	static const char *const other[] = {"COMPOSE_FILE=one.yaml,two.yaml",
					    "COMPOSE_PATH_SEPARATOR=,", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "one.yaml", SERVICE("a"));
	fixture_write(&fixture, "two.yaml", SERVICE("b"));
	search(&fixture, "", environment);
	assert_int_equal(fixture.r, 0);
	assert_int_equal(fixture.stack->service_count, 2);
	search(&fixture, "", other);
	assert_int_equal(fixture.stack->service_count, 2);
	fixture_write(&fixture, ".env", "COMPOSE_FILE=two.yaml\n");
	search(&fixture, "", NULL);
	assert_int_equal(fixture.r, 0);
	assert_string_equal(fixture.stack->services[0].name, "b");
}

static void a_directory_is_all_its_manifests(void **unused)
{
	static const char *const files[] = {"d", NULL};
	autofixture struct fixture fixture;
	char expected[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "d");
	fixture_write(&fixture, "d/b.yml", SERVICE("b"));
	fixture_write(&fixture, "d/a.yaml", SERVICE("a"));
	fixture_write(&fixture, "d/a.override.yaml", "services: {a: {scale: 2}}\n");
	fixture_write(&fixture, "d/.hidden.yaml", "]");
	fixture_write(&fixture, "d/readme.txt", "]");
	fixture_load_with(&fixture, (struct manifest_options){.files = files});
	assert_int_equal(fixture.r, 0);
	assert_int_equal(fixture.stack->service_count, 2);
	assert_string_equal(fixture.stack->files[0], "d/a.yaml");
	assert_string_equal(fixture.stack->files[1], "d/b.yml");
	assert_string_equal(fixture.stack->files[2], "d/a.override.yaml");
	assert_string_equal(fixture.stack->name, "d");
	snprintf(expected, sizeof(expected), "%s/d", fixture.directory);
	assert_string_equal(fixture.stack->directory, expected);
}

static void what_cannot_be_read_is_said(void **unused)
{
	static const char *const missing[] = {"no.yaml", NULL};
	static const char *const standard_input[] = {"-", NULL};
	static const char *const empty[] = {"d", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "d");
	fixture_load_with(&fixture, (struct manifest_options){.files = missing});
	assert_int_equal(fixture.r, -ENOENT);
	assert_string_equal(fixture.err.text, "cannot read 'no.yaml': No such file or directory");
	fixture_load_with(&fixture, (struct manifest_options){.files = standard_input});
	assert_int_equal(fixture.r, -EINVAL);
	assert_non_null(strstr(fixture.err.text, "standard input is not supported"));
	fixture_load_with(&fixture, (struct manifest_options){.files = empty});
	assert_int_equal(fixture.r, -ENOENT);
	assert_string_equal(fixture.err.text, "no *.yaml or *.yml file in 'd'");
}

static void relative_names_start_at_the_first_file(void **unused)
{
	static const char *const files[] = {"d/shop.yaml", NULL};
	autofixture struct fixture fixture;
	char expected[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "d");
	fixture_write(&fixture, "d/shop.yaml",
		      "services: {a: {x-rootfs: host, env_file: a.env, volumes: ['./v:/v'], "
		      "command: x}}\n");
	fixture_write(&fixture, "d/a.env", "A=1\n");
	fixture_load_with(&fixture, (struct manifest_options){.files = files});
	assert_int_equal(fixture.r, 0);
	snprintf(expected, sizeof(expected), "%s/d/v", fixture.directory);
	assert_string_equal(fixture.stack->services[0].mounts[0].source, expected);
	assert_string_equal(fixture.stack->services[0].environment.items[0].pos.file, "d/a.env");
}

static void dotenv_is_below_the_environment(void **unused)
{
	static const char *const environment[] = {"B=env", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, ".env", "A=dot\nB=dot\n");
	fixture_write(&fixture, "compose.yaml",
		      "services: {a: {x-rootfs: host, hostname: '$A-$B', command: x}}\n");
	search(&fixture, "", environment);
	assert_int_equal(fixture.r, 0);
	assert_string_equal(fixture.stack->services[0].hostname.value, "dot-env");
	fixture_write(&fixture, ".env", "=\n");
	search(&fixture, "", environment);
	assert_int_equal(fixture.r, -EINVAL);
	assert_true(fixture_says(&fixture, ".env:1:1: error: expected NAME=value"));
}

static void check_hostname(struct fixture *fixture, struct manifest_options options,
			   const char *wanted)
{
	options.files = (const char *const[]){"shop.yaml", NULL};
	fixture_load_with(fixture, options);
	assert_int_equal(fixture->r, 0);
	assert_string_equal(fixture->stack->services[0].hostname.value, wanted);
}

static void the_name_can_be_interpolated_wherever_it_comes_from(void **unused)
{
	static const char *const environment[] = {"COMPOSE_PROJECT_NAME=envname", NULL};
	static const char *const forms[] = {
		"name: written\nservices: {a: {x-rootfs: host, command: x, hostname: "
		"'${COMPOSE_PROJECT_NAME}'}}\n",
		"services: {a: {x-rootfs: host, command: x, hostname: '${COMPOSE_PROJECT_NAME}'}}\n"
		"\"name\": written\n",
		"{services: {a: {x-rootfs: host, command: x, hostname: '${COMPOSE_PROJECT_NAME}'}},"
		" name: written}\n",
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		fixture_write(&fixture, "shop.yaml", forms[i]);
		check_hostname(&fixture, (struct manifest_options){0}, "written");
	}
	check_hostname(&fixture, (struct manifest_options){.environment = environment}, "envname");
	check_hostname(&fixture, (struct manifest_options){.stack_name = "chosen"}, "chosen");
}

static void the_stack_name_has_four_sources(void **unused)
{
	static const char *const environment[] = {"COMPOSE_PROJECT_NAME=envname", "X=x1", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "compose.yaml",
		      "x-a: {name: inner}\nname: written-${X:-d}\n" SERVICE("a") "]]");
	name_is(&fixture, (struct manifest_options){0}, "written-d");
	name_is(&fixture, (struct manifest_options){.environment = environment}, "envname");
	name_is(&fixture,
		(struct manifest_options){.environment = environment, .stack_name = "chosen"},
		"chosen");
	fixture_write(&fixture, ".env", "COMPOSE_PROJECT_NAME=dotname\n");
	name_is(&fixture, (struct manifest_options){0}, "dotname");
	fixture_mkdir(&fixture, "My.Shop_2");
	fixture_write(&fixture, "My.Shop_2/compose.yaml", SERVICE("a"));
	char directory[PATH_MAX];

	snprintf(directory, sizeof(directory), "%s/My.Shop_2", fixture.directory);
	name_is(&fixture, (struct manifest_options){.directory = directory}, "myshop_2");
	fixture_write(&fixture, "My.Shop_2/compose.yaml", "name: ''\n" SERVICE("a"));
	name_is(&fixture, (struct manifest_options){.directory = directory}, "myshop_2");
	search(&fixture, "/My.Shop_2", NULL);
	assert_string_equal(fixture.stack->name, "myshop_2");
}

static void the_name_is_the_same_once_loaded(void **unused)
{
	static const char *const manifests[] = {
		"name: one\n" SERVICE("a"), SERVICE("a") "name: two\n",
		"{\"services\": {\"a\": {\"x-rootfs\": \"host\", \"command\": \"x\"}}, \"name\": "
		"\"three\"}\n",
		"x-a: &x name\nx-list: [name, four]\nx-b: *x\nname: 'five'\n" SERVICE("a")};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(manifests); i++) {
		fixture_write(&fixture, "compose.yaml", manifests[i]);
		search(&fixture, "", NULL);
		assert_int_equal(fixture.r, 0);
		name_is(&fixture, (struct manifest_options){0}, fixture.stack->name);
	}
	assert_string_equal(fixture.stack->name, "five");
}

static void bad_stack_names_are_refused(void **unused)
{
	static const char *const files[] = {"shop.yaml", NULL};
	static const struct {
		const char *name;
		bool good;
	} samples[] = {{"shop", true}, {"s-1_x", true}, {"1a", true}, {"Shop", false},
		       {"a b", false}, {"-a", false},	{"", false},  {"a/b", false}};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "shop.yaml", SERVICE("a"));
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		fixture_load_with(&fixture, (struct manifest_options){
						    .files = files, .stack_name = samples[i].name});
		assert_int_equal(fixture.r, samples[i].good ? 0 : -EINVAL);
	}
	fixture_write(&fixture, "shop.yaml", "name: A B\n" SERVICE("a"));
	fixture_load_with(&fixture, (struct manifest_options){.files = files});
	assert_true(fixture_says(&fixture,
				 "shop.yaml:1:7: error: name: 'A B' is not a stack name: small "
				 "letters, digits, _ and -, starting with a letter or digit"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_names_are_tried_in_their_order),
		cmocka_unit_test(env_files_replace_the_dotenv),
		cmocka_unit_test(the_environment_may_name_env_files),
		cmocka_unit_test(the_dotenv_can_be_disabled),
		cmocka_unit_test(the_override_file_is_merged),
		cmocka_unit_test(the_search_goes_upwards),
		cmocka_unit_test(compose_file_names_the_files),
		cmocka_unit_test(a_directory_is_all_its_manifests),
		cmocka_unit_test(what_cannot_be_read_is_said),
		cmocka_unit_test(relative_names_start_at_the_first_file),
		cmocka_unit_test(dotenv_is_below_the_environment),
		cmocka_unit_test(the_name_can_be_interpolated_wherever_it_comes_from),
		cmocka_unit_test(the_stack_name_has_four_sources),
		cmocka_unit_test(the_name_is_the_same_once_loaded),
		cmocka_unit_test(bad_stack_names_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
