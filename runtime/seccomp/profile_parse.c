// SPDX-License-Identifier: GPL-2.0-or-later
/* The JSON format of profiles; see profile_parse.h. The only file of the runtime that sees jansson.
 */
#include "runtime/seccomp/profile_parse.h"
#include "runtime/base/cleanup.h"
#include "runtime/seccomp/profile_words.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ERRNO_MAX     4095  /* what the kernel passes on */
#define TRACE_MAX     65535 /* all the data a filter has */
#define ARGUMENTS_MAX 64

/* A value with its path in the file: how faults are told. */
struct place {
	const json_t *value; /* NULL: the key is missing */
	char path[96];
};

struct parser {
	struct profile_rule *rules;
	size_t name_count;
	const char *name;
	struct err *err;
};

static void value_drop(json_t **value)
{
	json_decref(*value);
}
#define autovalue __attribute__((cleanup(value_drop)))

static int fault(struct parser *parser, const struct place *place, const char *text)
{
	return err_say(parser->err, EINVAL, "%s: %s%s%s", parser->name, place->path,
		       place->path[0] ? ": " : "", text);
}

static int too_many(struct parser *parser, const struct place *place, size_t max)
{
	return err_say(parser->err, E2BIG, "%s: %s: more than %zu", parser->name, place->path, max);
}

static struct place member(const struct place *object, const char *key)
{
	struct place place = {.value = json_object_get(object->value, key)};

	snprintf(place.path, sizeof(place.path), "%.64s%s%.24s", object->path,
		 object->path[0] ? "." : "", key);
	return place;
}

static struct place element(const struct place *array, size_t i)
{
	struct place place = {.value = json_array_get(array->value, i)};

	snprintf(place.path, sizeof(place.path), "%.64s[%zu]", array->path, i);
	return place;
}

/* Where null stands for nothing. */
static bool absent(const struct place *place)
{
	return !place->value || json_is_null(place->value);
}

static int want_object(struct parser *parser, const struct place *place, const char *const *keys)
{
	const char *key;
	json_t *value;

	if (!json_is_object(place->value))
		return fault(parser, place, "must be an object");
	json_object_foreach((json_t *)(uintptr_t)place->value, key, value)
	{
		const char *const *known = keys;

		while (*known && strcmp(*known, key) != 0)
			known++;
		if (!*known)
			return err_say(parser->err, EINVAL, "%s: %s%sunknown key '%.64s'",
				       parser->name, place->path, place->path[0] ? ": " : "", key);
	}
	return 0;
}

/* An absent array is an empty one. */
static int want_array(struct parser *parser, const struct place *place, size_t max)
{
	if (absent(place))
		return 0;
	if (!json_is_array(place->value))
		return fault(parser, place, "must be an array");
	if (json_array_size(place->value) > max)
		return too_many(parser, place, max);
	return 0;
}

static int want_word(struct parser *parser, const struct place *place,
		     const struct profile_word *table, uint64_t *ret)
{
	const char *text = json_string_value(place->value);
	const struct profile_word *word = text ? profile_word(table, text) : NULL;

	if (!place->value)
		return fault(parser, place, "is missing");
	if (!text)
		return fault(parser, place, "must be a string");
	if (!word)
		return err_say(parser->err, EINVAL, "%s: %s: unknown word '%.64s'", parser->name,
			       place->path, text);
	*ret = word->value;
	return 0;
}

/* A number from 0 to @max. */
static int want_number(struct parser *parser, const struct place *place, int64_t max, int64_t *ret)
{
	json_int_t number = json_integer_value(place->value);

	if (!place->value)
		return fault(parser, place, "is missing");
	if (!json_is_integer(place->value))
		return fault(parser, place, "must be an integer");
	if (number < 0 || number > max)
		return err_say(parser->err, ERANGE, "%s: %s: must be from 0 to %" PRId64,
			       parser->name, place->path, max);
	*ret = number;
	return 0;
}

/* The number an action carries: by name, as some write it beside the number, or by number. */
static int parse_errno(struct parser *parser, const struct place *by_name,
		       const struct place *by_number, int64_t max, int64_t *ret)
{
	*ret = EPERM;
	if (!absent(by_name)) {
		const char *name = json_string_value(by_name->value);
		int number = name ? profile_errno(name) : -1;

		if (number < 0)
			return fault(parser, by_name, "must be the name of an error, as in EPERM");
		*ret = number;
		return 0;
	}
	return absent(by_number) ? 0 : want_number(parser, by_number, max, ret);
}

