// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading profiles: what they come to, and what is said of each fault. */
#include "runtime/base/cleanup.h"
#include "runtime/seccomp/profile_parse.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse(const char *json, struct profile **ret, struct err *err)
{
	const struct profile_text text = {"p.json", json, strlen(json)};

	*err = (struct err){0};
	return profile_parse(&text, ret, err);
}

static void a_profile_is_read_whole(void **unused)
{
	static const char json[] =
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"comment\": "
		"\"x\",\n"
		" \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"],\n"
		" \"archMap\": [{\"architecture\": \"SCMP_ARCH_X86_64\", \"subArchitectures\": "
		"[\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]}, {\"architecture\": "
		"\"SCMP_ARCH_AARCH64\", "
		"\"subArchitectures\": [\"SCMP_ARCH_ARM\"]}, {\"architecture\": "
		"\"SCMP_ARCH_RISCV64\", "
		"\"subArchitectures\": null}],\n"
		" \"syscalls\": [{\"names\": [\"a\", \"b\"], \"action\": \"SCMP_ACT_ALLOW\", "
		"\"args\": [{\"index\": 5, \"value\": 7, \"valueTwo\": 8, \"op\": "
		"\"SCMP_CMP_MASKED_EQ\"}], \"includes\": {\"caps\": [\"CAP_BPF\"], \"minKernel\": "
		"\"4.8\"}, \"excludes\": {\"caps\": [\"CAP_CHOWN\"]}}, {\"name\": \"c\", "
		"\"action\": "
		"\"SCMP_ACT_KILL\", \"args\": null}]}";
	struct profile *profile = NULL;
	struct err err;

	assert_int_equal(parse(json, &profile, &err), 0);
	assert_int_equal(profile->answer, SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(profile->flags, SECCOMP_FILTER_FLAG_LOG);
#if defined(__x86_64__)
	assert_int_equal(profile->arches, PROFILE_X86 | PROFILE_X32);
#endif
	assert_int_equal(profile->rule_count, 2);
	const struct profile_rule *rule = &profile->rules[0];

	assert_string_equal(rule->calls[1], "b");
	assert_null(rule->calls[2]);
	assert_int_equal(rule->answer, SECCOMP_RET_ALLOW);
	assert_int_equal(rule->argument_count, 1);
	assert_int_equal(rule->arguments[0].index, 5);
	assert_int_equal(rule->arguments[0].test, PROFILE_MASKED);
	assert_int_equal(rule->arguments[0].value, 7);
	assert_int_equal(rule->arguments[0].second, 8);
	assert_int_equal(rule->with, UINT64_C(1) << CAP_BPF);
	assert_int_equal(rule->without, UINT64_C(1) << CAP_CHOWN);
	assert_int_equal(rule->kernel_from, PROFILE_KERNEL(4, 8));
	assert_string_equal(profile->rules[1].calls[0], "c");
	assert_int_equal(profile->rules[1].answer, SECCOMP_RET_KILL_THREAD);
	assert_int_equal(profile->refused_ioctl_count, 0);
	profile_free(profile);
}

#define RULES(rules) "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" rules "]}"
#define ONE(more)    RULES("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\"" more "}")
#define ARG(more)    ONE(", \"args\": [{" more "}]")

