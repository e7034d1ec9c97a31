// SPDX-License-Identifier: GPL-2.0-or-later
/* Filters shared, and compiled from profiles in the engines' JSON format. */
#include "runtime/base/cleanup.h"
#include "runtime/seccomp/profile.h"
#include "runtime/seccomp/secc.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/secc_probe.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

static int acquire(const char *json, uint64_t capabilities, const struct secc **ret,
		   struct err *err)
{
	const struct profile_text text = {"own.json", json, json ? strlen(json) : 0};
	const struct secc_source source = {json ? &text : NULL, capabilities};

	return secc_acquire(&source, ret, err);
}

static const struct secc *filter_of(const char *json, uint64_t capabilities)
{
	const struct secc *filter = NULL;
	struct err err = {0};
	int r = acquire(json, capabilities, &filter, &err);

	if (r < 0)
		print_message("%s\n", err.text);
	assert_int_equal(r, 0);
	return filter;
}

/* What the filter of @json answers to one call. */
static int answer(const char *json, uint64_t capabilities, struct probe_call call)
{
	const struct secc *filter = filter_of(json, capabilities);

	probe_calls(filter, &call, 1);
	secc_release(filter);
	return call.errnum;
}

static int plain(const char *json, long number)
{
	return answer(json, 0, (struct probe_call){.number = number});
}

static void equal_requests_share_a_filter(void **unused)
{
	static const char one[] = "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}";
	static const char two[] = "{\"defaultAction\": \"SCMP_ACT_ALLOW\" }";
	const struct secc *held[6] = {
		filter_of(NULL, UINT64_C(1) << CAP_CHOWN),
		filter_of(NULL, 0),
		filter_of(NULL, UINT64_C(1) << CAP_SYS_CHROOT),
		filter_of(one, 0),
		filter_of(one, UINT64_MAX),
		filter_of(two, 0),
	};

	assert_ptr_equal(held[0], held[1]);
	assert_ptr_not_equal(held[0], held[2]);
	assert_ptr_not_equal(held[0], held[3]);
	assert_ptr_equal(held[3], held[4]);
	assert_ptr_not_equal(held[3], held[5]);
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		secc_release(held[i]);
	secc_release(NULL);
}

static void unused_filters_are_kept_but_not_without_end(void **unused)
{
	char json[128];

	for (int i = 0; i < 40; i++) {
		snprintf(json, sizeof(json), "{\"defaultAction\": \"SCMP_ACT_ALLOW\"%*s}", i, "");
		secc_release(filter_of(json, 0));
	}
	assert_int_equal(plain("{\"defaultAction\": \"SCMP_ACT_ALLOW\"}", SYS_getpid),
			 PROBE_REACHED);
}

#define ALLOW_BUT(rules) "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" rules "]}"
#define RULE(name, more) "{\"names\": [\"" name "\"], \"action\": \"SCMP_ACT_ERRNO\"" more "}"

static void rules_give_their_answers(void **unused)
{
	static const char json[] =
		ALLOW_BUT(RULE("getpid", "") "," RULE("getuid", ", \"errnoRet\": 38") "," RULE(
			"geteuid", ", \"errno\": \"EXDEV\", \"errnoRet\": "
				   "38") ","
					 "{\"name\": \"getgid\", "
					 "\"action\": \"SCMP_ACT_LOG\"},"
					 "{\"names\": [\"getppid\", "
					 "\"getegid\"], \"action\": "
					 "\"SCMP_ACT_KILL_PROCESS\"},"
					 "{\"names\": [\"gettid\"], "
					 "\"action\": \"SCMP_ACT_TRACE\"}");

	assert_int_equal(plain(json, SYS_getpid), EPERM);
	assert_int_equal(plain(json, SYS_getuid), ENOSYS);
	assert_int_equal(plain(json, SYS_geteuid), EXDEV);
	assert_int_equal(plain(json, SYS_getgid), PROBE_REACHED);
	assert_int_equal(plain(json, SYS_getppid), PROBE_KILLED);
	assert_int_equal(plain(json, SYS_getegid), PROBE_KILLED);
	assert_int_equal(plain(json, SYS_getsid), PROBE_REACHED);
}

static void what_no_rule_names_gets_the_default(void **unused)
{
	static const char json[] =
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 99, \"syscalls\": "
		"[{\"names\": [\"getpid\", \"kill\", \"exit_group\", \"io_uring_setup\"], "
		"\"action\": \"SCMP_ACT_ALLOW\"}]}";

	assert_int_equal(plain(json, SYS_getpid), PROBE_REACHED);
	assert_int_equal(plain(json, SYS_getuid), 99);
	/* newer than anything it names: a C library falls back on ENOSYS only */
	assert_int_equal(plain(json, SYS_openat2), ENOSYS);
	assert_int_equal(plain(ALLOW_BUT(RULE("getpid", "")), SYS_openat2), PROBE_REACHED);
}

