// SPDX-License-Identifier: GPL-2.0-or-later
/* Which instances are listed, and in which order. Pure. */
#pragma once

#include "launcher/top/model.h"

enum order_key {
	ORDER_NAME,
	ORDER_STATE, /* what needs a look first */
	ORDER_CPU,
	ORDER_MEMORY,
	ORDER_WAITS,
	ORDER_IO,
	ORDER_CONNECTIONS,
	ORDER_RESTARTS,
	ORDER_KEYS,
};

struct order {
	enum order_key key;
	bool reverse;	    /* of what is usual: names from A, numbers from the greatest */
	const char *filter; /* a part of the name, service or state, in any case; NULL or "": all */
};

/* Whether this order needs to know of each what only some are asked for. */
bool order_needs_all(enum order_key key);

/* What this order needs of each at every look, as /v1/stats names it; NULL: nothing is read. */
const char *order_reads(enum order_key key);

/* @ret	out: as many places as the model has instances
 *
 * Returns how many are listed. */
size_t order_make(const struct order *order, const struct model *model,
		  const struct model_instance **ret);
