// SPDX-License-Identifier: GPL-2.0-or-later
/* davit pull: fetches the images of the manifest's services, or those that are named. */
#include "launcher/cli/commands.h"
#include "launcher/cli/fetch.h"
#include "launcher/cli/format.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"

#include <string.h>

struct values {
	const char *policy;
	bool quiet;
};

static const struct option_spec options[] = {
	{0, "policy", OPTION_TEXT, offsetof(struct values, policy), "always|missing",
	 "missing: only what the store lacks (otherwise always)"},
	{'q', "quiet", OPTION_FLAG, offsetof(struct values, quiet), NULL, "no progress"},
};

/* What has no name but ours is in no registry: it is built when it is needed. */
static bool is_fetched(const struct service *service)
{
	return !service->build.names_image;
}

static int pull_services(const struct stack *stack, char **words, size_t count,
			 const struct values *values, struct fetch_tally *tally)
{
	autofree const char **names = calloc(stack->service_count + count + 1, sizeof(*names));
	size_t used = 0;

	if (!names)
		return cli_complain(EXIT_FAILED, "out of memory");
	for (size_t i = 0; i < count; i++)
		if (is_fetched(stack_service(stack, words[i])))
			names[used++] = words[i];
	for (size_t i = 0; count == 0 && i < stack->service_count; i++)
		if (stack->services[i].enabled && is_fetched(&stack->services[i]))
			names[used++] = stack->services[i].name;
	return fetch_services(stack, names, values->policy, values->quiet, tally);
}

static int pull_reference(const struct cli *cli, const char *word, const struct values *values,
			  struct fetch_tally *tally)
{
	autoref struct image_ref ref = {0};
	struct err err = {0};

	if (image_ref_parse(word, cli->directory, &ref, &err) < 0)
		return cli_fail(&err, EXIT_USAGE);
	int code = fetch_image(
		&(struct fetch){.ref = &ref, .quiet = values->quiet, .tell = !values->quiet});

	tally->fetched += code == EXIT_DONE;
	return code;
}

/* Words are services where the manifest has them, else references; without one they all are. */
static int pull_words(struct cli *cli, const struct args *args, const struct values *values,
		      struct fetch_tally *tally)
{
	autodiagnostics struct diagnostics diags = {0};
	autostack struct stack *stack = NULL;
	autofree char *name = NULL;
	struct manifest_options manifest = cli_manifest_options(cli);
	bool there = manifest_stack_name(&manifest, &name, NULL) == 0;
	int code = there || args->word_count == 0 ? cli_load(cli, &stack, &diags) : EXIT_DONE;

	if (code != EXIT_DONE)
		return code;
	if (args->word_count == 0)
		return pull_services(stack, NULL, 0, values, tally);
	for (size_t i = 0; code == EXIT_DONE && i < args->word_count; i++) {
		const struct service *service = stack ? stack_service(stack, args->words[i]) : NULL;

		code = service ? pull_services(stack, &args->words[i], 1, values, tally)
			       : pull_reference(cli, args->words[i], values, tally);
	}
	return code;
}

/* "2 fetched, 1 there already after 1.30s" */
static void show_summary(const struct fetch_tally *tally, int64_t took_ms)
{
	const struct {
		unsigned count;
		const char *word;
	} all[] = {{tally->fetched, "fetched"},
		   {tally->built, "built"},
		   {tally->stored, "there already"}};
	autobuf struct buf line = {0};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].count)
			buf_printf(&line, "%s%u %s", line.len ? ", " : "", all[i].count,
				   all[i].word);
	if (line.len == 0)
		buf_puts(&line, "nothing to fetch");
	buf_puts(&line, " after ");
	format_cpu(&line, (double)took_ms / 1000);
	if (!line.failed)
		fprintf(stderr, "%s\n", line.data);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {.policy = "always"};
	struct args args = {.argc = argc, .argv = argv};
	struct fetch_tally tally = {0};
	int code = cli_parse(cli, &args, &values);

	if (code >= 0)
		return code;
	if (strcmp(values.policy, "always") != 0 && strcmp(values.policy, "missing") != 0)
		return cli_complain(EXIT_USAGE,
				    "pull: --policy: '%s' is neither always nor missing",
				    values.policy);
	int64_t begun_ms = clock_now_ms();

	code = pull_words(cli, &args, &values, &tally);
	if (code == EXIT_DONE && !values.quiet)
		show_summary(&tally, clock_now_ms() - begun_ms);
	return code;
}

const struct command command_pull = {
	.name = "pull",
	.words = "[SERVICE|IMAGE…]",
	.summary = "Fetch images into the store: the services', or those named.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
