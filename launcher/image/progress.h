// SPDX-License-Identifier: GPL-2.0-or-later
/* What a person sees of an import: how far it is when it takes more than a second (stderr), what it
 * was stored by. */
#pragma once

#include "runtime/image/image_import.h"

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *name; /* of the image */
	bool quiet;
	bool tell;	  /* in the end, on stdout: "NAME DIGEST" */
	bool terminal;	  /* one line that changes, else one line per layer */
	int64_t begun_ms; /* CLOCK_MONOTONIC */
	int64_t shown_ms;
	size_t shown_layer;
	enum image_stage shown_stage;
	bool shown; /* there is a line to be cleared */
};

void progress_begin(struct progress *progress, const char *name);

/* For image_import.progress; @context is the struct progress. */
void progress_show(void *context, const struct image_progress *now);

/* Clears the line. */
void progress_end(struct progress *progress);
