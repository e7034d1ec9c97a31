// SPDX-License-Identifier: GPL-2.0-or-later
/* Manifests made to hurt: refused with one clear error, in little time and memory. */
#include "tests/unit/manifests/fixture.h"

#include <sys/resource.h>
#include <time.h>

#define CPU_SECONDS_MAX 20 /* generous: instrumented builds on a busy machine */

struct hostile {
	struct fixture fixture;
	struct buf text;
	double cpu_start;
};

static double cpu_seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void hostile_open(struct hostile *hostile)
{
	*hostile = (struct hostile){0};
	fixture_open(&hostile->fixture);
}

static void hostile_close(struct hostile *hostile)
{
	buf_free(&hostile->text);
	fixture_close(&hostile->fixture);
}
#define autohostile __attribute__((cleanup(hostile_close)))

static void repeat(struct hostile *hostile, const char *text, size_t times)
{
	for (; times; times--)
		buf_puts(&hostile->text, text);
}

/* Loads what was written and expects some error to contain @says. */
static void refused(struct hostile *hostile, const char *says)
{
	static const char *const files[] = {"shop.yaml", NULL};
	double start = cpu_seconds();

	fixture_write_bytes(&hostile->fixture, "shop.yaml", hostile->text.data, hostile->text.len);
	fixture_load_with(&hostile->fixture,
			  (struct manifest_options){.files = files, .stack_name = "shop"});
	assert_int_equal(hostile->fixture.r, -EINVAL);
	if (!strstr(hostile->fixture.printed, says))
		fail_msg("expected '%s', got: %.1000s", says, hostile->fixture.printed);
	assert_true(cpu_seconds() - start < CPU_SECONDS_MAX);
}

static void deep_nesting_is_refused(void **unused)
{
	static const char *const openings[] = {"[", "{a: ", "- "};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(openings); i++) {
		autohostile struct hostile hostile;

		hostile_open(&hostile);
		repeat(&hostile, openings[i], 100000);
		refused(&hostile, "error: ");
		assert_int_equal(hostile.fixture.diags.error_count, 1);
	}
}

static void alias_bombs_are_refused(void **unused)
{
	autohostile struct hostile hostile;

	(void)unused;
	hostile_open(&hostile);
	buf_puts(&hostile.text, "x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (unsigned i = 1; i < 12; i++) {
		buf_printf(&hostile.text, "x-%u: &a%u [", i, i);
		for (unsigned j = 0; j < 10; j++)
			buf_printf(&hostile.text, "*a%u, ", i - 1);
		buf_puts(&hostile.text, "]\n");
	}
	refused(&hostile, "too large once its aliases are expanded");
	assert_int_equal(hostile.fixture.diags.error_count, 1);
}

static void merge_key_bombs_are_refused(void **unused)
{
	autohostile struct hostile hostile;

	(void)unused;
	hostile_open(&hostile);
	buf_puts(&hostile.text, "x-0: &a0 {k: v}\n");
	for (unsigned i = 1; i < 40; i++)
		buf_printf(&hostile.text, "x-%u: &a%u {<<: [*a%u, *a%u], k%u: {<<: *a%u}}\n", i, i,
			   i - 1, i - 1, i, i - 1);
	refused(&hostile, "too large");
}

static void an_alias_to_itself_is_refused(void **unused)
{
	autohostile struct hostile hostile;

	(void)unused;
	hostile_open(&hostile);
	buf_puts(&hostile.text, "services: &s\n  a: *s\n");
	refused(&hostile, "no anchor '&s' before this alias");
}

static void bombs_of_long_texts_are_refused(void **unused)
{
	autohostile struct hostile hostile;

	(void)unused;
	hostile_open(&hostile);
	buf_puts(&hostile.text, "x-0: &a \"");
	repeat(&hostile, "xxxxxxxxxxxxxxxx", 60000);
	buf_puts(&hostile.text, "\"\nx-1: [");
	repeat(&hostile, "*a, ", 90000);
	buf_puts(&hostile.text, "]\n");
	refused(&hostile, "too large");
}

static void too_many_nodes_are_refused(void **unused)
{
	autohostile struct hostile hostile;

	(void)unused;
	hostile_open(&hostile);
	buf_puts(&hostile.text, "x-0: [");
	repeat(&hostile, "a, ", 200000);
	buf_puts(&hostile.text, "]\n");
	refused(&hostile, "the manifest is too large");
}

