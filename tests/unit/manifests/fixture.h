// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A directory of its own for a test, and loading the manifests written into it.
 */
#pragma once

#include "tests/unit/cmocka_all.h"

#include "manifests/manifest.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct fixture {
	char directory[64];
	struct stack *stack;
	struct diagnostics diags;
	struct err err;
	char *printed; /* the diagnostics as text */
	int r;
};

static inline void fixture_open(struct fixture *fixture)
{
	*fixture = (struct fixture){.directory = "/tmp/davit-test-XXXXXX"};
	assert_non_null(mkdtemp(fixture->directory));
}

static inline int fixture_remove(const char *path, const struct stat *st, int type,
				 struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static inline void fixture_forget(struct fixture *fixture)
{
	stack_free(fixture->stack);
	diagnostics_free(&fixture->diags);
	free(fixture->printed);
	fixture->stack = NULL;
	fixture->printed = NULL;
	fixture->err = (struct err){0};
}

static inline void fixture_close(struct fixture *fixture)
{
	fixture_forget(fixture);
	nftw(fixture->directory, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
}
#define autofixture __attribute__((cleanup(fixture_close)))

static inline void fixture_write_bytes(const struct fixture *fixture, const char *name,
				       const char *bytes, size_t len)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", fixture->directory, name);
	autofile FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
}

static inline void fixture_write(const struct fixture *fixture, const char *name, const char *text)
{
	fixture_write_bytes(fixture, name, text, strlen(text));
}

static inline void fixture_mkdir(const struct fixture *fixture, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", fixture->directory, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static inline void fixture_load_with(struct fixture *fixture, struct manifest_options options)
{
	struct buf text = {0};

	fixture_forget(fixture);
	if (!options.directory)
		options.directory = fixture->directory;
	fixture->r = manifest_load(&options, &fixture->stack, &fixture->diags, &fixture->err);
	diagnostics_print(&fixture->diags, &text);
	buf_puts(&text, "");
	fixture->printed = buf_take(&text);
	assert_non_null(fixture->printed);
}

/* Writes shop.yaml and loads it with this environment. */
static inline void fixture_load(struct fixture *fixture, const char *yaml,
				const char *const *environment)
{
	static const char *const files[] = {"shop.yaml", NULL};

	fixture_write(fixture, "shop.yaml", yaml);
	fixture_load_with(fixture, (struct manifest_options){.files = files,
							     .environment = environment,
							     .stack_name = "shop"});
}

/* The same, expecting a stack. */
static inline const struct stack *fixture_good(struct fixture *fixture, const char *yaml)
{
	fixture_load(fixture, yaml, NULL);
	if (fixture->r)
		print_error("%s%s\n", fixture->printed, fixture->err.text);
	assert_int_equal(fixture->r, 0);
	return fixture->stack;
}

/* A service `a` on the host's root with these lines, each of which starts with four spaces. */
static inline const struct service *fixture_service(struct fixture *fixture, const char *lines)
{
	char yaml[8192];

	bool runs = strstr(lines, "command:") || strstr(lines, "entrypoint:");

	snprintf(yaml, sizeof(yaml), "services:\n  a:\n    x-rootfs: host\n%s\n%s", lines,
		 runs ? "" : "    command: x\n");
	return stack_service(fixture_good(fixture, yaml), "a");
}

/* True when some line of the printed diagnostics is exactly this one. */
static inline bool fixture_says(const struct fixture *fixture, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = fixture->printed; (at = strstr(at, line)); at++)
		if ((at == fixture->printed || at[-1] == '\n') && at[len] == '\n')
			return true;
	print_error("expected: %s\ngot:\n%s%s\n", line, fixture->printed, fixture->err.text);
	return false;
}