static void arguments_are_compared(void **unused)
{
	static const struct {
		const char *op;
		bool below, same, above;
	} ops[] = {
		{"EQ", false, true, false}, {"NE", true, false, true}, {"LT", true, false, false},
		{"LE", true, true, false},  {"GE", false, true, true}, {"GT", false, false, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		char json[256];
		struct probe_call calls[] = {{SYS_close, {9, 4999999999}, 0},
					     {SYS_close, {9, 5000000000}, 0},
					     {SYS_close, {9, 5000000001}, 0}};

		snprintf(json, sizeof(json),
			 ALLOW_BUT(RULE("close", ", \"args\": [{\"index\": 1, \"value\": "
						 "5000000000, \"op\": \"SCMP_CMP_%s\"}]")),
			 ops[i].op);
		const struct secc *filter = filter_of(json, 0);

		probe_calls(filter, calls, 3);
		secc_release(filter);
		assert_int_equal(calls[0].errnum, ops[i].below ? EPERM : PROBE_REACHED);
		assert_int_equal(calls[1].errnum, ops[i].same ? EPERM : PROBE_REACHED);
		assert_int_equal(calls[2].errnum, ops[i].above ? EPERM : PROBE_REACHED);
	}
}

static void arguments_are_masked(void **unused)
{
	static const char json[] = ALLOW_BUT(
		RULE("close", ", \"args\": [{\"index\": 0, \"value\": 240, \"valueTwo\": 16, "
			      "\"op\": \"SCMP_CMP_MASKED_EQ\"}]"));

	assert_int_equal(answer(json, 0, (struct probe_call){SYS_close, {0xf1f}, 0}), EPERM);
	assert_int_equal(answer(json, 0, (struct probe_call){SYS_close, {0x20}, 0}), PROBE_REACHED);
}

static void different_arguments_must_all_hold_and_the_same_one_either_way(void **unused)
{
	static const char all[] = ALLOW_BUT(
		RULE("close", ", \"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"},"
			      "{\"index\": 1, \"value\": 2, \"op\": \"SCMP_CMP_EQ\"}]"));
	static const char either[] = ALLOW_BUT(
		RULE("close", ", \"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"},"
			      "{\"index\": 0, \"value\": 2, \"op\": \"SCMP_CMP_EQ\"}]"));

	assert_int_equal(answer(all, 0, (struct probe_call){SYS_close, {1, 2}, 0}), EPERM);
	assert_int_equal(answer(all, 0, (struct probe_call){SYS_close, {1, 3}, 0}), PROBE_REACHED);
	assert_int_equal(answer(either, 0, (struct probe_call){SYS_close, {1}, 0}), EPERM);
	assert_int_equal(answer(either, 0, (struct probe_call){SYS_close, {2}, 0}), EPERM);
	assert_int_equal(answer(either, 0, (struct probe_call){SYS_close, {3}, 0}), PROBE_REACHED);
}

