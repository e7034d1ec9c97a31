// SPDX-License-Identifier: GPL-2.0-or-later
/* Names that a person types; see names.h. */
#include "launcher/cli/names.h"

#include "runtime/base/cleanup.h"

#include <string.h>

/* Nothing where nobody answers. */
static void ask(const char *stack, struct client_answer *ret_answer)
{
	const struct client_request request = {.method = "GET", .path = "/v1/services"};

	if (client_call(stack, &request, ret_answer, NULL) < 0 || ret_answer->status != 200)
		client_answer_drop(ret_answer);
}

/* "web" or "web-" and digits. */
static bool is_of_service(const char *word, const char *service)
{
	size_t len = service ? strlen(service) : 0;

	if (len == 0 || strncmp(word, service, len) != 0)
		return false;
	word += len;
	return *word == '\0' ||
	       (*word == '-' && word[1] && !word[1 + strspn(word + 1, "0123456789")]);
}

static bool is_known(const struct json_t *services, const char *word)
{
	for (size_t i = 0; i < js_count(services); i++)
		if (is_of_service(word, js_text(js_at(services, i), "service")))
			return true;
	return false;
}

/* The service's own name for its container_name; any other word as it is. */
static const char *resolve(const struct json_t *services, const char *word)
{
	for (size_t i = 0; i < js_count(services) && !is_known(services, word); i++) {
		const char *service = js_text(js_at(services, i), "service");
		const char *name = js_text(js_at(services, i), "container_name");

		if (service && name && strcmp(name, word) == 0)
			return service;
	}
	return word;
}

int names_resolve(const char *stack, struct args *args, size_t count, struct strv *words)
{
	autoanswer struct client_answer answer = {0};
	struct err err = {0};

	if (args->word_count == 0)
		return EXIT_DONE;
	ask(stack, &answer);
	for (size_t i = 0; i < args->word_count; i++)
		strv_add(words, i < count ? resolve(js_get(answer.json, "services"), args->words[i])
					  : args->words[i]);
	if (strv_check(words, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	args->words = words->items;
	return EXIT_DONE;
}

int names_asked(struct cli *cli, struct args *args, void *values, char **ret_stack,
		struct strv *words)
{
	int code = cli_parse(cli, args, values);

	if (code >= 0)
		return code;
	code = cli_stack_seen(cli, ret_stack);
	if (code == EXIT_DONE)
		code = names_resolve(*ret_stack, args, args->word_count, words);
	return code == EXIT_DONE ? -1 : code;
}

int names_check(const char *stack, const char *word)
{
	autoanswer struct client_answer answer = {0};

	ask(stack, &answer);
	if (!answer.json || is_known(js_get(answer.json, "services"), word))
		return EXIT_DONE;
	return cli_complain(EXIT_FAILED, "no service or instance '%s' in stack %s", word, stack);
}

static bool is_named(const struct json_t *instance, const char *word)
{
	const char *service = js_text(instance, "service");
	const char *name = js_text(instance, "instance");

	return (service && strcmp(word, service) == 0) || (name && strcmp(word, name) == 0);
}

bool names_wanted(const struct json_t *instance, const struct args *args)
{
	for (size_t i = 0; i < args->word_count; i++)
		if (is_named(instance, args->words[i]))
			return true;
	return args->word_count == 0;
}

int names_check_all(const char *stack, const struct json_t *instances, const struct args *args)
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < args->word_count && code == EXIT_DONE; i++) {
		bool found = false;

		for (size_t k = 0; k < js_count(instances) && !found; k++)
			found = is_named(js_at(instances, k), args->words[i]);
		if (!found)
			code = names_check(stack, args->words[i]);
	}
	return code;
}
