// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: hands rule texts to the kernel.
 */
#pragma once

#include "runtime/base/err.h"

struct nft;

/*
 * Holds a descriptor of a low number for the next one that is opened: to be called before others
 * have taken all of them, because the library cannot work with numbers from 1024 on.
 */
void nft_reserve(void);

/* Opens in the calling thread's network namespace, in which all other calls are made. */
int nft_open(struct nft **ret_nft, struct err *err) must_check;

/* Accepts NULL. */
void nft_close(struct nft *nft);

/* Gives back what the library remembers of the host's tables, a megabyte for two of them. The next
 * text takes it again. */
void nft_rest(struct nft *nft);

/* Runs @text as one transaction: all of it, or nothing. */
int nft_run(struct nft *nft, const char *text, struct err *err) must_check;

/* The same; @ret_output: what it prints, until the next call. */
int nft_read(struct nft *nft, const char *text, const char **ret_output,
	     struct err *err) must_check;