static const struct {
	const char *json;
	const char *text;
} faults[] = {
	{"", "p.json:1:1: '[' or '{' expected near end of file"},
	{"{\n  \"defaultAction\": oops}", "p.json:2:23: invalid token near 'oops'"},
	{"{\"comment\": \"1\", \"comment\": \"2\"}",
	 "p.json:1:26: duplicate object key near '\"comment\"'"},
	{"[]", "p.json: must be an object"},
	{"{}", "p.json: defaultAction: is missing"},
	{"{\"defaultAction\": 1}", "p.json: defaultAction: must be a string"},
	{"{\"defaultAction\": \"ALLOW\"}", "p.json: defaultAction: unknown word 'ALLOW'"},
	{"{\"defaultAction\": \"SCMP_ACT_NOTIFY\"}",
	 "p.json: defaultAction: SCMP_ACT_NOTIFY is not supported: nobody would answer the call"},
	{"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"default\": 1}",
	 "p.json: unknown key 'default'"},
	{"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"defaultErrnoRet\": 1}",
	 "p.json: defaultErrnoRet: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE carry one"},
	{"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 4096}",
	 "p.json: defaultErrnoRet: must be from 0 to 4095"},
	{"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrno\": \"EWHAT\"}",
	 "p.json: defaultErrno: must be the name of an error, as in EPERM"},
	{"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_Z80\"]}",
	 "p.json: architectures[0]: unknown word 'SCMP_ARCH_Z80'"},
	{"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86\"], "
	 "\"archMap\": [{\"architecture\": \"SCMP_ARCH_X86\"}]}",
	 "p.json: architectures: beside 'archMap': use one of them"},
	{"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"archMap\": {}}",
	 "p.json: archMap: must be an array"},
	{"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"archMap\": [{}]}",
	 "p.json: archMap[0].architecture: is missing"},
	{"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": [\"FAST\"]}",
	 "p.json: flags[0]: unknown word 'FAST'"},
	{"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": {}}",
	 "p.json: syscalls: must be an array"},
	{RULES("1"), "p.json: syscalls[0]: must be an object"},
	{RULES("{}"), "p.json: syscalls[0].action: is missing"},
	{ONE(", \"nmae\": 1"), "p.json: syscalls[0]: unknown key 'nmae'"},
	{ONE(", \"name\": \"x\""), "p.json: syscalls[0].name: beside 'names': use one of them"},
	{ONE(", \"errnoRet\": -1"), "p.json: syscalls[0].errnoRet: must be from 0 to 4095"},
	{ONE(", \"errnoRet\": \"1\""), "p.json: syscalls[0].errnoRet: must be an integer"},
	{ONE(", \"errnoRet\": 1.5"), "p.json: syscalls[0].errnoRet: must be an integer"},
	{RULES("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_LOG\", \"errnoRet\": 1}"),
	 "p.json: syscalls[0].errnoRet: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE carry one"},
	{RULES("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_NOTIFY\"}"),
	 "p.json: syscalls[0].action: SCMP_ACT_NOTIFY is not supported: nobody would answer the "
	 "call"},
	{RULES("{\"action\": \"SCMP_ACT_LOG\"}"),
	 "p.json: syscalls[0].names: must name at least one system call"},
	{RULES("{\"names\": [], \"action\": \"SCMP_ACT_LOG\"}"),
	 "p.json: syscalls[0].names: must name at least one system call"},
	{RULES("{\"names\": \"read\", \"action\": \"SCMP_ACT_LOG\"}"),
	 "p.json: syscalls[0].names: must be an array"},
	{RULES("{\"names\": [\"read\", 3], \"action\": \"SCMP_ACT_LOG\"}"),
	 "p.json: syscalls[0].names[1]: must be the name of a system call"},
	{RULES("{\"names\": [\"\"], \"action\": \"SCMP_ACT_LOG\"}"),
	 "p.json: syscalls[0].names[0]: must be the name of a system call"},
	{ONE(", \"args\": [1]"), "p.json: syscalls[0].args[0]: must be an object"},
	{ONE(", \"args\": {}"), "p.json: syscalls[0].args: must be an array"},
	{ARG("\"value\": 1, \"op\": \"SCMP_CMP_EQ\""),
	 "p.json: syscalls[0].args[0].index: is missing"},
	{ARG("\"index\": 6, \"value\": 1, \"op\": \"SCMP_CMP_EQ\""),
	 "p.json: syscalls[0].args[0].index: must be from 0 to 5"},
	{ARG("\"index\": 0, \"op\": \"SCMP_CMP_EQ\""),
	 "p.json: syscalls[0].args[0].value: is missing"},
	{ARG("\"index\": 0, \"value\": 1, \"op\": \"EQ\""),
	 "p.json: syscalls[0].args[0].op: unknown word 'EQ'"},
	{ARG("\"index\": 0, \"value\": 99999999999999999999, \"op\": \"SCMP_CMP_EQ\""),
	 "p.json:1:148: too big integer near '99999999999999999999'"},
	{ARG("\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\", \"mask\": 3"),
	 "p.json: syscalls[0].args[0]: unknown key 'mask'"},
	{ONE(", \"includes\": []"), "p.json: syscalls[0].includes: must be an object"},
	{ONE(", \"includes\": {\"cap\": []}"), "p.json: syscalls[0].includes: unknown key 'cap'"},
	{ONE(", \"includes\": {\"caps\": [\"SYS_ADMIN\"]}"),
	 "p.json: syscalls[0].includes.caps[0]: unknown word 'SYS_ADMIN'"},
	{ONE(", \"excludes\": {\"arches\": [\"z80\"]}"),
	 "p.json: syscalls[0].excludes.arches[0]: unknown word 'z80'"},
	{ONE(", \"excludes\": {\"arches\": \"amd64\"}"),
	 "p.json: syscalls[0].excludes.arches: must be an array"},
	{ONE(", \"includes\": {\"minKernel\": 5}"),
	 "p.json: syscalls[0].includes.minKernel: must be a kernel's version, as in \"4.8\""},
	{ONE(", \"includes\": {\"minKernel\": \"4.8.1\"}"),
	 "p.json: syscalls[0].includes.minKernel: must be a kernel's version, as in \"4.8\""},
	{ONE(", \"includes\": {\"minKernel\": \"0.0\"}"),
	 "p.json: syscalls[0].includes.minKernel: must be a kernel's version, as in \"4.8\""},
	{ONE(", \"includes\": {\"minKernel\": \"256.0\"}"),
	 "p.json: syscalls[0].includes.minKernel: must be a kernel's version, as in \"4.8\""},
};

