// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See alloc.h. Stands in front of the allocator of the C library or of a sanitiser, and is compiled
 * without sanitisers, because it runs before theirs are ready.
 */
#include "tests/fault/alloc.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct alloc_state *state;
static __thread unsigned spared; /* inside a library that ends the process for want of memory */

/* A preloaded library gets into every program that another one starts. */
static const char *state_path(void)
{
	static const char meant[] = "davit-supervisor";

	return strncmp(program_invocation_short_name, meant, strlen(meant)) == 0
		       ? getenv("DAVIT_FAULT_FILE")
		       : NULL;
}

static void *map_state(void)
{
	const char *path = state_path();
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	int flags = MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0);
	void *mapped = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, flags, fd, 0);

	if (fd >= 0)
		close(fd);
	return mapped == MAP_FAILED ? NULL : mapped;
}

__attribute__((constructor)) static void alloc_begin(void)
{
	state = map_state();
	if (!state)
		abort();
}

void alloc_arm(uint64_t nth)
{
	*state = (struct alloc_state){0};
	state->until = nth;
	__atomic_store_n(&state->from, nth, __ATOMIC_SEQ_CST);
}

uint64_t alloc_disarm(void)
{
	state->from = 0;
	return state->failed;
}

static bool fails(void)
{
	if (!state || spared || !__atomic_load_n(&state->from, __ATOMIC_SEQ_CST))
		return false;
	uint64_t number = __atomic_add_fetch(&state->count, 1, __ATOMIC_SEQ_CST);

	if (number < state->from || number > state->until)
		return false;
	__atomic_add_fetch(&state->failed, 1, __ATOMIC_SEQ_CST);
	errno = ENOMEM;
	return true;
}

/* The next function of that name in the order of the libraries. dlsym() itself asks for no memory
 * when it finds what it looks for (glibc 2.34). */
#define NEXT(name)                                                                                 \
	static __typeof__(name) *next;                                                             \
	if (!next)                                                                                 \
		next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);

void *malloc(size_t size)
{
	NEXT(malloc)
	return fails() ? NULL : next(size);
}

void *calloc(size_t count, size_t size)
{
	NEXT(calloc)
	return fails() ? NULL : next(count, size);
}

void *realloc(void *memory, size_t size)
{
	NEXT(realloc)
	return fails() ? NULL : next(memory, size);
}

void *reallocarray(void *memory, size_t count, size_t size)
{
	NEXT(reallocarray)
	return fails() ? NULL : next(memory, count, size);
}

int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
	NEXT(posix_memalign)
	return fails() ? ENOMEM : next(ret_memory, alignment, size);
}

/* A sanitiser's own versions of these two do not come by here. */

char *strdup(const char *text)
{
	NEXT(strdup)
	return fails() ? NULL : next(text);
}

char *strndup(const char *text, size_t len)
{
	NEXT(strndup)
	return fails() ? NULL : next(text, len);
}

/*
 * What is asked for inside of these is given, for nothing can be done from outside of them:
 * libnftables 1.0.6 calls exit() for want of memory, by design; libseccomp 2.5.4 frees twice, or
 * goes round in circles, when it cannot write a filter out; libfyaml 0.7.12 uses what it did not
 * get.
 */

struct nft_ctx;

struct fy_parser;

struct nft_ctx *nft_ctx_new(uint32_t flags);
int nft_ctx_buffer_error(struct nft_ctx *ctx);
int nft_ctx_buffer_output(struct nft_ctx *ctx);
int nft_run_cmd_from_buffer(struct nft_ctx *ctx, const char *text);
int seccomp_export_bpf(const void *context, int fd);
void *fy_diag_create(const void *options);
void *fy_parser_create(const void *options);
int fy_parser_set_string(struct fy_parser *parser, const char *text, size_t len);
void *fy_parser_parse(struct fy_parser *parser);
const char *fy_token_get_text(void *token, size_t *ret_len);

#define SPARED(type, name, parameters, arguments)                                                  \
	type name parameters                                                                       \
	{                                                                                          \
		NEXT(name)                                                                         \
		spared++;                                                                          \
		type result = next arguments;                                                      \
                                                                                                   \
		spared--;                                                                          \
		return result;                                                                     \
	}

SPARED(struct nft_ctx *, nft_ctx_new, (uint32_t flags), (flags))
SPARED(int, nft_ctx_buffer_error, (struct nft_ctx * ctx), (ctx))
SPARED(int, nft_ctx_buffer_output, (struct nft_ctx * ctx), (ctx))
SPARED(int, nft_run_cmd_from_buffer, (struct nft_ctx * ctx, const char *text), (ctx, text))
SPARED(int, seccomp_export_bpf, (const void *context, int fd), (context, fd))
SPARED(void *, fy_diag_create, (const void *options), (options))
SPARED(void *, fy_parser_create, (const void *options), (options))
SPARED(int, fy_parser_set_string, (struct fy_parser * parser, const char *text, size_t len),
       (parser, text, len))
SPARED(void *, fy_parser_parse, (struct fy_parser * parser), (parser))
SPARED(const char *, fy_token_get_text, (void *token, size_t *ret_len), (token, ret_len))