struct answer_keys {
	const char *action;
	const char *by_number;
	const char *by_name;
};

static int parse_answer(struct parser *parser, const struct place *object,
			const struct answer_keys *keys, uint32_t *ret)
{
	struct place action = member(object, keys->action);
	struct place by_number = member(object, keys->by_number);
	struct place by_name = member(object, keys->by_name);
	uint64_t answer = 0;
	int64_t data = 0;
	int r = want_word(parser, &action, profile_actions, &answer);

	if (r < 0)
		return r;
	if (answer == SECCOMP_RET_USER_NOTIF)
		return fault(parser, &action,
			     "SCMP_ACT_NOTIFY is not supported: nobody would answer the call");
	if (answer == SECCOMP_RET_ERRNO || answer == SECCOMP_RET_TRACE)
		r = parse_errno(parser, &by_name, &by_number,
				answer == SECCOMP_RET_ERRNO ? ERRNO_MAX : TRACE_MAX, &data);
	else if (!absent(&by_number))
		r = fault(parser, &by_number, "only SCMP_ACT_ERRNO and SCMP_ACT_TRACE carry one");
	if (r == 0)
		*ret = (uint32_t)answer | (uint32_t)data;
	return r;
}

static int parse_names(struct parser *parser, const struct place *rule_place,
		       struct profile_rule *rule)
{
	struct place names = member(rule_place, "names");
	struct place name = member(rule_place, "name");
	size_t count = absent(&name) ? json_array_size(names.value) : 1;
	int r = want_array(parser, &names, PROFILE_NAMES_MAX);

	if (r < 0)
		return r;
	if (!absent(&name) && !absent(&names))
		return fault(parser, &name, "beside 'names': use one of them");
	if (count == 0)
		return fault(parser, &names, "must name at least one system call");
	parser->name_count += count;
	if (parser->name_count > PROFILE_NAMES_MAX)
		return too_many(parser, &names, PROFILE_NAMES_MAX);
	char **calls = calloc(count + 1, sizeof(*calls));

	rule->calls = (const char *const *)calls;
	for (size_t i = 0; calls && i < count; i++) {
		struct place place = absent(&name) ? element(&names, i) : name;
		const char *text = json_string_value(place.value);

		if (!text || !*text)
			return fault(parser, &place, "must be the name of a system call");
		calls[i] = strdup(text);
		if (!calls[i])
			return err_set(parser->err, ENOMEM, "read the profile");
	}
	return calls ? 0 : err_set(parser->err, ENOMEM, "read the profile");
}

static int parse_argument(struct parser *parser, const struct place *place,
			  struct profile_argument *argument)
{
	static const char *const keys[] = {"index", "value", "valueTwo", "op", "comment", NULL};
	struct place index_place = member(place, "index");
	struct place value_place = member(place, "value");
	struct place second_place = member(place, "valueTwo");
	struct place op_place = member(place, "op");
	int64_t index = 0;
	int64_t value = 0;
	int64_t second = 0;
	uint64_t test = 0;
	int r = want_object(parser, place, keys);

	if (r == 0)
		r = want_number(parser, &index_place, PROFILE_ARGUMENTS - 1, &index);
	if (r == 0)
		r = want_number(parser, &value_place, INT64_MAX, &value);
	if (r == 0 && !absent(&second_place))
		r = want_number(parser, &second_place, INT64_MAX, &second);
	if (r == 0)
		r = want_word(parser, &op_place, profile_tests, &test);
	if (r < 0)
		return r;
	*argument = (struct profile_argument){(unsigned)index, (enum profile_test)test,
					      (uint64_t)value, (uint64_t)second};
	return 0;
}

static int parse_arguments(struct parser *parser, const struct place *rule_place,
			   struct profile_rule *rule)
{
	struct place place = member(rule_place, "args");
	size_t count = json_array_size(place.value);
	int r = want_array(parser, &place, ARGUMENTS_MAX);

	if (r < 0 || count == 0)
		return r;
	struct profile_argument *arguments = calloc(count, sizeof(*arguments));

	if (!arguments)
		return err_set(parser->err, ENOMEM, "read the profile");
	rule->arguments = arguments;
	rule->argument_count = count;
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct place item = element(&place, i);

