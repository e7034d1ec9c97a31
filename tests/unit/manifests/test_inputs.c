// SPDX-License-Identifier: GPL-2.0-or-later
/* A manifest loaded again from what its first load has read, whatever has become of the files. */
#include "manifests/inputs.h"
#include "tests/unit/manifests/fixture.h"

static const char manifest[] = "name: again\n"
			       "include: [more/part.yaml]\n"
			       "services:\n"
			       "  web:\n"
			       "    image: ${IMAGE}\n"
			       "    env_file: [{path: web.env, required: false}, missing.env]\n"
			       "    configs: [plain]\n"
			       "configs: {plain: {file: ./plain.bin}}\n";

static void write_all(const struct fixture *fixture)
{
	fixture_mkdir(fixture, "more");
	fixture_write(fixture, "compose.yaml", manifest);
	fixture_write(fixture, ".env", "IMAGE=busybox\n");
	fixture_write(fixture, "web.env", "A=1\n");
	fixture_write(fixture, "missing.env", "B=2\n");
	fixture_write_bytes(fixture, "plain.bin", "\xff\0x\n", 4);
	fixture_write(fixture, "more/part.yaml", "services: {part: {image: part}}\n");
}

static int load(const struct fixture *fixture, struct inputs *inputs, struct stack **ret)
{
	const struct manifest_options options = {.directory = fixture->directory, .inputs = inputs};
	autodiagnostics struct diagnostics diags = {0};
	struct err err = {0};

	return manifest_load(&options, ret, &diags, &err);
}

static char *text_of(const struct stack *stack)
{
	autobuf struct buf text = {0};
	struct err err = {0};

	assert_int_equal(manifest_print(stack, MANIFEST_YAML + MANIFEST_RESOLVED, &text, &err), 0);
	return buf_take(&text);
}

static void a_manifest_is_the_same_again_when_its_files_are_gone(void **unused)
{
	(void)unused;
	autofixture struct fixture fixture;
	autoinputs struct inputs *asked = NULL;
	autoinputs struct inputs *kept = NULL;
	struct stack *first = NULL, *second = NULL;
	autobuf struct buf bytes = {0};

	fixture_open(&fixture);
	write_all(&fixture);
	assert_int_equal(inputs_new(&asked, NULL), 0);
	assert_int_equal(load(&fixture, asked, &first), 0);
	assert_int_equal(inputs_write(asked, &bytes, NULL), 0);
	nftw(fixture.directory, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);

	assert_int_equal(inputs_read(bytes.data, bytes.len, &kept, NULL), 0);
	assert_int_equal(load(&fixture, kept, &second), 0);
	autofree char *before = text_of(first);
	autofree char *after = text_of(second);

	assert_string_equal(before, after);
	assert_non_null(strstr(after, "busybox"));
	assert_int_equal(first->files_given.count, second->files_given.count);
	assert_int_equal(second->files_given.items[0].len, 4);
	assert_memory_equal(second->files_given.items[0].bytes, "\xff\0x\n", 4);
	stack_free(first);
	stack_free(second);
}

static void what_was_not_there_at_first_is_not_looked_for_later(void **unused)
{
	(void)unused;
	autofixture struct fixture fixture;
	autoinputs struct inputs *asked = NULL;
	autoinputs struct inputs *kept = NULL;
	struct stack *first = NULL, *second = NULL;
	autobuf struct buf bytes = {0};

	fixture_open(&fixture);
	fixture_write(&fixture, "compose.yaml", "services: {web: {image: x}}\n");
	assert_int_equal(inputs_new(&asked, NULL), 0);
	assert_int_equal(load(&fixture, asked, &first), 0);
	assert_int_equal(inputs_write(asked, &bytes, NULL), 0);
	fixture_write(&fixture, "compose.override.yaml", "services: {more: {image: x}}\n");
	assert_int_equal(inputs_read(bytes.data, bytes.len, &kept, NULL), 0);
	assert_int_equal(load(&fixture, kept, &second), 0);
	assert_int_equal(second->service_count, 1);
	stack_free(first);
	stack_free(second);
}

static void a_directory_of_manifests_is_listed_once(void **unused)
{
	(void)unused;
	autofixture struct fixture fixture;
	autoinputs struct inputs *asked = NULL;
	autoinputs struct inputs *kept = NULL;
	const char *const files[] = {".", NULL};
	autodiagnostics struct diagnostics diags = {0};
	struct stack *stack = NULL;
	autobuf struct buf bytes = {0};
	struct err err = {0};

	fixture_open(&fixture);
	fixture_write(&fixture, "a.yaml", "services: {a: {image: x}}\n");
	fixture_write(&fixture, "b.yml", "services: {b: {image: x}}\n");
	struct manifest_options options = {.directory = fixture.directory, .files = files};

	assert_int_equal(inputs_new(&asked, NULL), 0);
	options.inputs = asked;
	assert_int_equal(manifest_load(&options, &stack, &diags, &err), 0);
	stack_free(stack);
	assert_int_equal(inputs_write(asked, &bytes, NULL), 0);
	fixture_write(&fixture, "c.yaml", "services: {c: {image: x}}\n");
	assert_int_equal(inputs_read(bytes.data, bytes.len, &kept, NULL), 0);
	options.inputs = kept;
	assert_int_equal(manifest_load(&options, &stack, &diags, &err), 0);
	assert_int_equal(stack->service_count, 2);
	stack_free(stack);
}

static void damaged_inputs_are_refused_wherever_they_are_cut(void **unused)
{
	(void)unused;
	autofixture struct fixture fixture;
	autoinputs struct inputs *asked = NULL;
	struct inputs *kept = NULL;
	struct stack *stack = NULL;
	autobuf struct buf bytes = {0};
	struct err err = {0};
	unsigned refused = 0;

	fixture_open(&fixture);
	write_all(&fixture);
	assert_int_equal(inputs_new(&asked, NULL), 0);
	assert_int_equal(load(&fixture, asked, &stack), 0);
	stack_free(stack);
	assert_int_equal(inputs_write(asked, &bytes, NULL), 0);
	/* Cut between two answers it is a whole, smaller one. */
	for (size_t len = 0; len < bytes.len; len++) {
		kept = NULL;
		if (inputs_read(bytes.data, len, &kept, &err) < 0)
			refused++;
		inputs_free(kept);
	}
	assert_true(refused > bytes.len - 40);
	assert_int_equal(inputs_read("x", 1, &kept, &err), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_is_the_same_again_when_its_files_are_gone),
		cmocka_unit_test(what_was_not_there_at_first_is_not_looked_for_later),
		cmocka_unit_test(a_directory_of_manifests_is_listed_once),
		cmocka_unit_test(damaged_inputs_are_refused_wherever_they_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
