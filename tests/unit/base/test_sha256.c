// SPDX-License-Identifier: GPL-2.0-or-later
/* The vectors of FIPS 180-2, whole and in pieces. */
#include "tests/unit/cmocka_all.h"

#include "runtime/base/sha256.h"

#include <string.h>

static void assert_hash(const char *text, const char *hex)
{
	struct sha256 hash;
	char got[2 * SHA256_BYTES + 1];

	sha256_begin(&hash);
	sha256_add(&hash, text, strlen(text));
	sha256_end_hex(&hash, got);
	assert_string_equal(got, hex);
}

static void known_texts_have_their_published_hashes(void **unused)
{
	(void)unused;
	assert_hash("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_hash("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void pieces_hash_like_the_whole(void **unused)
{
	(void)unused;
	struct sha256 hash;
	char got[2 * SHA256_BYTES + 1];

	sha256_begin(&hash);
	sha256_add(&hash, "a", 1);
	sha256_add(&hash, NULL, 0);
	sha256_add(&hash, "bc", 2);
	sha256_end_hex(&hash, got);
	assert_string_equal(got,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts_have_their_published_hashes),
		cmocka_unit_test(pieces_hash_like_the_whole),
	};

	return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
