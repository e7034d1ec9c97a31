// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `GET /v1/instances` and what a watcher begins with, piece by piece: reading what an instance uses
 * takes the kernel some time, and of a thousand at once so much that others would wait. Between two
 * pieces instances may come and go: each one that is there all the while is in the list, once.
 */
#pragma once

#include "launcher/supervisor/http.h"

struct instance;
struct listing;
struct supervisor;

/*
 * A document that ends with the list and a line's end.
 *
 * @head	its members before that, from the brace on; copied
 *
 * Returns NULL without memory; owned by the caller, listing_free().
 */
struct listing *listing_new(struct supervisor *sup, const char *head);

/* Both as in struct http_source. */
long listing_read(void *listing, char *room, size_t max);
void listing_free(void *listing);

/* Whether the instance, which is there, is in what has been listed, so that a change of it has to
 * be told. */
bool listing_has(const struct listing *listing, const struct instance *instance);

/* Makes @answer one that is read from the list; a plain refusal where there is no memory. */
void listing_answer(struct supervisor *sup, struct http_answer *answer);