		r = parse_argument(parser, &item, &arguments[i]);
	}
	return r;
}

/* "includes" or "excludes". */
struct condition {
	uint64_t capabilities;
	bool machine_named;
	bool this_machine;
	unsigned kernel;
};

static int parse_kernel(struct parser *parser, const struct place *place, unsigned *ret)
{
	const char *text = json_string_value(place->value);
	unsigned version = 0;
	unsigned revision = 0;
	int end = 0;

	if (absent(place) || (text && !*text))
		return 0;
	if (!text || strspn(text, "0123456789.") != strlen(text) ||
	    sscanf(text, "%3u.%3u%n", &version, &revision, &end) != 2 || text[end] ||
	    version > 255 || revision > 255 || version + revision == 0)
		return fault(parser, place, "must be a kernel's version, as in \"4.8\"");
	*ret = PROFILE_KERNEL(version, revision);
	return 0;
}

static int parse_condition(struct parser *parser, const struct place *place,
			   struct condition *condition)
{
	static const char *const keys[] = {"caps", "arches", "minKernel", NULL};
	struct place caps = member(place, "caps");
	struct place arches = member(place, "arches");
	struct place kernel = member(place, "minKernel");
	uint64_t value = 0;

	if (absent(place))
		return 0;
	int r = want_object(parser, place, keys);

	if (r == 0)
		r = want_array(parser, &caps, 64);
	if (r == 0)
		r = want_array(parser, &arches, 64);
	for (size_t i = 0; r == 0 && i < json_array_size(caps.value); i++) {
		struct place item = element(&caps, i);

		r = want_word(parser, &item, profile_capabilities, &value);
		condition->capabilities |= UINT64_C(1) << value;
	}
	for (size_t i = 0; r == 0 && i < json_array_size(arches.value); i++) {
		struct place item = element(&arches, i);

		r = want_word(parser, &item, profile_machines, &value);
		condition->machine_named = true;
		condition->this_machine |= value;
	}
	return r < 0 ? r : parse_kernel(parser, &kernel, &condition->kernel);
}

static int parse_conditions(struct parser *parser, const struct place *place,
			    struct profile_rule *rule)
{
	struct place includes_place = member(place, "includes");
	struct place excludes_place = member(place, "excludes");
	struct condition includes = {0};
	struct condition excludes = {0};
	int r = parse_condition(parser, &includes_place, &includes);

	if (r == 0)
		r = parse_condition(parser, &excludes_place, &excludes);
	rule->with = includes.capabilities;
	rule->without = excludes.capabilities;
	rule->kernel_from = includes.kernel;
	rule->kernel_before = excludes.kernel;
	/* Of another machine: a kernel that never comes. */
	if ((includes.machine_named && !includes.this_machine) || excludes.this_machine)
		rule->kernel_from = UINT_MAX;
	return r;
}

static int parse_rule(struct parser *parser, const struct place *place, struct profile_rule *rule)
{
	static const char *const keys[] = {"names", "name",	"action",   "errnoRet", "errno",
					   "args",  "includes", "excludes", "comment",	NULL};
	static const struct answer_keys answer = {"action", "errnoRet", "errno"};
	int r = want_object(parser, place, keys);

	if (r == 0)
		r = parse_answer(parser, place, &answer, &rule->answer);
	if (r == 0)
		r = parse_names(parser, place, rule);
	if (r == 0)
		r = parse_arguments(parser, place, rule);
	return r < 0 ? r : parse_conditions(parser, place, rule);
}

static int parse_rules(struct parser *parser, const struct place *top, struct profile *profile)
{
	struct place place = member(top, "syscalls");
	size_t count = json_array_size(place.value);
	int r = want_array(parser, &place, PROFILE_RULES_MAX);

	if (r < 0)
		return r;
	parser->rules = calloc(count + 1, sizeof(*parser->rules));
	profile->rules = parser->rules;
	profile->rule_count = parser->rules ? count : 0;
	if (!parser->rules)
		return err_set(parser->err, ENOMEM, "read the profile");
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct place item = element(&place, i);

		r = parse_rule(parser, &item, &parser->rules[i]);
	}
	return r;
}