static void a_hundred_thousand_faults_are_counted_not_kept(void **unused)
{
	autohostile struct hostile hostile;

	(void)unused;
	hostile_open(&hostile);
	for (unsigned i = 0; i < 40000; i++)
		buf_printf(&hostile.text, "k%u: v\n", i);
	refused(&hostile, "is not a known key");
	assert_true(hostile.fixture.diags.count <= 500);
	assert_true(hostile.fixture.diags.error_count > 30000);
}

static void port_ranges_are_bounded_for_the_stack(void **unused)
{
	autohostile struct hostile hostile;

	(void)unused;
	hostile_open(&hostile);
	buf_puts(&hostile.text,
		 "services:\n  a:\n    x-rootfs: host\n    command: x\n    ports:\n");
	repeat(&hostile, "      - 1-65535\n", 10000);
	refused(&hostile, "a stack publishes at most 65536 ports");
}

static void floods_of_variables_are_bounded(void **unused)
{
	autohostile struct hostile hostile;
	struct buf variables = {0};

	(void)unused;
	hostile_open(&hostile);
	for (unsigned i = 0; i < 60000; i++)
		buf_printf(&variables, "V%u=0123456789\n", i);
	fixture_write(&hostile.fixture, "a.env", variables.data);
	buf_free(&variables);
	buf_puts(&hostile.text, "services:\n");
	for (unsigned i = 0; i < 2000; i++)
		buf_printf(&hostile.text,
			   "  s%u: {x-rootfs: host, env_file: [a.env, a.env], command: x}\n", i);
	refused(&hostile, "error: ");
}

static void a_huge_file_is_refused_unread(void **unused)
{
	autohostile struct hostile hostile;

	(void)unused;
	hostile_open(&hostile);
	repeat(&hostile, "# 0123456789abcd\n", 600000);
	refused(&hostile, "larger than 2 MiB");
}

static long resident_max_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

static void a_hundred_megabytes_are_refused_wherever_a_file_is_named(void **unused)
{
	static const char *const ways[] = {
		"include: [big]\n",
		"include: [{path: small.yaml, env_file: big}]\n",
		"services: {a: {extends: {file: big, service: a}}}\n",
		"services: {a: {x-rootfs: host, command: x, env_file: big}}\n",
		"services: {a: {x-rootfs: host, command: x, label_file: big}}\n",
	};
	static const char *const files[] = {"big", NULL};
	autofixture struct fixture fixture;
	char path[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "big", "a: b\n");
	snprintf(path, sizeof(path), "%s/big", fixture.directory);
	assert_int_equal(truncate(path, 100000000), 0);
	fixture_load(&fixture, ways[0], NULL);

	long before_kib = resident_max_kib();
	double start = cpu_seconds();

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		fixture_load(&fixture, ways[i], NULL);
		assert_int_equal(fixture.r, -EINVAL);
		assert_non_null(strstr(fixture.printed, "larger than 2 MiB"));
	}
	fixture_load_with(&fixture, (struct manifest_options){.files = files});
	assert_non_null(strstr(fixture.printed, "'big': it is larger than 2 MiB"));
	assert_true(cpu_seconds() - start < 1);
	assert_true(resident_max_kib() - before_kib < 8192);
}

static void what_the_yaml_library_chokes_on_is_refused(void **unused)
{
	static const struct {
		const char *text;
		size_t times;
		const char *says;
	} samples[] = {
		{"%", 500000, "this directive is too long"},
		{"{a\n", 600000, "the manifest is too large"},
		{"[a,", 600000, "the manifest is too large"},
		{"&a ", 600000, "not valid YAML"},
		{"? ", 900000, "nested too deeply"},
		{"\"\\n", 600000, "not valid YAML"},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		autohostile struct hostile hostile;

		hostile_open(&hostile);
		repeat(&hostile, samples[i].text, samples[i].times);
		refused(&hostile, samples[i].says);
	}
	print_message("largest resident set %ld KiB\n", resident_max_kib());
}

