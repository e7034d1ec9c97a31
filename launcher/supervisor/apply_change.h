// SPDX-License-Identifier: GPL-2.0-or-later
/* Private to apply_up.c and foresee.c: what an `up` is about to make true, and what comes before
 * anything is made of it. */
#pragma once

#include "launcher/policy/selection.h"
#include "launcher/supervisor/apply.h"
#include "launcher/supervisor/publish.h"
#include "launcher/supervisor/supervisor.h"
#include "manifests/manifest.h"

/* What one `up` is about to make true. */
struct change {
	struct supervisor *sup;
	struct manifest *manifest;
	struct diagnostics diags;
	struct unit *units;
	bool *targeted; /* services this `up` is about; the others keep what they run */
	bool *selected; /* targeted ones and those that were selected before */
	struct port_set ports;
	bool later;		   /* new volumes are being filled */
	bool foresees;		   /* and makes nothing true */
	struct strv problems;	   /* "file:line:col: error: …" */
	struct strv warnings;	   /* of the manifest */
	struct strv host_warnings; /* of what this host lacks */
};

/* Loads what the request names. Returns 0, or -errno when @refusal is the answer. */
int change_load(struct change *change, const struct json_t *request,
		struct reply *refusal) must_check;

/* How many instances of which services there shall be: units, targeted, selected. As above. */
int change_decide(struct change *change, const struct json_t *request,
		  struct reply *refusal) must_check;

/* Accepts what any of these have left. */
void change_free(struct change *change);

/* What there is of the service until then; NULL: nothing. */
const struct unit *change_unit_before(const struct supervisor *sup, const char *service);

/* Whoever gave up gets another chance from whoever asks for it, or at its time. @i: its service */
bool change_revives(const struct change *change, size_t i, const struct instance *instance);

/* Another line of problems, with its place in the manifest. */
void change_add_problem(struct change *change, const struct service *service,
			const struct container_fault *fault);

/* Also where memory lacked to write it down. */
bool change_has_problems(const struct change *change);

struct reply change_refusal(unsigned status, int exit_code, const char *error,
			    const struct strv *lines);

struct json_t *change_lines(const struct strv *lines);
