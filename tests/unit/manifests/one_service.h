// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of single attributes: a service `a` on the host's root whose attributes stand on line 5,
 * from column 3.
 */
#pragma once

#include "tests/unit/manifests/fixture.h"

struct fault {
	const char *attributes;
	const char *line; /* without "shop.yaml:" */
};

static inline void load_one_service(struct fixture *fixture, const char *attributes)
{
	char yaml[4096];

	snprintf(yaml, sizeof(yaml),
		 "services:\n a:\n  x-rootfs: host\n  command: x\n  %s\n"
		 " b: {x-rootfs: host, command: x}\n",
		 attributes);
	fixture_load(fixture, yaml, NULL);
}

static inline const struct service *one_service(struct fixture *fixture, const char *attributes)
{
	load_one_service(fixture, attributes);
	if (fixture->r)
		print_error("%s%s\n", fixture->printed, fixture->err.text);
	assert_int_equal(fixture->r, 0);
	return stack_service(fixture->stack, "a");
}

/* The attributes of two files, the second merged over the first. */
static inline const struct service *merge_one_service(struct fixture *fixture, const char *base,
						      const char *over)
{
	static const char *const files[] = {"base.yaml", "over.yaml", NULL};
	char yaml[4096];

	snprintf(yaml, sizeof(yaml), "services:\n a:\n  x-rootfs: host\n  command: x\n  %s\n",
		 base);
	fixture_write(fixture, "base.yaml", yaml);
	snprintf(yaml, sizeof(yaml), "services:\n a:\n  %s\n", over);
	fixture_write(fixture, "over.yaml", yaml);
	fixture_load_with(fixture, (struct manifest_options){.files = files});
	if (fixture->r)
		print_error("%s%s\n", fixture->printed, fixture->err.text);
	assert_int_equal(fixture->r, 0);
	return stack_service(fixture->stack, "a");
}

static inline void check_one_service_says(const struct fault *faults, size_t count, int r)
{
	autofixture struct fixture fixture;

	fixture_open(&fixture);
	for (size_t i = 0; i < count; i++) {
		char line[512];

		snprintf(line, sizeof(line), "shop.yaml:%s", faults[i].line);
		load_one_service(&fixture, faults[i].attributes);
		/* The key of a fault may be noted, too. */
		size_t told = r < 0 ? fixture.diags.error_count : fixture.diags.count;

		if (fixture.r != r || told != 1 || !fixture_says(&fixture, line))
			fail_msg("for: %s\nexpected: %s\ngot %d:\n%s", faults[i].attributes, line,
				 fixture.r, fixture.printed);
	}
}

/* Each is refused with this line and no other. */
static inline void check_one_service_faults(const struct fault *faults, size_t count)
{
	check_one_service_says(faults, count, -EINVAL);
}

/* Each loads with this line, a note or a warning, and no other. */
static inline void check_one_service_notes(const struct fault *faults, size_t count)
{
	check_one_service_says(faults, count, 0);
}

/* Each loads without a word; NULL ends the list. */
static inline void check_one_service_silent(const char *const *attributes)
{
	autofixture struct fixture fixture;

	fixture_open(&fixture);
	for (; *attributes; attributes++) {
		one_service(&fixture, *attributes);
		if (fixture.diags.count)
			fail_msg("for: %s\ngot:\n%s", *attributes, fixture.printed);
	}
}

static inline char *print_one_service(struct fixture *fixture, enum manifest_format format)
{
	struct buf out = {0};

	assert_int_equal(manifest_print(fixture->stack, format, &out, &fixture->err), 0);
	return buf_take(&out);
}

/* Each prints as something else than nothing, and prints the same once more after loading that;
 * NULL ends the list. */
static inline void check_one_service_printing(const char *const *attributes)
{
	autofixture struct fixture fixture;

	fixture_open(&fixture);
	one_service(&fixture, "x-none: 1");
	autofree char *bare = print_one_service(&fixture, MANIFEST_YAML);

	for (; *attributes; attributes++) {
		for (unsigned i = 0; i < 4; i++) {
			enum manifest_format format = (enum manifest_format)i;

			one_service(&fixture, *attributes);
			autofree char *first = print_one_service(&fixture, format);

			assert_string_not_equal(first, bare);
			fixture_good(&fixture, first);
			autofree char *second = print_one_service(&fixture, format);

			assert_string_equal(first, second);
		}
	}
}
