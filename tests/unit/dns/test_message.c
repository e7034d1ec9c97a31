// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes in, bytes out; and bytes that are no question. */
#include "tests/unit/dns/names.h"
#include "tests/unit/dns/query.h"

#include "launcher/dns/message.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static void a_question_is_read(void **unused)
{
	struct message_query query;
	uint8_t bytes[300];
	size_t len = query_make("WeB.Example", MESSAGE_AAAA, 4096, bytes);

	(void)unused;
	assert_int_equal(message_read(bytes, len, &query), 0);
	assert_int_equal(query.rcode, MESSAGE_OK);
	assert_int_equal(query.id, 0x1234);
	assert_int_equal(query.type, MESSAGE_AAAA);
	assert_string_equal(query.name, "web.example");
	assert_true(query.recursion);
	assert_true(query.edns);
	assert_int_equal(query.size_max, 1232);
	assert_int_equal(query.question_len, 17);
}

static void a_datagram_to_who_says_nothing_has_512_bytes(void **unused)
{
	struct message_query query;
	uint8_t bytes[300];

	(void)unused;
	assert_int_equal(message_read(bytes, query_make("a", MESSAGE_A, 0, bytes), &query), 0);
	assert_int_equal(query.size_max, 512);
	assert_int_equal(message_read(bytes, query_make("a", MESSAGE_A, 100, bytes), &query), 0);
	assert_int_equal(query.size_max, 512);
	assert_int_equal(message_read(bytes, query_make("", MESSAGE_A, 0, bytes), &query), 0);
	assert_string_equal(query.name, "");
}

