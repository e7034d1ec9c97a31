// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/cli/args.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

struct values {
	bool detach;
	bool wait;
	const char *user;
	struct strv env;
	int64_t timeout_ms;
	int64_t tail;
};

static const struct option_spec specs[] = {
	{'d', "detach", OPTION_FLAG, offsetof(struct values, detach), NULL, "d"},
	{0, "wait", OPTION_FLAG, offsetof(struct values, wait), NULL, "w"},
	{'u', "user", OPTION_TEXT, offsetof(struct values, user), "USER", "u"},
	{'e', "env", OPTION_LIST, offsetof(struct values, env), "N=V", "e"},
	{'t', "timeout", OPTION_DURATION, offsetof(struct values, timeout_ms), "S", "t"},
	{'n', "tail", OPTION_NUMBER, offsetof(struct values, tail), "N", "n"},
};

/* Splits @line at spaces, parses it, and writes all that came out into @shown. */
static int parse(const char *line, bool words_end_options, char *shown, size_t size,
		 struct err *err)
{
	struct values values = {0};
	char copy[256];
	char *argv[32];
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	struct args args = {.argc = argc,
			    .argv = argv,
			    .sets[1] = {specs, ARRAY_SIZE(specs), &values},
			    .words_end_options = words_end_options};
	autobuf struct buf out = {0};
	int r = args_parse(&args, err);

	buf_printf(&out, "%s%s%s", values.detach ? "d" : "", values.wait ? "w" : "",
		   args.help ? "h" : "");
	if (values.user)
		buf_printf(&out, " u=%s", values.user);
	for (size_t i = 0; i < values.env.count; i++)
		buf_printf(&out, " e=%s", values.env.items[i]);
	if (values.timeout_ms)
		buf_printf(&out, " t=%lld", (long long)values.timeout_ms);
	if (values.tail)
		buf_printf(&out, " n=%lld", (long long)values.tail);
	for (size_t i = 0; i < args.word_count; i++)
		buf_printf(&out, " [%s]", args.words[i]);
	snprintf(shown, size, "%s", out.data);
	strv_free(&values.env);
	return r;
}

static void options_are_understood_in_every_usual_spelling(void **unused)
{
	static const struct {
		const char *line;
		bool words_end_options;
		const char *result;
	} cases[] = {
		{"", false, ""},
		{"-d --wait a b", false, "dw [a] [b]"},
		{"a -d b --wait", false, "dw [a] [b]"},
		{"-du root a", false, "d u=root [a]"},
		{"-uroot", false, " u=root"},
		{"--user=root", false, " u=root"},
		{"--user= a", false, " u= [a]"},
		{"--user root", false, " u=root"},
		{"-u a -u b", false, " u=b"},
		{"-e A=1 --env=B=2 -eC=3", false, " e=A=1 e=B=2 e=C=3"},
		{"-t 1m30s", false, " t=90000"},
		{"-t 0.25", false, " t=250"},
		{"--tail all", false, " n=-1"},
		{"-n5 -", false, " n=5 [-]"},
		{"-- -d --wait", false, " [-d] [--wait]"},
		{"-d sh -c -d", true, "d [sh] [-c] [-d]"},
		{"-u -d", false, " u=-d"},
		{"a --help", false, "h [a]"},
		{"-dh", false, "dh"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char shown[512];
		struct err err = {0};

		assert_int_equal(parse(cases[i].line, cases[i].words_end_options, shown,
				       sizeof(shown), &err),
				 0);
		assert_string_equal(shown, cases[i].result);
	}
}

static void mistakes_are_named_with_a_guess(void **unused)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{"--wiat", "unknown option --wiat; did you mean --wait?"},
		{"--wiat=3", "unknown option --wiat; did you mean --wait?"},
		{"--zzzzzz", "unknown option --zzzzzz"},
		{"-dz", "unknown option -z"},
		{"--detach=yes", "option --detach takes no value"},
		{"--user", "option --user needs a value"},
		{"-u", "option -u needs a value"},
		{"-t soon", "-t: 'soon' is not a duration (10, 1.5s, 250ms, 1m30s)"},
		{"--tail=-1", "--tail: '-1' is not a whole number"},
		{"--tail 99999999999999999999", "--tail: '99999999999999999999' is not a whole "
						"number"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char shown[512];
		struct err err = {0};

		assert_int_equal(parse(cases[i].line, false, shown, sizeof(shown), &err), -EINVAL);
		assert_string_equal(err.text, cases[i].text);
	}
}

static void help_lists_every_option_once(void **unused)
{
	autobuf struct buf out = {0};

	args_help(specs, 3, &out);
	assert_string_equal(out.data, "  -d, --detach                 d\n"
				      "      --wait                   w\n"
				      "  -u, --user USER              u\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_understood_in_every_usual_spelling),
		cmocka_unit_test(mistakes_are_named_with_a_guess),
		cmocka_unit_test(help_lists_every_option_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
