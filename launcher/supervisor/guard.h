// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who asks over TCP is anybody: a browser, too, on behalf of a page that its user happens to look
 * at. This tells such requests from those of a user. Pure.
 */
#pragma once

#include <stdbool.h>

#define GUARD_TOKEN_CHARS 64

/*
 * Whether a request's Host is an address, localhost or @own_name: a page whose name was made to
 * point here for a moment (DNS rebinding) has another one. NULL is false.
 */
bool guard_host(const char *host, const char *own_name);

/* Whether a request comes from a page of @host's own, or from no page at all (NULL). */
bool guard_origin(const char *origin, const char *host);

/* Whether it is "Bearer TOKEN"; takes as long for one that is nearly right. NULL is false. */
bool guard_token(const char *authorization, const char token[static GUARD_TOKEN_CHARS + 1]);
