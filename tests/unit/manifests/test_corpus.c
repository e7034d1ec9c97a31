// SPDX-License-Identifier: GPL-2.0-or-later
/* Public Compose files: each loads or fails cleanly; and every key of the specification is known.
 */
#include "tests/unit/manifests/fixture.h"

#include "manifests/keys.h"
#include "manifests/yaml.h"

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned files_seen;

static int load_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	const char *const files[] = {path, NULL};
	const char *dot = strrchr(path, '.');
	autofixture struct fixture fixture = {0};

	(void)st;
	(void)where;
	if (type != FTW_F || !dot || (strcmp(dot, ".yaml") != 0 && strcmp(dot, ".yml") != 0))
		return 0;
	files_seen++;
	fixture_load_with(&fixture, (struct manifest_options){.directory = "/", .files = files});
	assert_true((fixture.r == 0) == (fixture.diags.error_count == 0));
	assert_true(fixture.r == 0 || fixture.r == -EINVAL);
	for (size_t i = 0; i < fixture.diags.count; i++) {
		const struct diagnostic *item = &fixture.diags.items[i];

		/* Real files are valid: we may not know a key yet, but we know it is one. */
		if (strstr(item->message, "not a known key") ||
		    strstr(item->message, "not valid YAML"))
			fail_msg("%s:%u: %s", path, item->pos.line, item->message);
	}
	return 0;
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

static void public_files_load_or_fail_cleanly(void **unused)
{
	const char *path = corpus();

	(void)unused;
	if (path)
		assert_int_equal(nftw(path, load_one, 16, FTW_PHYS), 0);
	print_message("%u files\n", files_seen);
	assert_true(!path || files_seen > 0);
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
	assert_int_equal(source_read(&arena, path, path, &source, &err), 0);
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
		cmocka_unit_test(public_files_load_or_fail_cleanly),
		cmocka_unit_test(every_key_of_the_specification_is_in_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
