// SPDX-License-Identifier: GPL-2.0-or-later
/* The status page: files of launcher/page, compiled in. */
#pragma once

#include <stddef.h>

struct page_file {
	const char *path; /* "/page.js"; NULL: the end of the list */
	const char *type;
	const char *bytes;
	size_t len;
};

/* Made from the files by scripts/embed. */
extern const struct page_file page_files[];
