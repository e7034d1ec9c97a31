// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to this folder: which system calls were made, and of a few the arguments that matter.
 * Lives in memory that the recording process shares with its parent: plain numbers, no pointers.
 */
#pragma once

#include "runtime/base/buf.h"

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#define RECORD_NUMBERS 1024
#define RECORD_VALUES  64

enum record_arch {
	RECORD_NATIVE,
	RECORD_COMPAT, /* 32-bit programs */
	RECORD_ARCHES,
};

/* Calls of which a profile is to allow no more than the values that were seen. */
enum record_watched {
	RECORD_SOCKET,	    /* families */
	RECORD_IOCTL,	    /* commands */
	RECORD_PERSONALITY, /* persons */
	RECORD_WATCHED,
};

struct record {
	bool calls[RECORD_ARCHES][RECORD_NUMBERS];
	struct {
		uint32_t values[RECORD_VALUES];
		uint32_t count;
		bool any; /* more than there is room for, or by a 32-bit program */
	} watched[RECORD_WATCHED];
	uint32_t clone_namespaces; /* CLONE_NEW* */
};

void record_call(struct record *record, const struct seccomp_data *data);

/* The smallest profile that allows what was recorded, as JSON. */
int record_print(const struct record *record, struct buf *out, struct err *err) must_check;

/* By secc_compile.c, which has the names: the caller frees it; NULL when nobody knows the number.
 */
char *record_name(enum record_arch arch, uint32_t number);
