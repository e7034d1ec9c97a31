// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The .env format: NAME=value lines with quotes, comments, `export` and substitution.
 */
#pragma once

#include "manifests/report.h"
#include "manifests/source.h"
#include "manifests/vars.h"

/*
 * Adds what a file defines to @vars.
 *
 * @inherited	what values may refer to besides earlier lines, and where a bare NAME gets its value
 *		from; it wins over earlier lines
 *
 * Faults go into the report, one per line.
 */
void env_file_parse(const struct source *source, const char *file, const struct vars *inherited,
		    struct vars *vars, struct report *report);

/* The same for values that are taken as they stand: nothing is quoted, replaced or cut off. */
void env_file_parse_raw(const struct source *source, const char *file, const struct vars *inherited,
			struct vars *vars, struct report *report);
