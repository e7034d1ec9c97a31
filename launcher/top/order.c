// SPDX-License-Identifier: GPL-2.0-or-later
/* See order.h. */
#include "launcher/top/order.h"

#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

bool order_needs_all(enum order_key key)
{
	return key == ORDER_WAITS || key == ORDER_IO || key == ORDER_CONNECTIONS;
}

const char *order_reads(enum order_key key)
{
	if (key == ORDER_CPU)
		return "cpu_seconds";
	return key == ORDER_MEMORY ? "memory_bytes" : NULL;
}

/* The more it needs a look, the more. */
static double trouble_of(const char *state)
{
	static const char *const states[] = {"completed", "ready",   "stopping", "starting",
					     "waiting",	  "unready", "backoff",	 "failed"};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(states[i], state) == 0)
			return (double)i;
	return ARRAY_SIZE(states);
}

static double worth(const struct model_instance *instance, enum order_key key)
{
	const struct model_detail *detail = &instance->detail;
	double most = 0;

	switch (key) {
	case ORDER_STATE:
		return trouble_of(instance->state);
	case ORDER_CPU:
		return instance->cpu;
	case ORDER_MEMORY:
		return instance->memory_bytes;
	case ORDER_WAITS:
		for (size_t i = 0; i < MODEL_WAITS; i++)
			most = detail->waits[i] > most ? detail->waits[i] : most;
		return most;
	case ORDER_IO:
		return detail->read_per_s + detail->written_per_s;
	case ORDER_CONNECTIONS:
		return detail->established;
	case ORDER_RESTARTS:
		return (double)instance->restarts;
	case ORDER_NAME:
	case ORDER_KEYS:
		break;
	}
	return 0;
}

/* Names with their numbers in order: web-2 before web-10. Those of the same worth stay in this. */
static int compare(const void *a, const void *b, void *context)
{
	const struct model_instance *first = *(const struct model_instance *const *)a;
	const struct model_instance *second = *(const struct model_instance *const *)b;
	const struct order *order = context;
	double more = worth(second, order->key) - worth(first, order->key);
	int by_name = strverscmp(first->name, second->name);

	if (order->key == ORDER_NAME)
		return order->reverse ? -by_name : by_name;
	if (order->reverse)
		more = -more;
	return more > 0 ? 1 : more < 0 ? -1 : by_name;
}

static bool is_listed(const struct model_instance *instance, const char *filter)
{
	return !filter || !*filter || strcasestr(instance->name, filter) ||
	       strcasestr(instance->service, filter) || strcasestr(instance->state, filter);
}

size_t order_make(const struct order *order, const struct model *model,
		  const struct model_instance **ret)
{
	struct order how = *order;
	size_t count = 0;

	for (size_t i = 0; i < model->count; i++)
		if (is_listed(&model->instances[i], order->filter))
			ret[count++] = &model->instances[i];
	if (count > 1)
		qsort_r(ret, count, sizeof(ret[0]), compare, &how);
	return count;
}
