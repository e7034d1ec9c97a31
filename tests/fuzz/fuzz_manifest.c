// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzing the manifest language: any bytes load or fail with an error, and what loads prints to a
 * manifest that loads to the same.
 */
#include "manifests/manifest.h"
#include "runtime/base/cleanup.h"
#include "tests/fuzz/budget.h"

#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct stack *load(const void *bytes, size_t len)
{
	autoclose int fd = memfd_create("manifest", MFD_CLOEXEC);
	autodiagnostics struct diagnostics diags = {0};
	static const char *const environment[] = {"V=value", "E=", NULL};
	char path[40];
	const char *const files[] = {path, NULL};
	struct stack *stack = NULL;
	struct buf text = {0};
	struct err err = {0};

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct manifest_options options = {
		.directory = "/", .files = files, .stack_name = "fuzz", .environment = environment};
	int r = manifest_load(&options, &stack, &diags, &err);

	if ((r == 0) != (diags.error_count == 0) || (r < 0 && !err.text[0]))
		abort();
	diagnostics_print(&diags, &text);
	buf_free(&text);
	return stack;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	int64_t start_us = budget_now_us();
	struct stack *stack = len <= BUDGET_BYTES_MAX ? load(bytes, len) : NULL;
	struct buf first = {0};
	struct buf second = {0};
	struct err err;

	budget_check(start_us, bytes, len);
	if (!stack)
		return 0;
	if (manifest_print(stack, MANIFEST_YAML, &first, &err) < 0)
		abort();
	stack_free(stack);
	stack = load(first.data, first.len);
	if (!stack || manifest_print(stack, MANIFEST_YAML, &second, &err) < 0 ||
	    strcmp(first.data, second.data) != 0)
		abort();
	stack_free(stack);
	buf_free(&first);
	buf_free(&second);
	return 0;
}
