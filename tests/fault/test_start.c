// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One container's life with each allocation and each system call of it failing in turn: it either
 * works in full, as confined as ever, or says in a line what failed; and nothing is left of it.
 * DAVIT_FAULT_EVERY=1 tries each; otherwise one of so many, from a place that is printed.
 */
#include "runtime/base/cleanup.h"
#include "tests/fault/alloc.h"
#include "tests/fault/calls.h"
#include "tests/fault/every.h"
#include "tests/fault/life.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static struct life usual[LIFE_KINDS];
static struct life life;
static char before[LIFE_TRACES];
static char after[LIFE_TRACES];

/* The lines of @one that @other lacks. */
static void print_more(const char *sign, const char *one, const char *other)
{
	for (size_t len = strcspn(one, "\n"); *one; one += len + 1, len = strcspn(one, "\n")) {
		char line[512];

		snprintf(line, sizeof(line), "%.*s\n", (int)len, one);
		if (!strstr(other, line))
			print_message("%s %s", sign, line);
	}
}

static void print_difference(const char *what, const char *usually, const char *now)
{
	print_message("%s: %s\n", what, life.started ? "started" : life.err.text);
	print_more("-", usually, now);
	print_more("+", now, usually);
}

static bool sound(enum life_kind kind, const char *what)
{
	life_recover();
	life_traces(after);
	if (strcmp(before, after) != 0)
		print_difference(what, before, after);
	else if (life.started && !life.shared_ids && strcmp(life.said, usual[kind].said) != 0)
		print_difference(what, usual[kind].said, life.said);
	else if (!life.started &&
		 (life.err.code <= 0 || strlen(life.err.text) < 8 || strchr(life.err.text, '\n')))
		print_message("%s: %d, said: %s\n", what, life.err.code, life.err.text);
	else
		return true;
	return false;
}

static void set_out(enum life_kind kind)
{
	life_live(kind, &usual[kind]); /* what is made once and kept */
	life_recover();
	life_live(kind, &usual[kind]);
	life_recover();
	if (!usual[kind].started)
		fail_msg("%s", usual[kind].err.text);
	life_traces(before);
}

static void fail_allocations(enum life_kind kind, uint64_t usual_step)
{
	uint64_t step = every_step(usual_step);
	int wrong = 0, tolerated = 0, tried = 0;
	bool failed = true;

	set_out(kind);
	for (uint64_t nth = every_first(step); failed; nth += step, tried++) {
		char what[64];

		snprintf(what, sizeof(what), "allocation %llu", (unsigned long long)nth);
		alloc_arm(nth);
		life_live(kind, &life);
		failed = alloc_disarm() > 0;
		wrong += !sound(kind, what);
		tolerated += failed && life.started;
		if (failed && !life.started && life.err.code != ENOMEM)
			print_message("%s: %s\n", what, life.err.text);
	}
	print_message("%d tried, %d of no consequence\n", tried, tolerated);
	assert_int_equal(wrong, 0);
}

static void fail_calls(enum life_kind kind, int errnum, uint64_t usual_step)
{
	uint64_t step = every_step(usual_step);
	const char *call = "";
	int wrong = 0, tolerated = 0, tried = 0;

	set_out(kind);
	for (uint64_t nth = every_first(step); call; nth += step, tried++) {
		char what[64];

		calls_arm(nth, errnum);
		life_live(kind, &life);
		call = calls_disarm();
		snprintf(what, sizeof(what), "call %llu, %s", (unsigned long long)nth,
			 call ? call : "none");
		wrong += !sound(kind, what);
		tolerated += call && life.started;
		if (getenv("DAVIT_FAULT_VERBOSE"))
			print_message("%s: %s\n", what, life.started ? "works" : life.err.text);
	}
	print_message("%d tried, %d of no consequence\n", tried, tolerated);
	assert_int_equal(wrong, 0);
}

static void no_allocation_that_fails_leaves_anything(void **unused)
{
	fail_allocations(LIFE_LAYERS, 3);
}

static void nor_with_the_root_of_the_host(void **unused)
{
	fail_allocations(LIFE_HOST, 11);
}

static void no_system_call_that_fails_leaves_anything(void **unused)
{
	fail_calls(LIFE_LAYERS, 0, 13);
	fail_calls(LIFE_LAYERS, EPERM, 13);
	fail_calls(LIFE_LAYERS, EINTR, 13);
}

static void nor_one_for_the_root_of_the_host(void **unused)
{
	fail_calls(LIFE_HOST, 0, 101);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest allocations[] = {
		cmocka_unit_test(no_allocation_that_fails_leaves_anything),
		cmocka_unit_test(nor_with_the_root_of_the_host),
	};
	const struct CMUnitTest calls[] = {
		cmocka_unit_test(no_system_call_that_fails_leaves_anything),
		cmocka_unit_test(nor_one_for_the_root_of_the_host),
	};

	if (argc < 2)
		return 2;
	life_begin(argv[1]);
	int failed = cmocka_run_group_tests(allocations, NULL, NULL);

	calls_begin();
	failed += cmocka_run_group_tests(calls, NULL, NULL);
	life_end();
	return failed;
}
