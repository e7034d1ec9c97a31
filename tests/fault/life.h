// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One life of a container with all there is: groups and limits, network, prepared root, start, end,
 * everything given back. And what is there before and after, to be compared.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>

enum life_kind {
	LIFE_LAYERS, /* layers, a writable one, ids of its own, davit-init */
	LIFE_HOST,   /* the host's root, Landlock */
	LIFE_KINDS,
};

struct life {
	bool started;	 /* the program ran to its end */
	bool shared_ids; /* for a reason that is told, its ids are the host's */
	struct err err;
	char said[16384]; /* what the program found around it */
};

/* Everything lives shared: the kernel's names for it, a directory. Ends the program with 77, saying
 * why, where containers cannot be. */
void life_begin(const char *init);
void life_end(void);

/* From nothing to nothing. What cannot be given back because something fails is tried again by
 * life_recover(). */
void life_live(enum life_kind kind, struct life *life);

/* Gives back what is left. */
void life_recover(void);

/* What there is of ours, as lines of text: descriptors, mounts, groups, links, children, files.
 * Links that the kernel is about to remove are waited for. @ret has room for LIFE_TRACES bytes. */
#define LIFE_TRACES 8192
void life_traces(char *ret);
