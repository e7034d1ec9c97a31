// SPDX-License-Identifier: GPL-2.0-or-later
/* What the loader stands on: arena, variables, nodes, nearest keys, carets. */
#include "tests/unit/cmocka_all.h"

#include "manifests/keys.h"
#include "manifests/vars.h"
#include "runtime/base/cleanup.h"

#include <stdio.h>
#include <string.h>

static const struct pos nowhere;

static void an_arena_gives_zeroed_aligned_memory(void **unused)
{
	autoarena struct arena arena = {0};
	struct err err;

	(void)unused;
	assert_int_equal(arena_open(&arena, &err), 0);
	assert_false(arena_low(&arena));
	for (size_t bytes = 0; bytes < 100; bytes++) {
		char *memory = arena_alloc(&arena, bytes);

		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < bytes; i++)
			assert_int_equal(memory[i], 0);
		memset(memory, 0xff, bytes);
	}
	char *text = arena_format(&arena, "%s-%d", "a", 7);

	arena_seal(&arena);
	assert_string_equal(text, "a-7");
}

static void an_arena_is_low_before_it_is_empty(void **unused)
{
	autoarena struct arena arena = {0};
	struct err err;
	size_t blocks = 0;

	(void)unused;
	assert_int_equal(arena_open(&arena, &err), 0);
	for (; !arena_low(&arena); blocks++)
		(void)arena_alloc(&arena, 1 << 20);
	assert_true(blocks > 16);
	(void)arena_alloc(&arena, 8 << 20);
}

static void variables_keep_the_last_value_and_sort_by_name(void **unused)
{
	autoarena struct arena arena = {0};
	struct vars vars = {.arena = &arena};
	struct err err;

	(void)unused;
	assert_int_equal(arena_open(&arena, &err), 0);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 1000; i++)
			vars_set(&vars, arena_format(&arena, "V%03u", i),
				 arena_format(&arena, "%u", i + round), nowhere);
	vars_set(&vars, "V500", NULL, nowhere);
	assert_null(vars_get(&vars, "V500"));
	assert_null(vars_get(&vars, "V"));
	assert_string_equal(vars_get(&vars, "V007"), "8");

	struct text_list list = vars_list(&vars, &arena);

	assert_int_equal(list.count, 999);
	assert_string_equal(list.items[0].value, "V000=1");
	assert_string_equal(list.items[998].value, "V999=1000");
	for (size_t i = 1; i < list.count; i++)
		assert_true(strcmp(list.items[i - 1].value, list.items[i].value) < 0);
}

static void a_copy_is_deep_and_counted(void **unused)
{
	autoarena struct arena arena = {0};
	struct tree tree = {.arena = &arena};
	struct err err;

	(void)unused;
	assert_int_equal(arena_open(&arena, &err), 0);
	struct node *root = tree_node(&tree, NODE_MAPPING, nowhere);
	struct node *list = tree_node(&tree, NODE_SEQUENCE, nowhere);

	tree_append(&tree, list, tree_scalar(&tree, "x", true, nowhere));
	tree_put(&tree, root, tree_scalar(&tree, "k", true, nowhere), list);
	size_t before = tree.nodes;
	struct node *copy = tree_copy(&tree, root);

	assert_int_equal(tree.nodes, before + 3);
	node_get(copy, "k")->items[0]->text = "y";
	assert_string_equal(list->items[0]->text, "x");
	while (!tree_full(&tree))
		(void)tree_node(&tree, NODE_SCALAR, nowhere);
	assert_null(tree_copy(&tree, root));
}

static void the_first_of_equal_keys_is_kept(void **unused)
{
	autoarena struct arena arena = {0};
	struct tree tree = {.arena = &arena};
	struct err err;

	(void)unused;
	assert_int_equal(arena_open(&arena, &err), 0);
	struct node *root = tree_node(&tree, NODE_MAPPING, nowhere);

	for (unsigned i = 0; i < 300; i++)
		tree_put(&tree, root,
			 tree_scalar(&tree, arena_format(&arena, "k%u", i % 100), true, nowhere),
			 tree_scalar(&tree, arena_format(&arena, "%u", i), true, nowhere));
	tree_keep_first(&tree, root);
	assert_int_equal(root->count, 100);
	assert_string_equal(node_get(root, "k42")->text, "42");
}

