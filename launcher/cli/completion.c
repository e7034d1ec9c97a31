// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit completion: scripts for the shells, which ask davit itself what the word at the cursor may
 * become, so that they cannot fall behind it.
 */
#include "launcher/cli/commands.h"
#include "launcher/cli/complete.h"
#include "launcher/cli/stacks.h"
#include "runtime/base/cleanup.h"

#include <string.h>
#include <unistd.h>

struct values {
	bool candidates;
};

static const struct option_spec options[] = {
	{0, "candidates", OPTION_FLAG, offsetof(struct values, candidates), NULL,
	 "what the scripts ask: all that the last of the words may become"},
};

/* (bash takes '=' and ':' for ends of words; those in front of the cursor are put together) */
static const char bash[] =
	"# bash completion for davit; use: source <(davit completion bash)\n"
	"_davit() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} line\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tcase $line in\n"
	"\t\t:files) compopt -o default ;;\n"
	"\t\t*=) [[ $line == \"$cur\"* ]] && compopt -o nospace && COMPREPLY+=(\"$line\") ;;\n"
	"\t\t*) line=${line%%$'\\t'*} && [[ $line == \"$cur\"* ]] && COMPREPLY+=(\"$line\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(davit completion --candidates -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" "
	"2>/dev/null)\n"
	"}\n"
	"complete -F _davit davit\n";

static const char zsh[] =
	"#compdef davit\n"
	"# zsh completion for davit; use: source <(davit completion zsh)\n"
	"_davit() {\n"
	"\tlocal line files=\n"
	"\tlocal -a found joined\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tcase $line in\n"
	"\t\t:files) files=1 ;;\n"
	"\t\t*=) joined+=(\"$line\") ;;\n"
	"\t\t*) line=${line//:/\\\\:} && found+=(\"${line/$'\\t'/:}\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(davit completion --candidates -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
	"\t(( ${#found} )) && _describe -V davit found\n"
	"\t(( ${#joined} )) && compadd -S '' -- $joined\n"
	"\t[[ -n $files ]] && _files\n"
	"}\n"
	"if [[ $funcstack[1] == _davit ]]; then _davit; else compdef _davit davit; fi\n";

static const char fish[] =
	"# fish completion for davit; use: davit completion fish | source\n"
	"function __davit_candidates\n"
	"\tset -l words (commandline -opc) (commandline -ct)\n"
	"\tfor line in (davit completion --candidates -- $words[2..-1] 2>/dev/null)\n"
	"\t\tif test $line = :files\n"
	"\t\t\t__fish_complete_path (commandline -ct)\n"
	"\t\telse\n"
	"\t\t\techo $line\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c davit -f -k -a '(__davit_candidates)'\n";

static const struct {
	const char *shell;
	const char *script;
} scripts[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

/* Of the manifest, if there is one. */
static void put_manifest_services(const struct cli *cli, struct strv *ret_names)
{
	struct manifest_options inputs = cli_manifest_options(cli);
	autodiagnostics struct diagnostics diags = {0};
	autostack struct stack *stack = NULL;

	if (manifest_load(&inputs, &stack, &diags, NULL) < 0)
		return;
	for (size_t i = 0; i < stack->service_count; i++)
		strv_add(ret_names, stack->services[i].name);
}

/* What runs: by any of its names. */
static void put_running(const char *stack, const char *path, const char *list, const char *key,
			struct strv *ret_names)
{
	const struct client_request request = {.method = "GET", .path = path, .timeout_ms = 1000};
	autoanswer struct client_answer answer = {0};

	if (client_call(stack, &request, &answer, NULL) < 0 || answer.status != 200)
		return;
	const struct json_t *items = js_get(answer.json, list);

	for (size_t i = 0; i < js_count(items); i++)
		if (js_text(js_at(items, i), key))
			strv_add(ret_names, js_text(js_at(items, i), key));
}

static void find_names(void *context, enum complete_names kind, struct cli *typed,
		       struct strv *ret_names)
{
	const struct cli *cli = context;
	autofree char *stack = NULL;

	if (kind == COMPLETE_STACKS) {
		err_ignore(stacks_list(ret_names, NULL));
		return;
	}
	snprintf(typed->directory, sizeof(typed->directory), "%s", cli->directory);
	typed->store_dir = cli->store_dir;
	if (kind == COMPLETE_SERVICES)
		put_manifest_services(typed, ret_names);
	if (ret_names->count > 0 || cli_stack_seen(typed, &stack) != EXIT_DONE)
		return;
	if (kind == COMPLETE_SERVICES)
		put_running(stack, "/v1/services", "services", "service", ret_names);
	else
		put_running(stack, "/v1/instances", "instances", "instance", ret_names);
}

static int print_candidates(struct cli *cli, const struct args *args)
{
	const struct complete_source source = {
		.commands = cli_commands,
		.options = cli_options,
		.option_count = cli_option_count,
		.names = find_names,
		.context = cli,
	};
	autobuf struct buf out = {0};
	struct err err = {0};

	if (complete_line(args->words, args->word_count, &source, &out, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	return cli_output(&out);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	autobuf struct buf out = {0};
	int code = cli_parse(cli, &args, &values);

	if (code < 0 && values.candidates)
		return print_candidates(cli, &args);
	if (code < 0)
		code = cli_count_words(cli, &args, 1, 1);
	if (code >= 0)
		return code;
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		if (strcmp(args.words[0], scripts[i].shell) == 0) {
			buf_puts(&out, scripts[i].script);
			return cli_output(&out);
		}
	return cli_complain(EXIT_USAGE, "completion: '%s': bash, zsh and fish are known",
			    args.words[0]);
}

const struct command command_completion = {
	.name = "completion",
	.words = "bash|fish|zsh",
	.summary = "Print a script that completes davit's words in a shell.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
