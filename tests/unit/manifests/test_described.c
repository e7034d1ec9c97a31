// SPDX-License-Identifier: GPL-2.0-or-later
/* What editors and people are told of the manifest is what the decoder reads: the key tables. */
#include "tests/unit/manifests/fixture.h"

#include "manifests/keys.h"
#include "manifests/source.h"
#include "manifests/yaml.h"

struct described {
	struct arena arena;
	struct source schema;
	struct source page;
	struct node *tables; /* the schema's $defs */
};

static struct described all;

static int read_both(void **unused)
{
	struct diagnostics diags = {0};
	struct report report = {.list = &diags};
	struct tree tree = {.arena = &all.arena};
	struct err err;

	(void)unused;
	assert_int_equal(arena_open(&all.arena, &err), 0);
	assert_int_equal(source_read(&(struct source_reader){.arena = &all.arena},
				     DAVIT_SOURCE "/schema/davit.schema.json", "davit.schema.json",
				     &all.schema, &err),
			 0);
	assert_int_equal(source_read(&(struct source_reader){.arena = &all.arena},
				     DAVIT_SOURCE "/davit-manifest.5.scd", "davit-manifest.5.scd",
				     &all.page, &err),
			 0);
	/* JSON is YAML. */
	all.tables =
		node_get(yaml_parse(&all.schema, "davit.schema.json", &tree, &report), "$defs");
	assert_non_null(all.tables);
	report_close(&report);
	diagnostics_free(&diags);
	return 0;
}

static int forget_both(void **unused)
{
	(void)unused;
	arena_close(&all.arena);
	return 0;
}

static const struct key_info *find(const struct key_info *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

/* What is only noted is part of the language, too. */
static bool is_read(const struct key_info *key)
{
	return key->class == KEY_READ || key->class == KEY_NOTE;
}

static void the_schema_has_every_key_that_is_read(void **unused)
{
	(void)unused;
	for (const struct key_table *table = key_tables; table->name; table++) {
		const struct node *properties =
			node_get(node_get(all.tables, table->name), "properties");

		for (const struct key_info *key = table->keys; key->name; key++) {
			bool wanted =
				is_read(key) || key->class == KEY_IGNORE || key->class == KEY_KEEP;

			if (wanted != (node_get(properties, key->name) != NULL))
				fail_msg(
					"schema/davit.schema.json: $defs.%s.properties must %shave "
					"'%s'",
					table->name, wanted ? "" : "not ", key->name);
		}
	}
}

static void the_schema_has_no_other_key(void **unused)
{
	(void)unused;
	for (const struct key_table *table = key_tables; table->name; table++) {
		const struct node *one = node_get(all.tables, table->name);
		const struct node *properties = node_get(one, "properties");
		const struct node *others = node_get(one, "additionalProperties");

		assert_non_null(others);
		assert_string_equal(others->text, "false");
		for (size_t i = 0; i < properties->count; i++)
			if (!find(table->keys, properties->pairs[i].key->text))
				fail_msg("schema/davit.schema.json: $defs.%s has '%s', the decoder "
					 "does not",
					 table->name, properties->pairs[i].key->text);
	}
}

static void every_property_says_what_it_is(void **unused)
{
	(void)unused;
	for (const struct key_table *table = key_tables; table->name; table++) {
		const struct node *properties =
			node_get(node_get(all.tables, table->name), "properties");

		for (size_t i = 0; i < properties->count; i++)
			if (!node_get(properties->pairs[i].value, "description"))
				fail_msg("%s.%s has no description", table->name,
					 properties->pairs[i].key->text);
	}
}

/* The part of the page that a comment "; table: NAME" begins; all the rest for the last one. */
static char *section_of(const char *name)
{
	const char *mark = arena_format(&all.arena, "\n; table: %s\n", name);
	const char *start = strstr(all.page.text, mark);

	if (!start)
		fail_msg("davit-manifest.5.scd: no section for the table '%s'", name);
	start += strlen(mark) - 1;

	const char *end = strstr(start, "\n#");

	return arena_copy(&all.arena, start, end ? (size_t)(end - start) : strlen(start));
}

static void the_page_has_every_key_that_is_read(void **unused)
{
	(void)unused;
	for (const struct key_table *table = key_tables; table->name; table++) {
		const char *section = section_of(table->name);

		for (const struct key_info *key = table->keys; key->name; key++)
			if (is_read(key) &&
			    !strstr(section, arena_format(&all.arena, "\n*%s*\n\t", key->name)))
				fail_msg("davit-manifest.5.scd: the section of '%s' lacks '%s'",
					 table->name, key->name);
	}
}

static void the_page_has_no_other_key(void **unused)
{
	(void)unused;
	for (const struct key_table *table = key_tables; table->name; table++) {
		const char *at = section_of(table->name);

		while ((at = strstr(at, "\n*"))) {
			size_t len = strcspn(at += 2, "*");
			const char *name = arena_copy(&all.arena, at, len);
			const struct key_info *key = find(table->keys, name);

			if (strncmp(at + len, "*\n\t", 3) == 0 && (!key || !is_read(key)))
				fail_msg(
					"davit-manifest.5.scd: '%s' has '%s', the decoder does not",
					table->name, name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schema_has_every_key_that_is_read),
		cmocka_unit_test(the_schema_has_no_other_key),
		cmocka_unit_test(every_property_says_what_it_is),
		cmocka_unit_test(the_page_has_every_key_that_is_read),
		cmocka_unit_test(the_page_has_no_other_key),
	};

	return cmocka_run_group_tests_name("described", tests, read_both, forget_both);
}
