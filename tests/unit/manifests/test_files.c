// SPDX-License-Identifier: GPL-2.0-or-later
/* Configs and secrets: where they are from, where they are put, and how they can be wrong. */
#include "tests/unit/manifests/fixture.h"

#include <unistd.h>

#define SERVICE "services: {a: {x-rootfs: host, command: x}}\n"

static void a_top_level_entry_says_where_its_content_is_from(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(
		&fixture, SERVICE
		"configs: {f: {file: ./f.conf, labels: {a: b}}, c: {content: 'a=1', name: x}}\n"
		"secrets: {e: {environment: TOKEN}, s: {external: true}, o: {external: {name: "
		"old}}, "
		"n: {external: true, name: other, x-note: y}, c: {content: ''}}\n");
	const struct file_object *file = stack_file(stack, FILE_CONFIG, "f");
	const struct file_object *content = stack_file(stack, FILE_CONFIG, "c");
	const struct file_object *variable = stack_file(stack, FILE_SECRET, "e");
	char path[128];

	snprintf(path, sizeof(path), "%s/f.conf", fixture.directory);
	assert_int_equal(file->origin, FILE_FROM_FILE);
	assert_string_equal(file->value, path);
	assert_string_equal(file->name, "shop_f");
	assert_string_equal(file->labels.items[0].value, "a=b");
	assert_int_equal(content->origin, FILE_FROM_CONTENT);
	assert_string_equal(content->value, "a=1");
	assert_string_equal(content->name, "x");
	assert_int_equal(variable->origin, FILE_FROM_ENVIRONMENT);
	assert_string_equal(variable->value, "TOKEN");
	assert_int_equal(stack_file(stack, FILE_SECRET, "s")->origin, FILE_FROM_STORE);
	assert_string_equal(stack_file(stack, FILE_SECRET, "s")->name, "s");
	assert_string_equal(stack_file(stack, FILE_SECRET, "o")->name, "old");
	assert_string_equal(stack_file(stack, FILE_SECRET, "n")->name, "other");
	assert_string_equal(stack_file(stack, FILE_SECRET, "c")->value, "");
	assert_null(stack_file(stack, FILE_SECRET, "f"));
	assert_null(stack_file(stack, FILE_CONFIG, "e"));
	assert_int_equal(fixture.diags.count, 0);
}

static void a_name_alone_has_the_default_place_owner_and_mode(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(
		&fixture,
		"services: {a: {x-rootfs: host, command: x, secrets: [s], configs: [c]}}\n"
		"configs: {c: {content: x}}\nsecrets: {s: {content: x}}\n");
	const struct file_grant *grants = stack_service(stack, "a")->files.items;

	assert_int_equal(stack_service(stack, "a")->files.count, 2);
	assert_string_equal(grants[0].target, "/c");
	assert_string_equal(grants[1].target, "/run/secrets/s");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(grants[i].kind, i ? FILE_SECRET : FILE_CONFIG);
		assert_int_equal(grants[i].mode, 0444);
		assert_int_equal(grants[i].uid, -1);
		assert_int_equal(grants[i].gid, -1);
	}
}

static void the_long_form_says_place_owner_and_mode(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(
		&fixture,
		"services: {a: {x-rootfs: host, command: x, secrets: [\n"
		" {source: s, target: tls/key, uid: '33', gid: 0, mode: 0440},\n"
		" {source: s, target: /etc//key, mode: '400'},\n"
		" {source: s, target: d, mode: 0o600}], configs: [{source: c, target: sub/c}]}}\n"
		"configs: {c: {content: x}}\nsecrets: {s: {content: x}}\n");
	const struct file_grant *grants = stack_service(stack, "a")->files.items;

	assert_string_equal(grants[0].target, "/sub/c");
	assert_string_equal(grants[1].target, "/run/secrets/tls/key");
	assert_int_equal(grants[1].uid, 33);
	assert_int_equal(grants[1].gid, 0);
	assert_int_equal(grants[1].mode, 0440);
	assert_string_equal(grants[2].target, "/etc/key");
	assert_int_equal(grants[2].mode, 0400);
	assert_int_equal(grants[3].mode, 0600);
}

