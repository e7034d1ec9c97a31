// SPDX-License-Identifier: GPL-2.0-or-later
/* What the http probes of a supervisor share: libcurl in its loop. Made when the first one runs. */
#pragma once

#include "runtime/base/err.h"

struct http_prober;
struct loop;

int http_prober_open(struct loop *loop, struct http_prober **ret_prober,
		     struct err *err) must_check;

/* After the last probe. Accepts NULL. */
void http_prober_close(struct http_prober *prober);
