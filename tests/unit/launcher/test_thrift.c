// SPDX-License-Identifier: GPL-2.0-or-later
/* Giving memory back. */
#include "launcher/supervisor/thrift.h"
#include "tests/unit/cmocka_all.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCKS	    4096
#define BLOCK_BYTES 4096

/* Relocated when the program is loaded, then read-only. */
static const char *const volatile words[] = {"alpha", "beta", "gamma"};

static long resident_pages(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*s %ld", &pages), 1);
	fclose(file);
	return pages;
}

static void what_is_constant_stays_what_it_was(void **unused)
{
	thrift_give_back();
	assert_string_equal(words[0], "alpha");
	assert_string_equal(words[2], "gamma");
	assert_int_equal(strtol("42", NULL, 10), 42);
	thrift_give_back();
	assert_string_equal(words[1], "beta");
}

#ifdef __SANITIZE_ADDRESS__
#define REPLACED_MALLOC true
#else
#define REPLACED_MALLOC false
#endif

static void free_blocks_between_used_ones_go_back(void **unused)
{
	static char *blocks[BLOCKS];

	if (REPLACED_MALLOC)
		return; /* the sanitiser keeps what is freed */
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(BLOCK_BYTES * (i % 8 ? 1 : 2));
		assert_non_null(blocks[i]);
		memset(blocks[i], 1, BLOCK_BYTES);
	}
	for (size_t i = 0; i < BLOCKS; i++)
		if (i % 8)
			free(blocks[i]);
	long before = resident_pages();

	thrift_give_back();
	assert_true(resident_pages() < before - BLOCKS / 2);
	for (size_t i = 0; i < BLOCKS; i += 8) {
		assert_int_equal(blocks[i][BLOCK_BYTES - 1], 1);
		free(blocks[i]);
	}
}

/* What the kernel may do with the memory at @address: flags of two letters; "" for none. */
static void memory_flags(const void *address, char flags[static 256])
{
	FILE *file = fopen("/proc/self/smaps", "re");
	char line[256];
	uintptr_t begin = 0, end = 0;

	assert_non_null(file);
	flags[0] = '\0';
	while (!flags[0] && fgets(line, sizeof(line), file)) {
		(void)sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end);
		if (begin <= (uintptr_t)address && (uintptr_t)address < end &&
		    strncmp(line, "VmFlags:", 8) == 0)
			strcpy(flags, line);
	}
	fclose(file);
}

static void holes_are_not_filled_with_huge_pages(void **unused)
{
	char flags[256];

	if (REPLACED_MALLOC)
		return;
	if (access("/sys/kernel/mm/transparent_hugepage", F_OK) < 0) {
		print_message("this kernel has no transparent huge pages\n");
		skip();
	}
	char *block = malloc(BLOCK_BYTES);

	assert_non_null(block);
	thrift_give_back();
	memory_flags(block, flags);
	assert_non_null(strstr(flags, " nh"));
	free(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_constant_stays_what_it_was),
		cmocka_unit_test(free_blocks_between_used_ones_go_back),
		cmocka_unit_test(holes_are_not_filled_with_huge_pages),
	};

	thrift_begin();
	return cmocka_run_group_tests_name("thrift", tests, NULL, NULL);
}
