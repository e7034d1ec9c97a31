// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Public Compose files: each loads or fails with the right reason, what loads survives printing;
 * and every key of the specification is known.
 */
#include "tests/unit/manifests/fixture.h"

#include "manifests/keys.h"
#include "manifests/yaml.h"

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

static void check_printing(struct fixture *fixture)
{
	static const char *const files[] = {"printed.yaml", NULL};

	for (unsigned format = 0; format < 4; format++) {
		struct buf first = {0};
		struct buf second = {0};

		assert_int_equal(manifest_print(fixture->stack, format, &first, &fixture->err), 0);
		fixture_write(fixture, "printed.yaml", first.data);
		fixture_load_with(fixture, (struct manifest_options){.files = files});
		if (fixture->r)
			fail_msg("%s%s", fixture->printed, fixture->err.text);
		assert_int_equal(manifest_print(fixture->stack, format, &second, &fixture->err), 0);
		assert_string_equal(first.data, second.data);
		buf_free(&first);
		buf_free(&second);
	}
}

/* What is wrong, one line each; or that it loads. Lines of other files have their whole path. */
static void describe(struct fixture *fixture, const char *name, struct buf *out)
{
	if (fixture->r == 0)
		buf_printf(out, "%s: loads\n", name);
	for (size_t i = 0; i < fixture->diags.count; i++) {
		const struct diagnostic *item = &fixture->diags.items[i];

		buf_printf(out, "%s:%u:%u: %s: %s\n", name, item->pos.line, item->pos.col,
			   severity_name(item->severity), item->message);
	}
}

static void load_one(const char *corpus, const char *name, struct buf *out)
{
	char path[PATH_MAX];
	const char *files[] = {path, NULL};
	autofixture struct fixture fixture;

	fixture_open(&fixture);
	snprintf(path, sizeof(path), "%s/%s", corpus, name);
	fixture_load_with(&fixture, (struct manifest_options){.files = files});
	assert_true((fixture.r == 0) == (fixture.diags.error_count == 0));
	assert_true(fixture.r == 0 || fixture.r == -EINVAL);
	describe(&fixture, name, out);
	if (fixture.r == 0)
		check_printing(&fixture);
}

static struct strv found;

static int find_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	const char *dot = strrchr(path, '.');

	(void)st;
	(void)where;
	if (type == FTW_F && dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0))
		strv_add(&found, path);
	return 0;
}

static int compare_texts(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static const char *corpus(void)
{
	const char *path = getenv("DAVIT_CORPUS");

	if (path && access(path, R_OK) == 0)
		return path;
	print_message("skipped: the corpus of public Compose files is not beside the source\n");
	skip();
	return NULL;
}

/* The golden file says of every public file that it loads, or where and why not. With
 * DAVIT_CORPUS_UPDATE=1 it is written anew. */
static void public_files_load_or_fail_with_their_reason(void **unused)
{
	const char *path = corpus();
	const char *golden = getenv("DAVIT_CORPUS_GOLDEN");
	autoarena struct arena arena = {0};
	struct source expected = {0};
	struct buf text = {0};
	struct err err;

	(void)unused;
	assert_int_equal(nftw(path, find_one, 16, FTW_PHYS), 0);
	assert_true(found.count > 0);
	qsort(found.items, found.count, sizeof(*found.items), compare_texts);
	for (size_t i = 0; i < found.count; i++)
		load_one(path, found.items[i] + strlen(path) + 1, &text);
	print_message("%zu files\n", found.count);
	strv_free(&found);
	assert_int_equal(arena_open(&arena, &err), 0);
	if (getenv("DAVIT_CORPUS_UPDATE")) {
		autofile FILE *file = fopen(golden, "we");

		assert_non_null(file);
		assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
	}
	assert_int_equal(source_read(&(struct source_reader){.arena = &arena}, golden, golden,
				     &expected, &err),
			 0);
	if (strcmp(text.data, expected.text) != 0)
		print_error("not what %s says; where the change is right, run this test by hand "
			    "with DAVIT_CORPUS_UPDATE=1 and read the difference\n",
			    golden);
	assert_string_equal(text.data, expected.text);
	buf_free(&text);
}

static bool is_known(const struct key_info *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return true;
	return false;
}

static void check_table(const struct node *definition, const struct key_info *table)
{
	const struct node *properties = node_get(definition, "properties");

	assert_non_null(properties);
	assert_true(properties->count > 0);
	for (size_t i = 0; i < properties->count; i++)
		if (!is_known(table, properties->pairs[i].key->text))
			fail_msg("the specification has the key '%s'",
				 properties->pairs[i].key->text);
}

static const struct node *descend(const struct node *node, const char *path)
{
	char copy[128];
	char *rest = copy;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *word; node && (word = strsep(&rest, "/"));)
		node = node_get(node, word);
	return node;
}

static void every_key_of_the_specification_is_in_a_table(void **unused)
{
	autoarena struct arena arena = {0};
	autodiagnostics struct diagnostics diags = {0};
	struct report report = {.list = &diags};
	struct tree tree = {.arena = &arena};
	struct source source;
	struct err err;
	char path[PATH_MAX];

	(void)unused;
	snprintf(path, sizeof(path), "%s/spec/compose-spec.json", corpus());
	assert_int_equal(arena_open(&arena, &err), 0);
	assert_int_equal(
		source_read(&(struct source_reader){.arena = &arena}, path, path, &source, &err),
		0);
	const struct node *root = yaml_parse(&source, path, &tree, &report);
	const struct node *all = node_get(root, "$defs");

	assert_non_null(all);
	check_table(root, keys_top);
	check_table(node_get(all, "service"), keys_service);
	check_table(node_get(all, "deployment"), keys_deploy);
	check_table(node_get(all, "healthcheck"), keys_healthcheck);
	check_table(node_get(all, "volume"), keys_volume);
	check_table(descend(all, "deployment/properties/resources"), keys_resources);
	check_table(descend(all, "deployment/properties/restart_policy"), keys_restart_policy);
	check_table(descend(all, "deployment/properties/resources/properties/limits"), keys_limits);
	report_close(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(public_files_load_or_fail_with_their_reason),
		cmocka_unit_test(every_key_of_the_specification_is_in_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
