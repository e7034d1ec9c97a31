// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A manifest that is loaded while an allocation fails is the usual one or none: one that lacks a
 * service would have its instances stopped.
 */
#include "manifests/manifest.h"
#include "runtime/base/cleanup.h"
#include "tests/fault/alloc.h"
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char text[] =
	"x-common: &common\n"
	"  restart: always\n"
	"  environment: {WORD: \"${WORD:-a word}\", LONG_NAME_OF_ONE: two}\n"
	"services:\n"
	"  web:\n"
	"    <<: *common\n"
	"    x-rootfs: /srv/root\n"
	"    command: [\"/bin/server\", \"--option\", \"a longer text than others\"]\n"
	"    ports: [\"127.0.0.1:18080:80\"]\n"
	"    volumes: [\"data:/data:ro\"]\n"
	"    configs: [{source: words, target: /words}]\n"
	"    depends_on: {db: {condition: service_started}}\n"
	"    healthcheck: {test: [\"CMD\", \"true\"], interval: 1h}\n"
	"  db:\n"
	"    extends: web\n"
	"    depends_on: !reset []\n"
	"    ports: !override []\n"
	"    x-restart: {delay: 1ms, max_delay: 50ms}\n"
	"volumes: {data: {}}\n"
	"configs: {words: {content: \"a few words\"}}\n";

static char directory[] = "/tmp/davit-test-XXXXXX";

/* NULL where it cannot be loaded; the text of it else. */
static char *load(int *ret_r, struct err *err)
{
	const char *const environment[] = {"WORD=another", NULL};
	autodiagnostics struct diagnostics diags = {0};
	struct stack *stack = NULL;
	autobuf struct buf out = {0};

	*ret_r = manifest_load(
		&(struct manifest_options){.directory = directory, .environment = environment},
		&stack, &diags, err);
	if (*ret_r < 0)
		return NULL;
	*ret_r = manifest_print(stack, MANIFEST_YAML | MANIFEST_RESOLVED, &out, err);
	stack_free(stack);
	return buf_take(&out);
}

static void no_manifest_is_loaded_that_lacks_a_part(void **unused)
{
	struct err err = {0};
	int r = 0;
	autofree char *usual = load(&r, &err);
	bool failed = true;

	if (!usual)
		fail_msg("%d %s", r, err.text);
	for (uint64_t nth = 1; failed; nth++) {
		err.text[0] = '\0';
		alloc_arm(nth);
		autofree char *now = load(&r, &err);

		failed = alloc_disarm() > 0;
		if (now ? strcmp(now, usual) != 0 : !err.text[0])
			fail_msg("allocation %d: %d %s", (int)nth, r, now);
	}
}

static int begin(void **unused)
{
	char path[64];

	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/compose.yaml", directory);
	autofile FILE *file = fopen(path, "we");

	return file && fputs(text, file) >= 0 ? 0 : -1;
}

static int end(void **unused)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/compose.yaml", directory);
	return unlink(path) == 0 && rmdir(directory) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_manifest_is_loaded_that_lacks_a_part),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