static void what_is_no_text_is_refused(void **unused)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *says;
	} samples[] = {
		{"a: b\0c\n", 7, "a NUL byte on line 1"},
		{"a: b\nc: \xff\n", 9, "not UTF-8 text on line 2"},
		{"a: \xc0\xaf\n", 6, "not UTF-8 text on line 1"},
		{"a: \xed\xa0\x80\n", 7, "not UTF-8 text on line 1"},
		{"a: \xf4\x90\x80\x80\n", 8, "not UTF-8 text on line 1"},
		{"a: \xe2\x82", 5, "not UTF-8 text on line 1"},
		{"\xff\xfe"
		 "a\0:\0",
		 6, "not UTF-8 text on line 1"},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		autohostile struct hostile hostile;

		hostile_open(&hostile);
		buf_put(&hostile.text, samples[i].bytes, samples[i].len);
		refused(&hostile, samples[i].says);
		assert_int_equal(hostile.fixture.diags.error_count, 1);
	}
}

static void a_fifo_does_not_block(void **unused)
{
	static const char *const files[] = {"fifo", NULL};
	autofixture struct fixture fixture;
	char path[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	snprintf(path, sizeof(path), "%s/fifo", fixture.directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	fixture_load_with(&fixture, (struct manifest_options){.files = files});
	assert_int_equal(fixture.r, -EINVAL);
	assert_non_null(strstr(fixture.printed, "'fifo': it is not a regular file"));
}

static void a_long_chain_of_dependencies_is_no_deep_recursion(void **unused)
{
	autohostile struct hostile hostile;

	(void)unused;
	hostile_open(&hostile);
	buf_puts(&hostile.text, "services:\n");
	for (unsigned i = 0; i < 9000; i++)
		buf_printf(&hostile.text, " s%u: {x-rootfs: host, depends_on: [s%u], command: x}\n",
			   i, (i + 1) % 9000);
	refused(&hostile, "depends_on goes in a circle");
	assert_int_equal(hostile.fixture.diags.error_count, 1);
}

/* Cuts and flips of a good manifest: whatever comes out, nothing may crash. */
static void mangled_manifests_are_survived(void **unused)
{
	static const char good[] =
		"name: x\nx-a: &a {restart: always}\nservices:\n  a:\n    <<: *a\n    x-rootfs: "
		"host\n    command: 'a \"b\" ${C:-d${E+f}}'\n    ports: ['1-3:4-6/udp', {target: "
		"8}]\n"
		"    volumes: [./a:/b:ro, {type: tmpfs, target: /c, tmpfs: {size: 1k}}]\n"
		"    depends_on: {b: {condition: service_healthy}}\n  b: {x-rootfs: host,\n"
		"    healthcheck: {test: [CMD, x], interval: 1m2s}, cpus: 0.5, mem_limit: 3m, "
		"command: x}\n";
	autofixture struct fixture fixture;
	unsigned seed = (unsigned)time(NULL);

	(void)unused;
	print_message("seed %u\n", seed);
	fixture_open(&fixture);
	for (unsigned round = 0; round < 2000; round++) {
		char text[sizeof(good)];
		unsigned changes = (unsigned)rand_r(&seed) % 4;

		memcpy(text, good, sizeof(good));
		for (; changes; changes--)
			text[(unsigned)rand_r(&seed) % (sizeof(good) - 1)] =
				" \n\t:-[]{}&*#'\"$!|>%@`0az,?~"[rand_r(&seed) % 28];
		if (rand_r(&seed) % 3 == 0)
			text[(unsigned)rand_r(&seed) % sizeof(good)] = '\0';
		fixture_load(&fixture, text, NULL);
		assert_true(fixture.r == 0 || fixture.diags.error_count || fixture.err.text[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* first, while the largest resident set is small */
		cmocka_unit_test(a_hundred_megabytes_are_refused_wherever_a_file_is_named),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(alias_bombs_are_refused),
		cmocka_unit_test(merge_key_bombs_are_refused),
		cmocka_unit_test(an_alias_to_itself_is_refused),
		cmocka_unit_test(bombs_of_long_texts_are_refused),
		cmocka_unit_test(too_many_nodes_are_refused),
		cmocka_unit_test(a_hundred_thousand_faults_are_counted_not_kept),
		cmocka_unit_test(port_ranges_are_bounded_for_the_stack),
		cmocka_unit_test(floods_of_variables_are_bounded),
		cmocka_unit_test(a_huge_file_is_refused_unread),
		cmocka_unit_test(what_the_yaml_library_chokes_on_is_refused),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(a_fifo_does_not_block),
		cmocka_unit_test(a_long_chain_of_dependencies_is_no_deep_recursion),
		cmocka_unit_test(mangled_manifests_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