static void a_mode_that_yaml_reads_as_decimal_is_warned_of(void **unused)
{
	static const struct {
		const char *mode;
		unsigned value;
		const char *said;
	} modes[] = {
		{"440", 0670, "the decimal number 440 is octal 0670: write \"0440\""},
		{"288", 0440, "the decimal number 288 is octal 0440: write \"0440\""},
		{"292", 0444, "the decimal number 292 is octal 0444: write \"0444\""},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		char yaml[512];
		char line[256];

		snprintf(yaml, sizeof(yaml),
			 "services: {a: {x-rootfs: host, command: x,\n"
			 " secrets: [{source: s, mode: %s}]}}\nsecrets: {s: {content: x}}\n",
			 modes[i].mode);
		snprintf(line, sizeof(line), "shop.yaml:2:30: warning: services.a.secrets.mode: %s",
			 modes[i].said);
		const struct stack *stack = fixture_good(&fixture, yaml);

		assert_int_equal(stack_service(stack, "a")->files.items[0].mode, modes[i].value);
		assert_true(fixture_says(&fixture, line));
	}
}

static void a_later_file_replaces_what_is_put_at_the_same_place(void **unused)
{
	static const char *const files[] = {"shop.yaml", "over.yaml", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "shop.yaml",
		      "services: {a: {x-rootfs: host, command: x, secrets: [s, t]}}\n"
		      "secrets: {s: {content: x}, t: {content: y}}\n");
	fixture_write(&fixture, "over.yaml",
		      "services: {a: {secrets: [{source: t, target: s, mode: '0400'}]}}\n"
		      "secrets: {t: {content: z}}\n");
	fixture_load_with(&fixture, (struct manifest_options){.files = files, .stack_name = "s"});
	assert_int_equal(fixture.r, 0);
	const struct service_files *given = &stack_service(fixture.stack, "a")->files;

	assert_int_equal(given->count, 2);
	assert_string_equal(given->items[0].source, "t");
	assert_string_equal(given->items[0].target, "/run/secrets/s");
	assert_int_equal(given->items[0].mode, 0400);
	assert_string_equal(stack_file(fixture.stack, FILE_SECRET, "t")->value, "z");
}

static void content_is_read_with_the_manifest(void **unused)
{
	static const char *const environment[] = {"TOKEN=from a variable", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write_bytes(&fixture, "key", "a\0b", 3);
	fixture_write(&fixture, "empty", "");
	fixture_write(&fixture, ".env", "OTHER=from .env\n");
	fixture_load(
		&fixture,
		"services: {a: {x-rootfs: host, command: x, secrets: [f, e, o, c, n]}}\n"
		"secrets: {f: {file: key}, e: {environment: TOKEN}, o: {environment: OTHER}, c: "
		"{content: 'a$$b'}, n: {file: empty}, unused: {file: none}}\n",
		environment);
	assert_int_equal(fixture.r, 0);
	assert_int_equal(fixture.diags.count, 0);
	static const struct {
		const char *key;
		const char *bytes;
		size_t len;
	} wanted[] = {
		{"f", "a\0b", 3},      {"e", "from a variable", 15},
		{"o", "from .env", 9}, {"c", "a$b", 3},
		{"n", "", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const struct file_object *object =
			stack_file(fixture.stack, FILE_SECRET, wanted[i].key);

		assert_int_equal(object->len, wanted[i].len);
		assert_non_null(object->bytes);
		assert_memory_equal(object->bytes, wanted[i].bytes, wanted[i].len + 1);
	}
	assert_null(stack_file(fixture.stack, FILE_SECRET, "unused")->bytes);
}

static void external_content_comes_from_the_store(void **unused)
{
	static const char *const files[] = {"shop.yaml", NULL};
	autofixture struct fixture fixture;
	char line[512];

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "secrets");
	fixture_write(&fixture, "secrets/there", "stored");
	fixture_write(&fixture, "shop.yaml",
		      "services: {a: {x-rootfs: host, command: x, secrets: [s], configs: [c]}}\n"
		      "secrets: {s: {external: true, name: there}}\n"
		      "configs: {c: {external: true}}\n");
	const struct manifest_options options = {
		.files = files, .stack_name = "shop", .store_dir = fixture.directory};

	fixture_load_with(&fixture, options);
	assert_int_equal(fixture.r, 0);
	assert_string_equal(stack_file(fixture.stack, FILE_SECRET, "s")->bytes, "stored");
	snprintf(
		line, sizeof(line),
		"shop.yaml:3:11: note: services.a.configs: c: it is external and not in the store: "
		"put it into %s/configs/c",
		fixture.directory);
	assert_true(fixture_says(&fixture, line));
	fixture_load(&fixture,
		     "services: {a: {x-rootfs: host, command: x, secrets: [s]}}\n"
		     "secrets: {s: {external: true}}\n",
		     NULL);
	assert_int_equal(fixture.diags.count, 0);
}

static void links_that_an_instance_could_have_made_lead_nowhere(void **unused)
{
	autofixture struct fixture fixture;
	char link[256], target[256];

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "shared");
	fixture_write(&fixture, "secret", "word");
	snprintf(link, sizeof(link), "%s/shared/out", fixture.directory);
	snprintf(target, sizeof(target), "%s/secret", fixture.directory);
	assert_int_equal(symlink(target, link), 0);
	fixture_load(&fixture,
		     "services: {a: {x-rootfs: host, command: x, configs: [c],\n"
		     " volumes: ['./shared:/shared:ro']}}\n"
		     "configs: {c: {file: ./shared/out}}\n",
		     NULL);
	assert_string_equal(stack_file(fixture.stack, FILE_CONFIG, "c")->bytes, "word");
	fixture_load(&fixture,
		     "services: {a: {x-rootfs: host, command: x, configs: [c],\n"
		     " volumes: ['./shared:/shared']}}\n"
		     "configs: {c: {file: ./shared/out}}\n",
		     NULL);
	assert_true(fixture_says(&fixture,
				 "shop.yaml:3:21: note: services.a.configs: c: cannot read "
				 "'./shared/out': No such file or directory"));
}

