// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bringing images into the store before somebody needs them: decides by the pull policy, has
 * davit-image do it and waits. All functions return EXIT_DONE or the exit code after a complaint.
 */
#pragma once

#include "launcher/cli/cli.h"
#include "runtime/image/image_ref.h"

struct fetch {
	const struct image_ref *ref;
	const char *name; /* to store it by; NULL: the reference's own */
	bool own_name;	  /* to store it by what the archive calls it */
	bool quiet;
	bool tell; /* the name and digest, on stdout */
};

/* Fetches without asking whether it is there. */
int fetch_image(const struct fetch *fetch) must_check;

/* What became of the images that were asked for. */
struct fetch_tally {
	unsigned fetched;
	unsigned built;
	unsigned stored; /* there already */
};

/*
 * What the services of these names need and the store lacks, or has in an older form.
 *
 * @names	NULL-terminated
 * @policy	Compose's word, in place of what the services say; NULL: as they say
 * @tally	in and out: counted up, and each image told on stderr unless @quiet; NULL: neither
 */
int fetch_services(const struct stack *stack, const char *const *names, const char *policy,
		   bool quiet, struct fetch_tally *tally) must_check;

/*
 * What of these services would be fetched or built by fetch_services() and cannot be, as far as
 * that is seen without asking anybody: their pull policy forbids it, or there is nothing to import.
 * Makes nothing. Where the store may not be read nothing is said of it.
 *
 * @lines	"file:line:col: error: web: …" is added for each; see strv_add() for want of memory
 */
void fetch_obstacles(const struct stack *stack, const char *const *names, struct strv *lines);
