// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Collects what is wrong with a manifest while it is being read, so that all of it is said at once.
 *
 * Knows the text of every file read, to keep the line a diagnostic points to.
 */
#pragma once

#include "manifests/manifest.h"
#include "manifests/origin.h"

struct source_text;

struct report {
	struct diagnostics *list;
	struct source_text *sources; /* newest first */
	struct origins origins;	     /* the way values came, told with their faults */
	const char *service;	     /* the one being decoded, whom notes are about; NULL: none */
	bool failed;		     /* an allocation failed: the list is incomplete */
};

/* Frees what the report knows of the sources; the diagnostics stay with their owner. */
void report_close(struct report *report);

/* Remembers the bytes of a file; both are borrowed and must outlive the report. */
void report_source(struct report *report, const char *file, const char *text, size_t len);

void report_error(struct report *report, struct pos pos, const char *fmt, ...) format_like(3, 4);
void report_warning(struct report *report, struct pos pos, const char *fmt, ...) format_like(3, 4);

/* What is understood but cannot be done yet. */
void report_note(struct report *report, struct pos pos, const char *fmt, ...) format_like(3, 4);

/* Orders by file (as first seen), line and column, and drops repetitions: equal ones,
 * and those of a value that was already told where it is written or on another way from there. */
void report_sort(struct report *report);
