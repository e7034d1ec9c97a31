// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/supervisor/log_format.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#define OUT_BYTES (LOG_PART_BYTES + LOG_PREFIX_MAX + 1)

/* Formats all of it through an @out of @size bytes; what came out is NUL-terminated. */
static char *format(const char *prefix, const char *bytes, size_t len, size_t size)
{
	autofree char *room = malloc(size);
	char *text = calloc(1, len * (strlen(prefix) + 4) + 1);
	size_t total = 0;

	assert_non_null(room);
	assert_non_null(text);
	for (size_t done = 0; done < len;) {
		struct log_out out = {.bytes = room, .size = size};
		size_t taken = log_format(&out, prefix, bytes + done, len - done);

		assert_true(taken > 0);
		assert_true(out.len <= size);
		memcpy(text + total, room, out.len);
		total += out.len;
		done += taken;
	}
	return text;
}

static void check(const char *prefix, const char *bytes, const char *wanted)
{
	autofree char *text = format(prefix, bytes, strlen(bytes), OUT_BYTES);

	assert_string_equal(text, wanted);
}

static void whole_lines_are_marked_full(void **unused)
{
	check("T stdout ", "a\n\nb\n", "T stdout F a\nT stdout F \nT stdout F b\n");
}

static void the_rest_of_a_chunk_is_a_part(void **unused)
{
	check("T stderr ", "a\nb", "T stderr F a\nT stderr P b\n");
	check("U stderr ", "c\n", "U stderr F c\n");
}

static void binary_bytes_are_kept(void **unused)
{
	char room[OUT_BYTES];
	struct log_out out = {.bytes = room, .size = sizeof(room)};

	assert_int_equal(log_format(&out, "T stdout ", "\0\x1b\xff\n", 4), 4);
	assert_int_equal(out.len, strlen("T stdout F ") + 4);
	assert_memory_equal(room + strlen("T stdout F "), "\0\x1b\xff\n", 4);
}

/* Whatever the chunks, joining the parts gives what was written. */
static void an_endless_line_is_cut_and_nothing_is_lost(void **unused)
{
	autofree char *line = malloc(40001);
	size_t seen = 0;

	assert_non_null(line);
	memset(line, 'x', 40000);
	line[40000] = '\n';
	autofree char *text = format("T stdout ", line, 40001, OUT_BYTES);

	for (char *at = text, *end; *at; at = end + 1) {
		end = strchr(at, '\n');
		assert_non_null(end);
		assert_true(end - at <= LOG_PART_BYTES + 11);
		seen += (size_t)(end - at) - strlen("T stdout F ");
	}
	assert_int_equal(seen, 40000);
}

/* What comes out does not depend on how often the buffer had to be emptied. */
static void a_small_buffer_gives_the_same_lines(void **unused)
{
	unsigned seed = 5;
	char bytes[100000];

	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = rand_r(&seed) % (1 + (unsigned)round * 40) ? 'y' : '\n';
		autofree char *small = format("T stdout ", bytes, sizeof(bytes), OUT_BYTES);
		autofree char *large = format("T stdout ", bytes, sizeof(bytes), 2 << 20);

		assert_string_equal(small, large);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_lines_are_marked_full),
		cmocka_unit_test(the_rest_of_a_chunk_is_a_part),
		cmocka_unit_test(binary_bytes_are_kept),
		cmocka_unit_test(an_endless_line_is_cut_and_nothing_is_lost),
		cmocka_unit_test(a_small_buffer_gives_the_same_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