static void null_is_what_yaml_says_it_is(void **unused)
{
	static const struct {
		const char *text;
		bool plain;
		bool null;
	} samples[] = {{"", true, true},     {"~", true, true},	   {"null", true, true},
		       {"NULL", true, true}, {"", false, false},   {"null", false, false},
		       {"no", true, false},  {"nULL", true, false}};
	autoarena struct arena arena = {0};
	struct tree tree = {.arena = &arena};
	struct err err;

	(void)unused;
	assert_int_equal(arena_open(&arena, &err), 0);
	assert_true(node_is_null(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		assert_int_equal(node_is_null(tree_scalar(&tree, samples[i].text, samples[i].plain,
							  nowhere)),
				 samples[i].null);
}

static void misspelt_keys_find_their_neighbour(void **unused)
{
	static const struct {
		const char *written;
		const char *meant;
	} samples[] = {
		{"comand", "command"},
		{"prots", "ports"},
		{"enviroment", "environment"},
		{"depend_on", "depends_on"},
		{"healtcheck", "healthcheck"},
		{"volume", "volumes"},
		{"restrat", "restart"},
		{"imgae", "image"},
		{"stop-signal", "stop_signal"},
		{"zzzzzz", NULL},
		{"q", NULL},
		{"", NULL},
		{"a_very_long_key_that_is_longer_than_any_of_ours", NULL},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const char *near = keys_nearest(keys_service, samples[i].written);

		if (!near || !samples[i].meant)
			assert_ptr_equal(near, samples[i].meant);
		else
			assert_string_equal(near, samples[i].meant);
	}
}

static void the_caret_stands_below_its_character(void **unused)
{
	static const struct {
		const char *line;
		unsigned col;
		const char *caret;
	} samples[] = {
		{"abc", 1, "  ^\n"},	     {"abc", 3, "    ^\n"},  {"\tabc", 3, "  \t ^\n"},
		{"äöü: x", 6, "       ^\n"}, {"abc", 9, "     ^\n"},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct diagnostic item = {.pos = {"f", 1, samples[i].col},
					  .message = (char *)"m",
					  .line = (char *)samples[i].line};
		const struct diagnostics list = {.items = &item, .count = 1};
		autobuf struct buf out = {0};
		char expected[128];

		snprintf(expected, sizeof(expected), "f:1:%u: error: m\n  %s\n%s", samples[i].col,
			 samples[i].line, samples[i].caret);
		diagnostics_print(&list, &out);
		assert_string_equal(out.data, expected);
	}
}

static void what_is_said_of_a_manifest_has_as_much_of_its_place_as_is_known(void **unused)
{
	static const struct {
		const char *line;
		struct pos pos;
		enum severity severity;
		const char *service;
		const char *text;
	} samples[] = {
		{"shop.yaml:14:9: error: web: volume /srv: no such directory",
		 {"shop.yaml", 14, 9},
		 SEVERITY_ERROR,
		 "web",
		 "volume /srv: no such directory"},
		{"shop.yaml:2:3: warning: the weight",
		 {"shop.yaml", 2, 3},
		 SEVERITY_WARNING,
		 NULL,
		 "the weight"},
		{"shop.yaml: error: it is empty",
		 {"shop.yaml", 0, 1},
		 SEVERITY_ERROR,
		 NULL,
		 "it is empty"},
		{"note: web: not yet", {NULL, 3, 1}, SEVERITY_NOTE, "web", "not yet"},
		{"a%s:1:1: error: \x1b[m: 100 %d\ta\nb",
		 {"a%s", 1, 1},
		 SEVERITY_ERROR,
		 "\x1b[m",
		 "100 %d\ta\nb"},
	};
	autostrv struct strv lines = {0};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		diagnostic_add(&lines, samples[i].severity, samples[i].pos, samples[i].service,
			       "%s", samples[i].text);
		assert_int_equal(lines.count, i + 1);
		assert_string_equal(lines.items[i], samples[i].line);
	}
}

static void a_diagnostic_is_said_as_it_is_printed(void **unused)
{
	static const struct pos places[] = {{"f", 7, 2}, {"f", 0, 1}, {NULL, 0, 0}};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct diagnostic item = {.pos = places[i], .message = (char *)"m"};
		const struct diagnostics list = {.items = &item, .count = 1};
		autobuf struct buf out = {0};
		autostrv struct strv lines = {0};

		diagnostics_print(&list, &out);
		diagnostic_add(&lines, item.severity, item.pos, NULL, "%s%c", item.message, '\n');
		assert_string_equal(lines.items[0], out.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arena_gives_zeroed_aligned_memory),
		cmocka_unit_test(an_arena_is_low_before_it_is_empty),
		cmocka_unit_test(variables_keep_the_last_value_and_sort_by_name),
		cmocka_unit_test(a_copy_is_deep_and_counted),
		cmocka_unit_test(the_first_of_equal_keys_is_kept),
		cmocka_unit_test(null_is_what_yaml_says_it_is),
		cmocka_unit_test(misspelt_keys_find_their_neighbour),
		cmocka_unit_test(the_caret_stands_below_its_character),
		cmocka_unit_test(what_is_said_of_a_manifest_has_as_much_of_its_place_as_is_known),
		cmocka_unit_test(a_diagnostic_is_said_as_it_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
