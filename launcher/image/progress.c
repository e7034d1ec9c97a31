// SPDX-License-Identifier: GPL-2.0-or-later
/* Progress of an import; see progress.h. */
#include "launcher/image/progress.h"
#include "runtime/base/clock.h"

#include <stdio.h>
#include <unistd.h>

#define SILENT_MS 1000
#define REDRAW_MS 100
#define MIB	  (1024.0 * 1024.0)

void progress_begin(struct progress *progress, const char *name)
{
	progress->name = name;
	progress->terminal = isatty(STDERR_FILENO);
	progress->begun_ms = clock_now_ms();
	progress->shown_stage = IMAGE_STAGE_DONE;
}

static void describe(const struct image_progress *now, char *text, size_t size)
{
	int percent = now->total > 0 ? (int)(100 * now->done / now->total) : 0;

	switch (now->stage) {
	case IMAGE_STAGE_PULL:
		snprintf(text, size, "fetching, %.1f MiB", (double)now->done / MIB);
		return;
	case IMAGE_STAGE_READ:
		snprintf(text, size, "reading the archive, %d %%", percent);
		return;
	case IMAGE_STAGE_LAYER:
		snprintf(text, size, "unpacking layer %zu of %zu, %d %%", now->layer, now->layers,
			 percent);
		return;
	case IMAGE_STAGE_SHARED:
		snprintf(text, size, "layer %zu of %zu is there", now->layer, now->layers);
		return;
	case IMAGE_STAGE_DONE:
		break;
	}
	snprintf(text, size, "done");
}

/* A terminal's line is redrawn now and then; elsewhere each step is told once. */
static bool is_due(const struct progress *progress, const struct image_progress *now, int64_t ms)
{
	bool other = now->stage != progress->shown_stage || now->layer != progress->shown_layer;

	if (progress->quiet || ms - progress->begun_ms < SILENT_MS ||
	    now->stage == IMAGE_STAGE_DONE)
		return false;
	return progress->terminal ? other || ms - progress->shown_ms >= REDRAW_MS : other;
}

void progress_show(void *context, const struct image_progress *now)
{
	struct progress *progress = context;
	int64_t ms = clock_now_ms();
	char text[80];

	if (now->stage == IMAGE_STAGE_DONE && progress->tell) {
		progress_end(progress);
		printf("%s %s\n", now->name, now->digest);
	}
	if (!is_due(progress, now, ms))
		return;
	describe(now, text, sizeof(text));
	if (progress->terminal)
		fprintf(stderr, "\r\033[K%s: %s", progress->name, text);
	else
		fprintf(stderr, "%s: %s\n", progress->name, text);
	progress->shown = true;
	progress->shown_ms = ms;
	progress->shown_stage = now->stage;
	progress->shown_layer = now->layer;
}

void progress_end(struct progress *progress)
{
	if (progress->shown && progress->terminal)
		fprintf(stderr, "\r\033[K");
	progress->shown = false;
}