static void content_is_bounded(void **unused)
{
	autofixture struct fixture fixture;
	char path[128];

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "big", "");
	snprintf(path, sizeof(path), "%s/big", fixture.directory);
	assert_int_equal(truncate(path, (1 << 20) + 1), 0);
	fixture_load(&fixture,
		     "services: {a: {x-rootfs: host, command: x, secrets: [s]}}\n"
		     "secrets: {s: {file: ./big}}\n",
		     NULL);
	assert_true(fixture_says(&fixture,
				 "shop.yaml:2:21: note: services.a.secrets: s: cannot read "
				 "'./big': it is larger than 1 MiB"));
	assert_int_equal(truncate(path, 1 << 20), 0);
	fixture_load(&fixture,
		     "services: {a: {x-rootfs: host, command: x, secrets: [s]}}\n"
		     "secrets: {s: {file: ./big}}\n",
		     NULL);
	assert_int_equal(fixture.diags.count, 0);
}

static void what_cannot_be_read_concerns_only_who_is_given_it(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_load(&fixture,
		     "services:\n a: {x-rootfs: host, command: x, secrets: [s]}\n"
		     " b: {x-rootfs: host, command: x, secrets: [s]}\n"
		     " c: {x-rootfs: host, command: x}\n"
		     " d: {x-rootfs: host, command: x, secrets: [s], profiles: [never]}\n"
		     "secrets: {s: {file: ./none}}\n",
		     NULL);
	assert_int_equal(fixture.diags.count, 2);
	diagnostics_judge(&fixture.diags, (const char *[]){"b", "c", NULL});
	assert_int_equal(fixture.diags.count, 1);
	assert_string_equal(
		fixture.diags.items[0].message,
		"services.b.secrets: s: cannot read './none': No such file or directory");
}

struct fault {
	const char *yaml; /* after the service */
	const char *line; /* without "shop.yaml:" */
};

static void check_faults(const struct fault *faults, size_t count)
{
	autofixture struct fixture fixture;

	fixture_open(&fixture);
	for (size_t i = 0; i < count; i++) {
		char yaml[1024];
		char line[512];

		snprintf(yaml, sizeof(yaml), "services: {a: {x-rootfs: host, command: x,\n %s\n",
			 faults[i].yaml);
		snprintf(line, sizeof(line), "shop.yaml:%s", faults[i].line);
		fixture_load(&fixture, yaml, NULL);
		if (fixture.r != -EINVAL || fixture.diags.error_count != 1 ||
		    !fixture_says(&fixture, line))
			fail_msg("for:\n%s\nexpected: %s\ngot %d:\n%s", yaml, line, fixture.r,
				 fixture.printed);
	}
}

