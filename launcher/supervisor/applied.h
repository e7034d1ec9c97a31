// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Manifests that were applied: loaded as a request names them, and written down with all that was
 * read for it, so that a successor loads the very same, whatever has become of the files.
 */
#pragma once

#include "launcher/supervisor/plan.h"
#include "manifests/manifest.h"

struct json_t;

/*
 * Loads what a request (`directory`, `files`, …; launcher/API.md) names, and writes it down.
 *
 * @diags	as manifest_load() has it
 * @ret		out: one reference, the caller's
 *
 * Returns 0; -EDESTADDRREQ when the request names no directory; as manifest_load(). That it could
 * not be written down is no failure.
 */
int applied_load(struct supervisor *sup, const struct json_t *request, struct diagnostics *diags,
		 struct manifest **ret, struct err *err) must_check;

/* The same, and nothing is written down. */
int applied_read(const struct supervisor *sup, const struct json_t *request,
		 struct diagnostics *diags, struct manifest **ret, struct err *err) must_check;

/* The manifest with that number again. */
int applied_again(struct supervisor *sup, unsigned number, struct manifest **ret,
		  struct err *err) must_check;

/* Removes what was written of manifests that nobody has any more. */
void applied_sweep(const struct supervisor *sup, const unsigned *numbers, size_t count);
