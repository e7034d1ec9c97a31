// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is told of all instances, piece by piece: reading what an instance uses takes the kernel
 * some time, and of a thousand at once so much that others would wait. Between two pieces instances
 * may come and go: each one that is there all the while is in the list, once.
 */
#pragma once

#include "launcher/supervisor/http.h"
#include "runtime/base/buf.h"

struct instance;
struct json_t;
struct listing;
struct supervisor;

/* What a list tells of an instance. */
struct listing_kind {
	/* Appends it. @first: there is none before. */
	void (*put)(void *context, struct instance *instance, bool first, struct buf *text);
	/* Appends the end of the whole. */
	void (*finish)(void *context, struct buf *text);
	void (*free)(void *context); /* may be NULL */
	const char *filler; /* sent where a piece has nothing to say; NULL: there is none such */
};

/*
 * @context	taken, also on failure
 * @head	the beginning of the whole; copied
 *
 * Returns NULL without memory; owned by the caller, listing_free().
 */
struct listing *listing_new(struct supervisor *sup, const struct listing_kind *kind, void *context,
			    const char *head);

/* The list of what `ps` tells, at the end of a JSON document. @head: its members before that, from
 * the brace on. */
struct listing *listing_new_instances(struct supervisor *sup, const char *head);

/* Both as in struct http_source. */
long listing_read(void *listing, char *room, size_t max);
void listing_free(void *listing);

/* Whether the instance, which is there, is in what has been listed, so that a change of it has to
 * be told. */
bool listing_has(const struct listing *listing, const struct instance *instance);

/* Makes @answer one that is read from the list, which is taken; a plain refusal without one. */
void listing_answer(struct listing *listing, struct http_answer *answer);

/* An instance as a JSON value; NULL without memory. */
typedef struct json_t *listing_view(struct instance *instance);

/* Appends it; the text has failed when memory lacked for any part of it. */
void listing_put_view(listing_view *view, struct instance *instance, struct buf *text);

/* The document of `GET /v1/instances`: each instance has a line of its own. */
void listing_answer_instances(struct supervisor *sup, struct http_answer *answer);
