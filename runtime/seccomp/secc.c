// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shares and loads system call filters; see secc.h. Everything but secc_load(), which runs in a
 * cloned child, is the parent's.
 */
#include "runtime/seccomp/secc.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/sha256.h"
#include "runtime/seccomp/profile_parse.h"
#include "runtime/seccomp/secc_cache.h"
#include "runtime/seccomp/secc_compile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

struct secc {
	struct secc *next;
	char profile[2 * SHA256_BYTES + 1]; /* hash of its text; empty: the default profile */
	uint64_t asked;			    /* the capabilities any rule asks for */
	uint64_t capabilities;		    /* of these */
	unsigned users;
	unsigned long flags;
	struct sock_fprog program;
};

/* Filters in use, shared by all plans of this (single-threaded) process. */
static struct secc *secc_shared;

static void secc_free(struct secc *filter)
{
	if (!filter)
		return;
	free(filter->program.filter);
	free(filter);
}

static void secc_drop(struct secc **filter)
{
	secc_free(*filter);
}
#define autosecc __attribute__((cleanup(secc_drop)))

static void profile_drop(struct profile **profile)
{
	profile_free(*profile);
}
#define autoprofile __attribute__((cleanup(profile_drop)))

static uint64_t secc_asked(const struct profile *profile)
{
	uint64_t asked = 0;

	for (size_t i = 0; i < profile->rule_count; i++)
		asked |= profile->rules[i].with | profile->rules[i].without;
	return asked;
}

/* 0 where it cannot be told: what asks for a kernel is left out then. */
static unsigned secc_kernel(void)
{
	struct utsname name;
	unsigned version = 0;
	unsigned revision = 0;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &version, &revision) != 2)
		return 0;
	return PROFILE_KERNEL(version, revision < 256 ? revision : 255);
}

static struct secc *secc_find(const char *profile, uint64_t capabilities)
{
	for (struct secc *known = secc_shared; known; known = known->next)
		if (strcmp(known->profile, profile) == 0 &&
		    (capabilities & known->asked) == known->capabilities)
			return known;
	return NULL;
}

/* Compiling takes some 10 ms, so that a few filters are kept although nobody uses them now. */
#define SECC_UNUSED_MAX 8

static void secc_forget_unused(void)
{
	size_t unused = 0;

	for (struct secc **at = &secc_shared; *at;) {
		struct secc *known = *at;

		if (known->users > 0 || ++unused <= SECC_UNUSED_MAX) {
			at = &known->next;
			continue;
		}
		*at = known->next;
		secc_free(known);
	}
}

/* A message quotes the profile, which may say anything to a terminal. */
static void secc_clean(struct err *err)
{
	for (size_t i = 0; err && err->text[i]; i++)
		if (err->text[i] < ' ' || err->text[i] > '~')
			err->text[i] = '?';
}

static int secc_make(const struct secc_source *source, struct secc *filter, struct err *err)
{
	autoprofile struct profile *parsed = NULL;
	const struct secc_host host = {source->capabilities, secc_kernel()};
	struct secc_code code = {0};
	int r = 0;

	if (source->profile)
		r = profile_parse(source->profile, &parsed, err);
	if (r < 0)
		return r;
	const struct profile *profile = parsed ? parsed : &profile_default;

	r = secc_compile(profile, &host, &code, err);
	if (r < 0)
		return err_prefix(err, "%s",
				  source->profile ? source->profile->name : "default profile");
	filter->asked = secc_asked(profile);
	filter->capabilities = source->capabilities & filter->asked;
	filter->flags = profile->flags;
	filter->program = (struct sock_fprog){code.count, code.code};
	return 0;
}

/* Fills all of @filter but its place in the list. */
static int secc_get(const struct secc_source *source, struct secc *filter, struct err *err)
{
	char name[SECC_NAME_SIZE];
	bool cached = source->cache_dir && secc_cache_name(source, name);
	struct secc_kept kept;

	if (cached && secc_cache_read(source->cache_dir, name, &kept)) {
		filter->asked = kept.asked;
		filter->capabilities = source->capabilities & kept.asked;
		filter->flags = kept.flags;
		filter->program = (struct sock_fprog){kept.count, kept.code};
		return 0;
	}
	int r = secc_make(source, filter, err);

	if (r < 0 || !cached)
		return r;
	kept = (struct secc_kept){filter->asked, filter->flags, filter->program.filter,
				  filter->program.len};
	secc_cache_write(source->cache_dir, name, &kept);
	return 0;
}

static void secc_hash(const struct secc_source *source, char ret[static 2 * SHA256_BYTES + 1])
{
	struct sha256 stream;

	ret[0] = '\0';
	if (!source->profile)
		return;
	sha256_begin(&stream);
	sha256_add(&stream, source->profile->bytes, source->profile->len);
	sha256_end_hex(&stream, ret);
}

bool secc_missing(const struct secc_source *source, char ret_name[static SECC_NAME_SIZE])
{
	char hash[2 * SHA256_BYTES + 1];

	secc_hash(source, hash);
	return !secc_find(hash, source->capabilities) && source->cache_dir &&
	       secc_cache_name(source, ret_name) && !secc_cache_has(source->cache_dir, ret_name);
}

int secc_acquire(const struct secc_source *source, const struct secc **ret_filter, struct err *err)
{
	char hash[2 * SHA256_BYTES + 1];

	secc_hash(source, hash);
	struct secc *known = secc_find(hash, source->capabilities);

	if (known) {
		known->users++;
		*ret_filter = known;
		return 0;
	}
	autosecc struct secc *filter = calloc(1, sizeof(*filter));

	if (!filter)
		return err_set(err, ENOMEM, "new filter");
	int r = secc_get(source, filter, err);

	if (r < 0) {
		secc_clean(err);
		return r;
	}
	memcpy(filter->profile, hash, sizeof(hash));
	filter->users = 1;
	filter->next = secc_shared;
	secc_shared = take_ptr(filter);
	*ret_filter = secc_shared;
	return 0;
}

void secc_release(const struct secc *filter)
{
	for (struct secc *known = secc_shared; known; known = known->next)
		if (known == filter)
			known->users--;
	secc_forget_unused();
}

int secc_load(const struct secc *filter, struct err *err)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags, &filter->program) < 0)
		return err_set(err, errno, "load the system call filter");
	return 0;
}

unsigned secc_length(const struct secc *filter)
{
	return filter->program.len;
}
