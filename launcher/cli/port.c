// SPDX-License-Identifier: GPL-2.0-or-later
/* davit port: where a service's ports are published. */
#include "launcher/cli/commands.h"
#include "launcher/cli/format.h"
#include "launcher/cli/names.h"
#include "runtime/base/cleanup.h"

#include <inttypes.h>
#include <string.h>

/* @word	"80", "80/tcp": tcp where nothing is said; NULL: any */
static bool is_asked(const struct json_t *port, const char *word)
{
	const char *protocol = js_text(port, "protocol");
	char asked[64];
	char has[64];

	if (!word)
		return true;
	snprintf(asked, sizeof(asked), "%s%s", word, strchr(word, '/') ? "" : "/tcp");
	snprintf(has, sizeof(has), "%" PRId64 "/%s", js_int(port, "target", 0),
		 protocol ? protocol : "");
	return strcmp(asked, has) == 0;
}

/* @ret	out: those of the service that are asked for, one at least */
static int find_ports(const char *stack, const struct args *args, struct json_t **ret)
{
	const struct client_request request = {.method = "GET", .path = "/v1/services"};
	const char *word = args->word_count > 1 ? args->words[1] : NULL;
	autojs struct json_t *answer = NULL;
	autojs struct json_t *found = js_pack("[]");
	int code = cli_call(stack, &request, &answer);

	if (code != EXIT_DONE)
		return code;
	const struct json_t *service =
		js_find(js_get(answer, "services"), "service", args->words[0]);
	const struct json_t *ports = js_get(service, "ports");

	if (!service)
		return cli_complain(EXIT_FAILED, "no service '%s' in stack %s", args->words[0],
				    stack);
	for (size_t i = 0; i < js_count(ports); i++)
		if (is_asked(js_at(ports, i), word) && !js_append(found, js_copy(js_at(ports, i))))
			return cli_complain(EXIT_FAILED, "out of memory");
	if (js_count(found) == 0)
		return cli_complain(EXIT_FAILED, "%s publishes no port%s%s", args->words[0],
				    word ? " " : "", word ? word : "");
	*ret = take_ptr(found);
	return EXIT_DONE;
}

/* Of one that is asked for only the address, for scripts. */
static int show(const struct json_t *ports, bool only_address)
{
	autobuf struct buf out = {0};

	for (size_t i = 0; i < js_count(ports); i++) {
		const struct json_t *port = js_at(ports, i);
		const char *protocol = js_text(port, "protocol");

		if (!only_address)
			buf_printf(&out, "%" PRId64 "/%s -> ", js_int(port, "target", 0),
				   protocol ? protocol : "?");
		format_port_address(&out, port);
		buf_puts(&out, "\n");
	}
	return cli_output(&out);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct args args = {.argc = argc, .argv = argv};
	autofree char *stack = NULL;
	autostrv struct strv words = {0};
	autojs struct json_t *ports = NULL;
	int code = names_asked(cli, &args, NULL, &stack, &words);

	if (code < 0)
		code = cli_count_words(cli, &args, 1, 2);
	if (code >= 0)
		return code;
	code = find_ports(stack, &args, &ports);
	return code == EXIT_DONE ? show(ports, args.word_count > 1) : code;
}

const struct command command_port = {
	.name = "port",
	.words = "SERVICE [PORT[/PROTOCOL]]",
	.summary = "Show where a service's ports, or one, are published.",
	.run = run,
};