static void conditions_decide_which_rules_count(void **unused)
{
	static const struct {
		const char *condition;
		bool counts;
	} table[] = {
		{"\"includes\": {\"caps\": [\"CAP_CHOWN\"]}", true},
		{"\"includes\": {\"caps\": [\"CAP_CHOWN\", \"CAP_BPF\"]}", false},
		{"\"excludes\": {\"caps\": [\"CAP_BPF\"]}", true},
		{"\"excludes\": {\"caps\": [\"CAP_BPF\", \"CAP_CHOWN\"]}", false},
		{"\"includes\": {\"arches\": [\"s390x\", \"amd64\", \"arm64\"]}", true},
		{"\"includes\": {\"arches\": [\"s390x\"]}", false},
		{"\"includes\": {\"arches\": []}", true},
		{"\"excludes\": {\"arches\": [\"s390\"]}", true},
		{"\"excludes\": {\"arches\": [\"amd64\", \"arm64\"]}", false},
		{"\"includes\": {\"minKernel\": \"4.8\"}", true},
		{"\"includes\": {\"minKernel\": \"200.0\"}", false},
		{"\"excludes\": {\"minKernel\": \"4.8\"}", false},
		{"\"excludes\": {\"minKernel\": \"200.0\"}", true},
		{"\"includes\": {}, \"excludes\": null", true},
		{"\"includes\": {\"minKernel\": \"\"}", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char json[256];

		snprintf(json, sizeof(json), ALLOW_BUT(RULE("getpid", ", %s")), table[i].condition);
		int errnum = answer(json, UINT64_C(1) << CAP_CHOWN,
				    (struct probe_call){.number = SYS_getpid});

		if (errnum != (table[i].counts ? EPERM : PROBE_REACHED))
			print_message("%s\n", table[i].condition);
		assert_int_equal(errnum, table[i].counts ? EPERM : PROBE_REACHED);
	}
}

static void calls_newer_than_libseccomp_are_known_by_number(void **unused)
{
	static const char json[] = ALLOW_BUT(RULE("mseal", ", \"errnoRet\": 11"));

	assert_int_equal(plain(json, 462), 11);
	assert_int_equal(plain(json, 461), PROBE_REACHED);
}

static void only_the_architectures_a_profile_names_run(void **unused)
{
	static const struct {
		const char *arches;
		int errnum;
	} table[] = {
		{"\"architectures\": [\"SCMP_ARCH_X86_64\"]", PROBE_KILLED},
		{"\"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\"]", EPERM},
		{"\"archMap\": [{\"architecture\": \"SCMP_ARCH_X86_64\", \"subArchitectures\": "
		 "[\"SCMP_ARCH_X86\"]}]",
		 EPERM},
		{"\"archMap\": [{\"architecture\": \"SCMP_ARCH_S390X\", \"subArchitectures\": "
		 "[\"SCMP_ARCH_X86\"]}]",
		 PROBE_KILLED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char json[256];

		snprintf(json, sizeof(json),
			 "{\"defaultAction\": \"SCMP_ACT_ALLOW\", %s, \"syscalls\": [" RULE(
				 "getpid", "") "]}",
			 table[i].arches);
		const struct secc *filter = filter_of(json, 0);

		assert_int_equal(probe_x86_call(filter, 20, 0), table[i].errnum);
		secc_release(filter);
	}
}

static void faults_found_while_compiling_name_the_rule(void **unused)
{
	static const struct {
		const char *json;
		const char *text;
	} table[] = {
		{ALLOW_BUT(RULE("gettid", "") "," RULE("gepid", "")),
		 "own.json: syscalls[1]: there is no system call 'gepid'"},
		{ALLOW_BUT(RULE("close\\u001b[31m\\n", "")),
		 "own.json: syscalls[0]: there is no system call 'close?[31m?'"},
		{ALLOW_BUT(RULE("close",
				", \"args\": [{\"index\": 0, \"value\": 1, \"op\": "
				"\"SCMP_CMP_EQ\"}]") "," RULE("close",
							      ", \"errnoRet\": 5, \"args\": "
							      "[{\"index\": 0, \"value\": 1, "
							      "\"op\": \"SCMP_CMP_EQ\"}]")),
		 "own.json: syscalls[1]: two rules contradict each other about close"},
		{ALLOW_BUT(RULE("mseal", ", \"args\": [{\"index\": 0, \"value\": 1, \"op\": "
					 "\"SCMP_CMP_EQ\"}]")),
		 "own.json: syscalls[0]: mseal: the installed libseccomp is too old to compare its "
		 "arguments"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct secc *filter = NULL;
		struct err err = {0};

		assert_true(acquire(table[i].json, 0, &filter, &err) < 0);
		assert_string_equal(err.text, table[i].text);
		assert_null(filter);
	}
}

static void allowed_names_of_the_future_are_passed_over(void **unused)
{
	static const char json[] =
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": "
		"[\"getpid\", \"call_of_2040\"], \"action\": \"SCMP_ACT_ALLOW\"}]}";

	assert_int_equal(plain(json, SYS_getpid), PROBE_REACHED);
}

/* A rule for each of @count values of an argument of close(2). */
static const char *many_rules(int count, const char *arches)
{
	static char json[1 << 20];
	size_t len = (size_t)snprintf(
		json, sizeof(json),
		"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [%s], \"syscalls\": [",
		arches);

	for (int i = 0; i < count; i++)
		len += (size_t)snprintf(json + len, sizeof(json) - len,
					"%s" RULE("close",
						  ", \"args\": [{\"index\": 0, \"value\": %lld, "
						  "\"op\": \"SCMP_CMP_EQ\"}]"),
					i ? "," : "", (i + 1) * 0x100000001LL);
	snprintf(json + len, sizeof(json) - len, "]}");
	return json;
}

static void what_is_too_much_for_a_program_is_refused(void **unused)
{
	const struct secc *filter = NULL;
	struct err err = {0};

	assert_int_equal(acquire(many_rules(1000, ""), 0, &filter, &err), -E2BIG);
	assert_non_null(strstr(err.text, "instructions, and the kernel takes"));
	assert_int_equal(acquire(many_rules(1025, ""), 0, &filter, &err), -E2BIG);
	assert_string_equal(err.text, "own.json: syscalls[1024]: more than 1024 comparisons of "
				      "arguments on all architectures together");
	assert_int_equal(
		acquire(many_rules(1000, "\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\""), 0, &filter, &err),
		-E2BIG);
	assert_non_null(strstr(err.text, "syscalls[341]: more than 1024"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_requests_share_a_filter),
		cmocka_unit_test(unused_filters_are_kept_but_not_without_end),
		cmocka_unit_test(rules_give_their_answers),
		cmocka_unit_test(what_no_rule_names_gets_the_default),
		cmocka_unit_test(arguments_are_compared),
		cmocka_unit_test(arguments_are_masked),
		cmocka_unit_test(different_arguments_must_all_hold_and_the_same_one_either_way),
		cmocka_unit_test(conditions_decide_which_rules_count),
		cmocka_unit_test(calls_newer_than_libseccomp_are_known_by_number),
		cmocka_unit_test(only_the_architectures_a_profile_names_run),
		cmocka_unit_test(faults_found_while_compiling_name_the_rule),
		cmocka_unit_test(allowed_names_of_the_future_are_passed_over),
		cmocka_unit_test(what_is_too_much_for_a_program_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
