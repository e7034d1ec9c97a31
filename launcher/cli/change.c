// SPDX-License-Identifier: GPL-2.0-or-later
/* Changing a stack; see change.h. */
#include "launcher/cli/change.h"

#include "launcher/cli/names.h"
#include "launcher/cli/settle.h"
#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"

#include <string.h>
#include <unistd.h>

#define SCALE_MAX 10000
/* Changes that are told one by one on a terminal. */
#define LINES_MAX 8

static int parse_scale_word(struct json_t *scale, const char *word)
{
	const char *equals = strchr(word, '=');
	autofree char *service = equals ? strndup(word, (size_t)(equals - word)) : NULL;
	int64_t replicas = 0;

	if (!service || equals == word || text_number(equals + 1, &replicas) < 0)
		return cli_complain(EXIT_USAGE, "'%s' is not SERVICE=NUMBER", word);
	if (replicas > SCALE_MAX)
		return cli_complain(EXIT_USAGE, "'%s': at most %d instances", word, SCALE_MAX);
	if (!js_put(scale, service, js_pack("I", replicas)))
		return cli_complain(EXIT_USAGE, "'%s' is not valid UTF-8", word);
	return EXIT_DONE;
}

int change_parse_scale(char *const *words, size_t count, struct json_t **ret_scale)
{
	autojs struct json_t *scale = js_pack("{}");
	int code = EXIT_DONE;

	if (!scale)
		return cli_complain(EXIT_FAILED, "out of memory");
	for (size_t i = 0; code == EXIT_DONE && i < count; i++)
		code = parse_scale_word(scale, words[i]);
	if (code == EXIT_DONE)
		*ret_scale = take_ptr(scale);
	return code;
}

struct json_t *change_timeout(int64_t timeout_ms)
{
	return timeout_ms < 0 ? js_pack("n") : js_pack("I", timeout_ms);
}

struct json_t *change_words(char *const *words, size_t count)
{
	autojs struct json_t *array = js_pack("[]");

	for (size_t i = 0; array && i < count; i++) {
		if (js_append(array, js_pack("s", words[i])))
			continue;
		cli_complain(EXIT_USAGE, "argument '%s' is not valid UTF-8", words[i]);
		return NULL;
	}
	return take_ptr(array);
}

static const struct {
	const char *action, *doing;
} doings[] = {{"create", "creating"}, {"replace", "replacing"}, {"remove", "removing"},
	      {"start", "starting"},  {"stop", "stopping"},	{"restart", "restarting"}};

/* "creating web-1" for {"action":"create","instance":"web-1"}. */
static void show_change(const struct json_t *change)
{
	const char *action = js_text(change, "action");
	const char *instance = js_text(change, "instance");
	autobuf struct buf line = {0};

	if (!action || !instance)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(doings); i++)
		if (strcmp(doings[i].action, action) == 0)
			action = doings[i].doing;
	text_escape(&line, action, strlen(action));
	buf_puts(&line, " ");
	text_escape(&line, instance, strlen(instance));
	fprintf(stderr, "%s\n", line.data ? line.data : "");
}

/* "creating 1000 instances". */
static void count_changes(const struct json_t *changes)
{
	for (size_t w = 0; w < ARRAY_SIZE(doings); w++) {
		size_t count = 0;

		for (size_t i = 0; i < js_count(changes); i++) {
			const char *action = js_text(js_at(changes, i), "action");

			count += action && strcmp(action, doings[w].action) == 0;
		}
		if (count > 0)
			fprintf(stderr, "%s %zu instance%s\n", doings[w].doing, count,
				count == 1 ? "" : "s");
	}
}

/* Before a person's eyes many lines are too many. */
static void show_changes(const struct json_t *changes)
{
	if (js_count(changes) > LINES_MAX && isatty(STDERR_FILENO)) {
		count_changes(changes);
		return;
	}
	for (size_t i = 0; i < js_count(changes); i++)
		show_change(js_at(changes, i));
}

static void show_warning(const char *warning)
{
	autobuf struct buf line = {0};

	if (!warning)
		return;
	text_escape(&line, warning, strlen(warning));
	fprintf(stderr, "%s\n", line.data ? line.data : "");
}

/* The service of an instance that is coming: "web" of "web-1". */
static void note_started(const struct json_t *change, struct strv *started)
{
	const char *action = js_text(change, "action");
	const char *instance = js_text(change, "instance");
	const char *dash = instance ? strrchr(instance, '-') : NULL;

	if (!action || !dash || strcmp(action, "remove") == 0 || strcmp(action, "stop") == 0)
		return;
	autofree char *service = strndup(instance, (size_t)(dash - instance));

	if (!service)
		started->failed = true;
	else if (!strv_has(started, service))
		strv_add(started, service);
}

int change_post(const char *stack, const char *path, struct json_t *body, struct strv *started)
{
	autojs struct json_t *owned = body;
	const struct client_request request = {
		.method = "POST", .path = path, .body = owned, .timeout_ms = CHANGE_TIMEOUT_MS};
	autojs struct json_t *answer = NULL;

	if (!body)
		return cli_complain(EXIT_FAILED, "out of memory");
	int code = cli_call(stack, &request, &answer);
	const struct json_t *changes = js_get(answer, "changes");
	/* Those of the manifest have been shown when it was loaded here. */
	const struct json_t *warnings = js_get(answer, "host_warnings");

	for (size_t i = 0; i < js_count(warnings); i++)
		show_warning(js_string(js_at(warnings, i)));
	show_changes(changes);
	for (size_t i = 0; started && i < js_count(changes); i++)
		note_started(js_at(changes, i), started);
	return code == EXIT_DONE && started && started->failed
		       ? cli_complain(EXIT_FAILED, "out of memory")
		       : code;
}

int change_run(struct cli *cli, const struct change_lifecycle *lifecycle, int argc, char **argv)
{
	struct change_lifecycle_values values = {.timeout_ms = -1};
	struct args args = {.argc = argc, .argv = argv};
	autofree char *stack = NULL;
	autostrv struct strv words = {0};
	int code = cli_parse(cli, &args, &values);

	if (code >= 0)
		return code;
	code = cli_stack(cli, &stack);
	if (code == EXIT_DONE)
		code = names_resolve(stack, &args, args.word_count, &words);
	if (code != EXIT_DONE)
		return code;
	struct json_t *services = change_words(args.words, args.word_count);

	if (!services)
		return EXIT_USAGE;
	/* A restart goes on to dependents: they are waited for and judged, too. */
	code = change_post(stack, lifecycle->path,
			   js_pack("{s:o, s:o}", "services", services, "timeout_ms",
				   change_timeout(values.timeout_ms)),
			   words.count ? &words : NULL);
	if (code != EXIT_DONE)
		return code;
	return settle_wait(stack, &(struct settle_options){
					  .services = (const char *const *)words.items,
					  .timeout_ms = -1,
					  .judge = lifecycle->judge,
					  .until_gone = !lifecycle->judge,
				  });
}
