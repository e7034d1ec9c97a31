// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/cleanup.h"
#include "runtime/image/image_ref.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void a_reference_has_one_name_however_it_is_written(void **unused)
{
	static const struct {
		const char *text;
		const char *name;
	} cases[] = {
		{"redis", "docker.io/library/redis:latest"},
		{"redis:7", "docker.io/library/redis:7"},
		{"docker.io/redis", "docker.io/library/redis:latest"},
		{"index.docker.io/library/redis:7", "docker.io/library/redis:7"},
		{"team/app", "docker.io/team/app:latest"},
		{"localhost/app", "localhost/app:latest"},
		{"localhost:5000/x/y:tag", "localhost:5000/x/y:tag"},
		{"127.0.0.1:5099/a", "127.0.0.1:5099/a:latest"},
		{"[::1]:5000/a", "[::1]:5000/a:latest"},
		{"ghcr.io/a/b/c_d.e--f:V1.0_x", "ghcr.io/a/b/c_d.e--f:V1.0_x"},
		{"Registry/a", "Registry/a:latest"},
		{"redis@sha256:" HEX, "docker.io/library/redis@sha256:" HEX},
		{"redis:7@sha256:" HEX, "docker.io/library/redis@sha256:" HEX},
		{"oci:images/base", "oci:/srv/images/base"},
		{"oci:./images/base:1", "oci:/srv/images/base:1"},
		{"oci:/abs:1", "oci:/abs:1"},
		{"oci:../images/./base//x/", "oci:/images/base/x"},
		{"oci:/../../a/..", "oci:/"},
		{"oci:.", "oci:/srv"},
		{"oci-archive:a.tar", "oci-archive:/srv/a.tar"},
		{"docker-archive:/a.tar:redis:7", "docker-archive:/a.tar:redis:7"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autoref struct image_ref ref = {0};
		struct err err = {0};

		if (image_ref_parse(cases[i].text, "/srv", &ref, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_string_equal(ref.name, cases[i].name);
	}
}

static void malformed_references_are_refused_with_their_text(void **unused)
{
	static const char *const cases[] = {
		"",
		":7",
		"redis:",
		"Redis",
		"redis:-x",
		"a//b",
		"/a",
		"a/",
		"redis@",
		"redis@sha256:12",
		"a..b",
		"a._b",
		"-a",
		"a-",
		"redis:7:8",
		"../a",
		"a/../b",
		"redis 7",
		"redis\n",
		"redis;rm",
		"oci:",
		"oci:a:",
		"oci:a\x1b[2J",
		"-.example/a",
		"host:port/a",
		"host:123456/a",
		"[::1/a",
		"redis@sha512:" HEX HEX,
		"redis@sha256:" HEX "0",
		"redis@md5:d41d8cd98f00b204e9800998ecf8427e",
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image_ref ref = {0};
		struct err err = {0};

		if (image_ref_parse(cases[i], "/srv", &ref, &err) != -EINVAL)
			fail_msg("'%s' was taken", cases[i]);
		assert_null(ref.name);
		assert_ptr_equal(strstr(err.text, "image '"), err.text);
		assert_null(strpbrk(err.text, "\n\x1b"));
	}
}

static void a_name_that_is_too_long_is_refused(void **unused)
{
	char text[400];
	struct image_ref ref = {0};
	struct err err = {0};

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(image_ref_parse(text, "/", &ref, &err), -EINVAL);
	assert_non_null(strstr(err.text, "longer than 255 bytes"));
}

static void an_unknown_digest_algorithm_is_named(void **unused)
{
	struct image_ref ref = {0};
	struct err err = {0};

	assert_int_equal(image_ref_parse("a@sha512:" HEX HEX, "/", &ref, &err), -EINVAL);
	assert_non_null(strstr(err.text, "'sha512' is not taken"));
}

static void a_tag_names_what_normalises_to_the_same(void **unused)
{
	assert_true(image_ref_names("7", "7"));
	assert_true(image_ref_names("docker.io/library/redis:7", "redis:7"));
	assert_true(image_ref_names("redis:7", "docker.io/redis:7"));
	assert_false(image_ref_names("redis:7", "redis:8"));
	assert_false(image_ref_names("7", "docker.io/library/7:latest"));
	assert_false(image_ref_names("::", "a:b"));
}

static void policies_are_compose_s_words(void **unused)
{
	enum image_pull_policy policy = IMAGE_PULL_BUILD;
	struct err err = {0};

	assert_int_equal(image_pull_policy_parse(NULL, &policy, &err), 0);
	assert_int_equal(policy, IMAGE_PULL_MISSING);
	assert_int_equal(image_pull_policy_parse("if_not_present", &policy, &err), 0);
	assert_int_equal(policy, IMAGE_PULL_MISSING);
	assert_int_equal(image_pull_policy_parse("always", &policy, &err), 0);
	assert_int_equal(policy, IMAGE_PULL_ALWAYS);
	assert_int_equal(image_pull_policy_parse("sometimes", &policy, &err), -EINVAL);
	assert_non_null(strstr(err.text, "'sometimes'"));
}

static void every_policy_decides_by_what_is_stored(void **unused)
{
	const struct image_ref tag = {.tag = (char *)"1"};
	const struct image_ref digest = {.digest = (char *)"sha256:" HEX};
	static const struct {
		enum image_pull_policy policy;
		bool digest;
		bool stored;
		bool outdated;
		enum image_pull_action action;
	} cases[] = {
		{IMAGE_PULL_MISSING, false, false, false, IMAGE_FETCH},
		{IMAGE_PULL_MISSING, false, true, false, IMAGE_USE_STORED},
		{IMAGE_PULL_MISSING, false, true, true, IMAGE_FETCH},
		{IMAGE_PULL_ALWAYS, false, true, false, IMAGE_FETCH},
		{IMAGE_PULL_ALWAYS, false, false, false, IMAGE_FETCH},
		{IMAGE_PULL_ALWAYS, true, true, false, IMAGE_USE_STORED},
		{IMAGE_PULL_ALWAYS, true, false, false, IMAGE_FETCH},
		{IMAGE_PULL_NEVER, false, true, true, IMAGE_USE_STORED},
		{IMAGE_PULL_NEVER, false, false, false, IMAGE_REFUSE_MISSING},
		{IMAGE_PULL_BUILD, false, true, false, IMAGE_REFUSE_BUILD},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(image_pull_decide(cases[i].policy,
						   cases[i].digest ? &digest : &tag,
						   cases[i].stored, cases[i].outdated),
				 cases[i].action);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reference_has_one_name_however_it_is_written),
		cmocka_unit_test(malformed_references_are_refused_with_their_text),
		cmocka_unit_test(a_name_that_is_too_long_is_refused),
		cmocka_unit_test(an_unknown_digest_algorithm_is_named),
		cmocka_unit_test(a_tag_names_what_normalises_to_the_same),
		cmocka_unit_test(policies_are_compose_s_words),
		cmocka_unit_test(every_policy_decides_by_what_is_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
