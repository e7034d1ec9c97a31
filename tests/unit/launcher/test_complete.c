// SPDX-License-Identifier: GPL-2.0-or-later
/* What a word may become, for a table of commands made up here. */
#include "launcher/cli/complete.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>

static const struct option_spec up_options[] = {
	{'d', "detach", OPTION_FLAG, 0, NULL, "go away"},
	{0, "scale", OPTION_LIST, 0, "SERVICE=N", "how many"},
	{0, "log", OPTION_TEXT, 0, "FILE", "where to"},
};
static const struct command up = {"up", "[SERVICE…]", "Launch.", up_options, 3, false, NULL};
static const struct command kill_one = {"kill", "SERVICE|INSTANCE", "Kill.", NULL, 0, false, NULL};
static const struct command exec = {
	"exec", "SERVICE|INSTANCE COMMAND [ARG…]", "Execute.", NULL, 0, true, NULL};
static const struct command image = {
	"image", "load FILE|DIR [NAME] | rm NAME… | prune", "Images.", NULL, 0, false, NULL};
static const struct command help = {"help", "[COMMAND]", "Help.", NULL, 0, false, NULL};
static const struct command *const commands[] = {&up, &kill_one, &exec, &image, &help, NULL};

static const struct option_spec global_options[] = {
	{'p', "project-name", OPTION_TEXT, 0, "STACK", "its name"},
	{'f', "file", OPTION_LIST, 0, "FILE|DIR", "a manifest"},
};

static void names(void *context, enum complete_names kind, struct cli *typed,
		  struct strv *ret_names)
{
	static const char *const of_kind[] = {"stack", "web", "web-1"};
	char *asked = context;

	snprintf(asked, 80, "%s:%s", typed->stack_name ? typed->stack_name : "",
		 typed->files.count ? typed->files.items[0] : "");
	strv_add(ret_names, of_kind[kind]);
}

#define COMMANDS "up\tLaunch.\nkill\tKill.\nexec\tExecute.\nimage\tImages.\nhelp\tHelp.\n"
#define GLOBALS	 "--project-name\tits name\n--file\ta manifest\n--help\tshow this\n"

/* The candidates for the last of the words. */
static void expect(const char *text, const char *wanted, const char *asked_for)
{
	char asked[80] = "";
	const struct complete_source source = {commands, global_options, 2, names, asked};
	autofree char *copy = strdup(text);
	char *words[16] = {NULL};
	size_t count = 0;
	autobuf struct buf out = {0};
	struct err err = {0};

	for (char *word = copy; word; count++)
		words[count] = strsep(&word, " ");
	assert_int_equal(complete_line(words, count, &source, &out, &err), 0);
	assert_string_equal(out.data ? out.data : "", wanted);
	assert_string_equal(asked, asked_for);
}

static void the_first_word_is_a_command(void **unused)
{
	expect("", COMMANDS, "");
	expect("u", COMMANDS, "");
	expect("-p x ", COMMANDS, "");
	expect("nonsense ", "", "");
}

static void options_are_the_commands_and_those_of_all(void **unused)
{
	expect("-", GLOBALS, "");
	expect("up web --", "--detach\tgo away\n--scale\thow many\n--log\twhere to\n" GLOBALS, "");
	expect("up -- -", "web\n", ":");
}

static void a_value_is_what_help_calls_it(void **unused)
{
	expect("-p ", "stack\n", ":");
	expect("-f ", ":files\n", "");
	expect("up --scale ", "web=\n", ":");
	expect("up --log ", ":files\n", "");
	expect("up --detach ", "web\n", ":");
}

static void words_are_what_the_usage_says(void **unused)
{
	expect("up ", "web\n", ":");
	expect("up a b ", "web\n", ":");
	expect("kill ", "web\nweb-1\n", ":");
	expect("kill a ", "", "");
	expect("help ", COMMANDS, "");
}

static void a_command_inside_has_its_own_words(void **unused)
{
	expect("exec ", "web\nweb-1\n", ":");
	expect("exec web-1 ", ":files\n", "");
	expect("exec web-1 ls -", ":files\n", "");
}

static void words_that_stand_for_themselves_choose_what_follows(void **unused)
{
	expect("image ", "load\nrm\nprune\n", "");
	expect("image load ", ":files\n", "");
	expect("image rm ", "", "");
}

static void names_are_of_the_stack_that_was_typed(void **unused)
{
	expect("-p shop -f a.yaml up ", "web\n", "shop:a.yaml");
	expect("up -p shop ", "web\n", "shop:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_word_is_a_command),
		cmocka_unit_test(options_are_the_commands_and_those_of_all),
		cmocka_unit_test(a_value_is_what_help_calls_it),
		cmocka_unit_test(words_are_what_the_usage_says),
		cmocka_unit_test(a_command_inside_has_its_own_words),
		cmocka_unit_test(words_that_stand_for_themselves_choose_what_follows),
		cmocka_unit_test(names_are_of_the_stack_that_was_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