static int parse_tokens(struct parser *parser, const struct place *place,
			const struct profile_word *table, uint64_t *ret)
{
	int r = want_array(parser, place, 64);

	*ret = 0;
	for (size_t i = 0; r == 0 && i < json_array_size(place->value); i++) {
		struct place item = element(place, i);
		uint64_t value = 0;

		r = want_word(parser, &item, table, &value);
		*ret |= value;
	}
	return r;
}

/* One entry of "archMap": its subordinates count on the machine it is for. */
static int parse_arch_map(struct parser *parser, const struct place *place, uint64_t *arches)
{
	static const char *const keys[] = {"architecture", "subArchitectures", NULL};
	struct place main_place = member(place, "architecture");
	struct place sub_place = member(place, "subArchitectures");
	uint64_t main_arch = 0;
	uint64_t subordinates = 0;
	int r = want_object(parser, place, keys);

	if (r == 0)
		r = want_word(parser, &main_place, profile_arch_tokens, &main_arch);
	if (r == 0)
		r = parse_tokens(parser, &sub_place, profile_arch_tokens, &subordinates);
	if (r == 0 && main_arch == PROFILE_NATIVE)
		*arches |= subordinates;
	return r;
}

static int parse_arches(struct parser *parser, const struct place *top, struct profile *profile)
{
	struct place list = member(top, "architectures");
	struct place map = member(top, "archMap");
	struct place flags = member(top, "flags");
	uint64_t arches = 0;
	uint64_t bits = 0;
	int r = parse_tokens(parser, &list, profile_arch_tokens, &arches);

	if (r == 0)
		r = want_array(parser, &map, 64);
	if (r == 0 && json_array_size(list.value) && json_array_size(map.value))
		return fault(parser, &list, "beside 'archMap': use one of them");
	for (size_t i = 0; r == 0 && i < json_array_size(map.value); i++) {
		struct place item = element(&map, i);

		r = parse_arch_map(parser, &item, &arches);
	}
	if (r == 0)
		r = parse_tokens(parser, &flags, profile_flags, &bits);
	profile->arches = (unsigned)arches & ~(unsigned)PROFILE_NATIVE;
	profile->flags = (unsigned long)bits;
	return r;
}

static int parse_top(struct parser *parser, const json_t *value, struct profile *profile)
{
	static const char *const keys[] = {"defaultAction", "defaultErrnoRet", "defaultErrno",
					   "archMap",	    "architectures",   "flags",
					   "syscalls",	    "comment",	       NULL};
	static const struct answer_keys answer = {"defaultAction", "defaultErrnoRet",
						  "defaultErrno"};
	struct place top = {.value = value};
	int r = want_object(parser, &top, keys);

	if (r == 0)
		r = parse_answer(parser, &top, &answer, &profile->answer);
	if (r == 0)
		r = parse_arches(parser, &top, profile);
	return r < 0 ? r : parse_rules(parser, &top, profile);
}

void profile_free(struct profile *profile)
{
	for (size_t i = 0; profile && i < profile->rule_count; i++) {
		const struct profile_rule *rule = &profile->rules[i];

		for (const char *const *call = rule->calls; call && *call; call++)
			free((char *)(uintptr_t)*call);
		free((void *)(uintptr_t)rule->calls);
		free((void *)(uintptr_t)rule->arguments);
	}
	if (profile)
		free((void *)(uintptr_t)profile->rules);
	free(profile);
}

static void profile_drop(struct profile **profile)
{
	profile_free(*profile);
}
#define autoprofile __attribute__((cleanup(profile_drop)))

int profile_parse(const struct profile_text *text, struct profile **ret_profile, struct err *err)
{
	struct parser parser = {.name = text->name, .err = err};
	json_error_t where;

	if (text->len > PROFILE_BYTES_MAX)
		return err_say(err, EFBIG, "%s: larger than %d MiB", text->name,
			       PROFILE_BYTES_MAX >> 20);
	autovalue json_t *value =
		json_loadb(text->bytes, text->len, JSON_REJECT_DUPLICATES, &where);

	if (!value)
		return err_say(err, EINVAL, "%s:%d:%d: %s", text->name, where.line,
			       where.column > 0 ? where.column : 1, where.text);
	autoprofile struct profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return err_set(err, ENOMEM, "read the profile");
	int r = parse_top(&parser, value, profile);

	if (r < 0)
		return r;
	*ret_profile = take_ptr(profile);
	return 0;
}
