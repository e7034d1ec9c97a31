// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit config: validates the manifest and prints what it means, or one aspect of it. Needs no
 * supervisor, no root.
 */
#include "launcher/cli/commands.h"
#include "launcher/js.h"
#include "launcher/policy/revision.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

struct values {
	bool quiet;
	bool resolve;
	bool services;
	bool images;
	const char *hash;
	const char *format;
	const char *diagnostics;
};

static const struct option_spec options[] = {
	{'q', "quiet", OPTION_FLAG, offsetof(struct values, quiet), NULL,
	 "only validate: print nothing but faults"},
	{0, "format", OPTION_TEXT, offsetof(struct values, format), "yaml|json",
	 "the form of the output"},
	{0, "resolve", OPTION_FLAG, offsetof(struct values, resolve), NULL,
	 "write every default, too"},
	{0, "services", OPTION_FLAG, offsetof(struct values, services), NULL,
	 "only the names of the enabled services, one per line"},
	{0, "images", OPTION_FLAG, offsetof(struct values, images), NULL,
	 "only the images of the enabled services, one per line"},
	{0, "hash", OPTION_TEXT, offsetof(struct values, hash), "SERVICE",
	 "only what changes when its instances must be replaced; '*': of all"},
	{0, "diagnostics", OPTION_TEXT, offsetof(struct values, diagnostics), "text|json",
	 "json: only the faults, on stdout, one JSON object per line with severity, file, line, "
	 "column and message"},
};

static void put_services(const struct stack *stack, struct buf *out)
{
	for (size_t i = 0; i < stack->service_count; i++)
		if (stack->services[i].enabled)
			buf_printf(out, "%s\n", stack->services[i].name);
}

static void put_images(const struct stack *stack, struct buf *out)
{
	autostrv struct strv seen = {0};

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];
		const char *image = service->image.value;

		if (!service->enabled || !image || strv_has(&seen, image))
			continue;
		strv_add(&seen, image);
		buf_printf(out, "%s\n", image);
	}
}

static int put_hashes(const struct stack *stack, const char *name, struct buf *out)
{
	bool all = strcmp(name, "*") == 0;
	const struct service *service = all ? stack->services : stack_service(stack, name);
	size_t count = all ? stack->service_count : 1;
	struct revision revision;

	if (!service && !all)
		return cli_complain(EXIT_USAGE, "no such service: '%s'", name);
	for (size_t i = 0; i < count; i++) {
		revision_of(stack, &service[i], &revision);
		buf_printf(out, "%s %s\n", service[i].name, revision.hex);
	}
	return EXIT_DONE;
}

static int print_stack(const struct stack *stack, const struct values *values)
{
	bool json = strcmp(values->format, "json") == 0;
	unsigned format = json ? MANIFEST_JSON : MANIFEST_YAML;
	autobuf struct buf out = {0};
	struct err err = {0};
	int code = EXIT_DONE;

	if (values->quiet)
		return EXIT_DONE;
	if (values->resolve)
		format += MANIFEST_RESOLVED;
	if (values->services)
		put_services(stack, &out);
	if (values->images)
		put_images(stack, &out);
	if (values->hash)
		code = put_hashes(stack, values->hash, &out);
	if (!values->services && !values->images && !values->hash &&
	    manifest_print(stack, format, &out, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	return code == EXIT_DONE ? cli_output(&out) : code;
}

static int put_diagnostic(const struct diagnostic *item, struct buf *out, struct err *err)
{
	struct json_t *file = item->pos.file ? js_lossy(item->pos.file) : js_pack("n");
	autojs struct json_t *line =
		js_pack("{s:s, s:o, s:i, s:i, s:o}", "severity", severity_name(item->severity),
			"file", file, "line", (int)item->pos.line, "column", (int)item->pos.col,
			"message", js_lossy(item->message));
	int r = line ? js_print(line, 0, out, err) : err_set(err, ENOMEM, "print diagnostics");

	if (r == 0)
		buf_puts(out, "\n");
	return r;
}

/* Nothing but what is wrong, for editors. Where the line is 0, the whole file is meant. */
static int print_diagnostics(struct cli *cli)
{
	const struct manifest_options manifest = cli_manifest_options(cli);
	autodiagnostics struct diagnostics diags = {0};
	autostack struct stack *stack = NULL;
	autobuf struct buf out = {0};
	struct err why = {0};
	struct err err = {0};
	int loaded = manifest_load(&manifest, &stack, &diags, &why);
	int r = 0;

	for (size_t i = 0; r == 0 && i < diags.count; i++)
		r = put_diagnostic(&diags.items[i], &out, &err);
	/* What has no place in a file: there is no manifest, it cannot be read. */
	if (r == 0 && loaded < 0 && diags.error_count == 0)
		r = put_diagnostic(&(struct diagnostic){.message = why.text}, &out, &err);
	if (r < 0)
		return cli_fail(&err, EXIT_FAILED);
	int code = out.len > 0 ? cli_output(&out) : EXIT_DONE;

	return loaded < 0 && code == EXIT_DONE ? EXIT_USAGE : code;
}

static int check_word(const char *option, const char *value, const char *first, const char *second)
{
	if (strcmp(value, first) == 0 || strcmp(value, second) == 0)
		return EXIT_DONE;
	return cli_complain(EXIT_USAGE, "config: --%s: '%s' is neither %s nor %s", option, value,
			    first, second);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {.format = "yaml", .diagnostics = "text"};
	struct args args = {.argc = argc, .argv = argv};
	autodiagnostics struct diagnostics diags = {0};
	autostack struct stack *stack = NULL;
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 0);
	if (code >= 0)
		return code;
	code = check_word("format", values.format, "yaml", "json");
	if (code == EXIT_DONE)
		code = check_word("diagnostics", values.diagnostics, "text", "json");
	if (code != EXIT_DONE)
		return code;
	if (strcmp(values.diagnostics, "json") == 0)
		return print_diagnostics(cli);
	code = cli_load(cli, &stack, &diags);
	if (code == EXIT_DONE)
		code = cli_diagnose(&diags);
	return code == EXIT_DONE ? print_stack(stack, &values) : code;
}

const struct command command_config = {
	.name = "config",
	.words = "",
	.summary = "Check the manifest and print what it resolves to.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