static void every_fault_is_told_with_its_place(void **unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct profile *profile = NULL;
		struct err err;

		assert_true(parse(faults[i].json, &profile, &err) < 0);
		assert_string_equal(err.text, faults[i].text);
		assert_null(profile);
	}
}

/* {"defaultAction": …, "syscalls": [ITEM, ITEM, …]} */
static char *repeated(const char *item, size_t count)
{
	size_t size = 128 + count * (strlen(item) + 1);
	char *json = malloc(size);

	assert_non_null(json);
	size_t len = (size_t)snprintf(json, size,
				      "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [");

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(json + len, size - len, "%s%s", i ? "," : "", item);
	snprintf(json + len, size - len, "]}");
	return json;
}

static void limits_are_kept(void **unused)
{
	static const char nine[] = "{\"names\": [\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
				   "\"a\"], \"action\": \"SCMP_ACT_LOG\"}";
	autofree char *rules = repeated("{\"name\": \"a\", \"action\": \"SCMP_ACT_LOG\"}", 2049);
	autofree char *names = repeated(nine, 1000);
	autofree char *bytes = repeated("", PROFILE_BYTES_MAX);
	autofree char *deep = calloc(1, 5000);
	struct profile *profile = NULL;
	struct err err;

	assert_int_equal(parse(rules, &profile, &err), -E2BIG);
	assert_string_equal(err.text, "p.json: syscalls: more than 2048");
	assert_int_equal(parse(names, &profile, &err), -E2BIG);
	assert_string_equal(err.text, "p.json: syscalls[910].names: more than 8192");
	assert_int_equal(parse(bytes, &profile, &err), -EFBIG);
	assert_string_equal(err.text, "p.json: larger than 4 MiB");
	memset(deep, '[', 4999);
	assert_true(parse(deep, &profile, &err) < 0);
	assert_null(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_is_read_whole),
		cmocka_unit_test(every_fault_is_told_with_its_place),
		cmocka_unit_test(limits_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