static void faulty_definitions(void **unused)
{
	static const struct fault faults[] = {
		{"}}\nsecrets: {s: }", "3:11: error: secrets.s must be a mapping, this is nothing"},
		{"}}\nsecrets: [s]", "3:10: error: secrets: must be a mapping, this is a list"},
		{"}}\nsecrets: {s: {}}", "3:11: error: secrets.s needs a file, an environment, a "
					 "content or external: true"},
		{"}}\nconfigs: {c: {external: false}}", "3:11: error: configs.c needs a file, an "
							"environment, a content or external: true"},
		{"}}\nconfigs: {c: {file: a, content: b}}",
		 "3:33: error: configs.c.content: file is written already"},
		{"}}\nconfigs: {c: {file: ''}}", "3:21: error: configs.c.file: is empty"},
		{"}}\nconfigs: {c: {file: [a]}}",
		 "3:21: error: configs.c.file: must be text, this is a list"},
		{"}}\nconfigs: {c: {external: true, file: a}}",
		 "3:31: error: configs.c.file: says nothing about what is external: remove one of "
		 "the two"},
		{"}}\nconfigs: {c: {content: a, driver: x}}",
		 "3:27: error: configs.c.driver is not supported: there are no plugins"},
		{"}}\nsecrets: {s: {content: a, template_driver: x}}",
		 "3:27: error: secrets.s.template_driver is not supported: there are no plugins"},
		{"}}\nsecrets: {s: {contnt: a, file: x}}",
		 "3:15: error: secrets.s.contnt is not a known key: did you mean 'content'?"},
		{"}}\nsecrets: {'a/b': {file: x}}",
		 "3:11: error: 'a/b' is not a name: letters, digits, _ . -, at most 63"},
		{"}}\nsecrets: {s: {file: x, name: ../up}}",
		 "3:30: error: secrets.s.name: '../up' is not a name: letters, digits, _ . -"},
		{"}}\nsecrets: {s: {file: x, labels: {com.docker.compose.x: y}}}",
		 "3:33: error: secrets.s.labels: names that start with com.docker.compose are "
		 "reserved"},
	};

	(void)unused;
	check_faults(faults, ARRAY_SIZE(faults));
}

#define S "}}\nsecrets: {s: {content: x}, token: {content: x}}"

static void faulty_grants(void **unused)
{
	static const struct fault faults[] = {
		{"secrets: [tokn]" S,
		 "2:12: error: services.a.secrets: no secret 'tokn' is defined "
		 "under the top-level secrets: did you mean 'token'?"},
		{"configs: [token]" S, "2:12: error: services.a.configs: no config 'token' is "
				       "defined under the top-level configs"},
		{"secrets: s" S, "2:11: error: services.a.secrets: must be a list, this is text"},
		{"secrets: {s: }" S,
		 "2:11: error: services.a.secrets: must be a list, this is a mapping"},
		{"secrets: [{target: x}]" S, "2:12: error: services.a.secrets: needs a source"},
		{"secrets: [[s]]" S,
		 "2:12: error: services.a.secrets must be a mapping, this is a list"},
		{"secrets: [{source: s, tagret: x}]" S,
		 "2:24: error: services.a.secrets.tagret is not a known key: did you mean "
		 "'target'?"},
		{"secrets: [{source: s, target: /..}]" S,
		 "2:32: error: services.a.secrets.target: '/..' is no place for a file"},
		{"secrets: [{source: s, uid: root}]" S,
		 "2:29: error: services.a.secrets.uid: 'root' is not a whole number from 0 to "
		 "4294967294"},
		{"secrets: [{source: s, mode: rw}]" S,
		 "2:30: error: services.a.secrets.mode: 'rw' is not an octal mode: write \"0440\""},
		{"secrets: [{source: s, mode: '0800'}]" S,
		 "2:30: error: services.a.secrets.mode: '0800' is not an octal mode: write "
		 "\"0440\""},
		{"secrets: [{source: s, mode: '4755'}]" S,
		 "2:30: error: services.a.secrets.mode: '4755' is octal 4755, larger than 0777"},
		{"secrets: [s, {source: token, target: s}]" S,
		 "2:15: error: services.a: /run/secrets/s is mounted twice, first on line 2"},
		{"tmpfs: /run/secrets/s, secrets: [s]" S,
		 "2:35: error: services.a: /run/secrets/s is mounted twice, first on line 2"},
	};

	(void)unused;
	check_faults(faults, ARRAY_SIZE(faults));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_top_level_entry_says_where_its_content_is_from),
		cmocka_unit_test(a_name_alone_has_the_default_place_owner_and_mode),
		cmocka_unit_test(the_long_form_says_place_owner_and_mode),
		cmocka_unit_test(a_mode_that_yaml_reads_as_decimal_is_warned_of),
		cmocka_unit_test(a_later_file_replaces_what_is_put_at_the_same_place),
		cmocka_unit_test(content_is_read_with_the_manifest),
		cmocka_unit_test(external_content_comes_from_the_store),
		cmocka_unit_test(links_that_an_instance_could_have_made_lead_nowhere),
		cmocka_unit_test(content_is_bounded),
		cmocka_unit_test(what_cannot_be_read_concerns_only_who_is_given_it),
		cmocka_unit_test(faulty_definitions),
		cmocka_unit_test(faulty_grants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