static void an_answer_is_these_bytes(void **unused)
{
	static const uint8_t expected[] = {
		0x12,	       0x34, 0x85, 0x80, 0, 1, 0,    1,	 0, 0, 0, 0, 3, 'W', 'e',
		'b',	       0,    0,	   1,	 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0,   0,
		MESSAGE_TTL_S, 0,    4,	   10,	 0, 1, 254};
	struct ip address = names_ip("10.0.1.254");
	const struct message_answer answer = {.addresses = &address, .address_count = 1};
	struct message_query query;
	uint8_t bytes[300], out[512];

	(void)unused;
	assert_int_equal(message_read(bytes, query_make("Web", MESSAGE_A, 0, bytes), &query), 0);
	assert_int_equal(message_write(&query, &answer, out, sizeof(out)), sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
	assert_true(message_matches(&query, 0x1234, out, sizeof(expected)));
}

static void an_answer_of_a_name(void **unused)
{
	const struct message_answer answer = {.pointer = "web-1"};
	struct message_query query;
	uint8_t bytes[300], out[512];
	size_t len = query_make("2.1.0.10.in-addr.arpa", MESSAGE_PTR, 0, bytes);

	(void)unused;
	assert_int_equal(message_read(bytes, len, &query), 0);
	len = message_write(&query, &answer, out, sizeof(out));
	assert_memory_equal(out + len - 7, "\5web-1", 7);
}

static void what_does_not_fit_is_said_to_be_cut(void **unused)
{
	struct ip addresses[100];
	const struct message_answer answer = {.addresses = addresses, .address_count = 100};
	struct message_query query;
	uint8_t bytes[300], out[4096];

	(void)unused;
	for (unsigned i = 0; i < 100; i++)
		addresses[i] = names_ip("10.0.1.1");
	assert_int_equal(message_read(bytes, query_make("web", MESSAGE_A, 1232, bytes), &query), 0);
	size_t len = message_write(&query, &answer, out, query.size_max);

	assert_true(len > 0 && len < 100);
	assert_true(out[2] & 2);
	assert_int_equal(out[7], 0);
	len = message_write(&query, &answer, out, sizeof(out));
	assert_int_equal(len, 12 + 9 + 11 + 100 * 16);
	assert_false(out[2] & 2);
	assert_int_equal(out[7], 100);
	assert_int_equal(message_write(&query, &answer, out, 5), 0);
}

static void refusals_repeat_the_question(void **unused)
{
	const struct message_answer answer = {.rcode = MESSAGE_NO_NAME};
	struct message_query query;
	uint8_t bytes[300], out[512];
	size_t len = query_make("nobody", MESSAGE_A, 0, bytes);

	(void)unused;
	assert_int_equal(message_read(bytes, len, &query), 0);
	assert_int_equal(message_write(&query, &answer, out, sizeof(out)), len);
	assert_int_equal(message_rcode(out), MESSAGE_NO_NAME);
	assert_memory_equal(out + 12, bytes + 12, len - 12);
}

static void what_is_no_question_gets_none(void **unused)
{
	struct message_query query;
	uint8_t bytes[300];
	size_t len = query_make("web", MESSAGE_A, 0, bytes);

	(void)unused;
	assert_int_equal(message_read(bytes, 11, &query), -EBADMSG);
	bytes[2] |= 0x80; /* an answer: answers to answers would never end */
	assert_int_equal(message_read(bytes, len, &query), -EBADMSG);
}

static void check_rcode(const uint8_t *bytes, size_t len, enum message_rcode rcode)
{
	struct message_query query;
	uint8_t out[512];

	assert_int_equal(message_read(bytes, len, &query), 0);
	assert_int_equal(query.rcode, rcode);
	const struct message_answer answer = {.rcode = query.rcode};

	assert_true(message_write(&query, &answer, out, sizeof(out)) >= MESSAGE_HEADER);
	assert_int_equal(message_rcode(out), rcode & 0xf);
}

static void malformed_questions_are_told_so(void **unused)
{
	uint8_t bytes[300], pointer[] = {1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1};
	size_t len = query_make("web", MESSAGE_A, 1232, bytes);

	(void)unused;
	for (size_t cut = MESSAGE_HEADER; cut < len; cut++)
		check_rcode(bytes, cut, MESSAGE_MALFORMED);
	check_rcode(pointer, sizeof(pointer), MESSAGE_MALFORMED);
	bytes[5] = 2;
	check_rcode(bytes, len, MESSAGE_MALFORMED);
	bytes[5] = 1;
	bytes[7] = 1;
	check_rcode(bytes, len, MESSAGE_MALFORMED);
	bytes[7] = 0;
	bytes[2] = 0x28; /* an update */
	check_rcode(bytes, len, MESSAGE_NOT_IMPLEMENTED);
	bytes[2] = 1;
	bytes[len - 5] = 1; /* the version of EDNS */
	check_rcode(bytes, len, MESSAGE_BAD_VERSION);
}

static void other_classes_are_malformed(void **unused)
{
	uint8_t bytes[300];
	size_t len = query_make("web", MESSAGE_A, 0, bytes);

	(void)unused;
	bytes[len - 1] = 3;
	check_rcode(bytes, len, MESSAGE_MALFORMED);
}

static void random_bytes_do_no_harm(void **unused)
{
	unsigned seed = (unsigned)time(NULL);

	(void)unused;
	print_message("seed %u\n", seed);
	for (int round = 0; round < 20000; round++) {
		struct message_query query;
		uint8_t bytes[300], out[512];
		size_t len = query_make("web.example", MESSAGE_A, 1232, bytes);

		for (int i = rand_r(&seed) % 8; i >= 0; i--)
			bytes[(unsigned)rand_r(&seed) % len] = (uint8_t)rand_r(&seed);
		len -= (unsigned)rand_r(&seed) % 4;
		if (message_read(bytes, len, &query) == 0)
			(void)message_write(&query, &(struct message_answer){.rcode = query.rcode},
					    out, sizeof(out));
	}
}

static void an_answer_matches_its_question_only(void **unused)
{
	struct message_query query;
	uint8_t bytes[300];
	size_t len = query_make("web", MESSAGE_A, 0, bytes);

	(void)unused;
	assert_int_equal(message_read(bytes, len, &query), 0);
	assert_false(message_matches(&query, 0x1234, bytes, len)); /* no answer */
	bytes[2] |= 0x80;
	assert_true(message_matches(&query, 0x1234, bytes, len));
	assert_false(message_matches(&query, 0x1235, bytes, len));
	assert_false(message_matches(&query, 0x1234, bytes, len - 1));
	bytes[13] = 'W';
	assert_true(message_matches(&query, 0x1234, bytes, len));
	bytes[13] = 'x';
	assert_false(message_matches(&query, 0x1234, bytes, len));
	bytes[13] = 'w';
	bytes[len - 3] = MESSAGE_AAAA;
	assert_false(message_matches(&query, 0x1234, bytes, len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_read),
		cmocka_unit_test(a_datagram_to_who_says_nothing_has_512_bytes),
		cmocka_unit_test(an_answer_is_these_bytes),
		cmocka_unit_test(an_answer_of_a_name),
		cmocka_unit_test(what_does_not_fit_is_said_to_be_cut),
		cmocka_unit_test(refusals_repeat_the_question),
		cmocka_unit_test(what_is_no_question_gets_none),
		cmocka_unit_test(malformed_questions_are_told_so),
		cmocka_unit_test(other_classes_are_malformed),
		cmocka_unit_test(random_bytes_do_no_harm),
		cmocka_unit_test(an_answer_matches_its_question_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
