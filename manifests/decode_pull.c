// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `pull_policy` and `platform`: when an image is fetched, and which machine it is for.
 */
#include "manifests/decode_resources.h"

#include "runtime/base/cleanup.h"

#include <string.h>

/* A key table, so that misspelt words find their neighbour. */
static const struct key_info policies[] = {
	[PULL_DEFAULT] = {"if_not_present"},
	[PULL_MISSING] = {"missing"},
	[PULL_ALWAYS] = {"always"},
	[PULL_NEVER] = {"never"},
	[PULL_BUILD] = {"build"},
	{NULL},
};

static bool is_timed(const char *text)
{
	return strcmp(text, "daily") == 0 || strcmp(text, "weekly") == 0 ||
	       strncmp(text, "every_", 6) == 0;
}

void decode_pull_policy(struct decoder *decoder, const struct node *node, const char *key)
{
	struct pull_spec *pull = &decoder->service->pull;
	const char *text = decode_scalar(decoder, node, key);

	if (!text || !text[0])
		return;
	for (size_t i = 0; policies[i].name; i++) {
		if (strcmp(policies[i].name, text) != 0)
			continue;
		pull->policy = i == PULL_DEFAULT ? PULL_MISSING : (enum pull_policy)i;
		pull->pos = node->pos;
		return;
	}
	if (is_timed(text)) {
		decode_error(decoder, node, key, "'%.60s' is not supported yet", text);
	} else {
		const char *near = keys_nearest(policies, text);

		decode_error(decoder, node, key,
			     "'%.60s' is not always, never, missing, if_not_present or build%s%s%s",
			     text, near ? ": did you mean '" : "", near ? near : "",
			     near ? "'?" : "");
	}
}

#if defined(__x86_64__)
#define HOST_ARCH "amd64"
#elif defined(__aarch64__)
#define HOST_ARCH "arm64"
#elif defined(__arm__)
#define HOST_ARCH "arm"
#elif defined(__i386__)
#define HOST_ARCH "386"
#elif defined(__riscv)
#define HOST_ARCH "riscv64"
#elif defined(__powerpc64__)
#define HOST_ARCH "ppc64le"
#elif defined(__s390x__)
#define HOST_ARCH "s390x"
#else
#error "which architecture, as image platforms call it?"
#endif

/* The names kernels have for architectures. */
static const char *arch_name(const char *text)
{
	static const char *const aliases[][2] = {
		{"x86_64", "amd64"}, {"x86-64", "amd64"}, {"aarch64", "arm64"},
		{"i386", "386"},     {"armhf", "arm"},	  {"armel", "arm"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (strcmp(aliases[i][0], text) == 0)
			return aliases[i][1];
	return text;
}

static bool is_arch(const char *text)
{
	static const char *const known[] = {"386",	"amd64",   "arm",     "arm64", "loong64",
					    "mips64le", "ppc64le", "riscv64", "s390x", "wasm"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i], text) == 0)
			return true;
	return false;
}

/* OS[/ARCH[/VARIANT]], or an architecture alone; the parts in lower-case letters and digits. */
static bool is_platform(const char *text)
{
	size_t slashes = 0;
	char last = '/';

	for (; *text; last = *text++) {
		bool slash = *text == '/';

		slashes += slash;
		if (slash ? last == '/' : !strchr("abcdefghijklmnopqrstuvwxyz0123456789_.-", *text))
			return false;
	}
	return last != '/' && slashes < 3;
}

void decode_platform(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);

	if (!text || !text[0])
		return;
	if (!is_platform(text)) {
		decode_error(decoder, node, key,
			     "'%.60s' is not a platform: OS[/ARCH[/VARIANT]], for example "
			     "linux/" HOST_ARCH,
			     text);
		return;
	}
	size_t len = strcspn(text, "/");
	const char *os = arena_copy(decoder->scratch, text, len);
	const char *rest = text[len] ? text + len + 1 : NULL;
	const char *arch = arch_name(rest ? arena_copy(decoder->scratch, rest, strcspn(rest, "/"))
					  : HOST_ARCH);

	if (!rest && is_arch(arch_name(os))) {
		arch = arch_name(os);
		os = "linux";
	}
	decode_text(decoder, node, key, &decoder->service->platform);
	if (strcmp(os, "linux") != 0 || strcmp(arch, HOST_ARCH) != 0)
		decode_note(decoder, node, key,
			    "'%.60s' is not supported: this machine is linux/" HOST_ARCH, text);
}
