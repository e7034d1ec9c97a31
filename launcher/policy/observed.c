// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions about one instance that several deciders ask. */
#include "launcher/policy/observed.h"

#include <stdlib.h>
#include <string.h>

static int compare_name(const void *name, const void *service)
{
	return strcmp(name, ((const struct service *)service)->name);
}

long observed_service(const struct stack *stack, const char *service)
{
	if (stack->service_count == 0)
		return -1;

	const struct service *found = bsearch(service, stack->services, stack->service_count,
					      sizeof(*stack->services), compare_name);

	return found ? found - stack->services : -1;
}

bool observed_outdated(const struct observed *instance, const struct desired *desired)
{
	if (desired->scheduled)
		return instance->replace;
	return instance->replace || strcmp(instance->revision, desired->revision) != 0;
}

bool observed_running(const struct observed *instance)
{
	switch (instance->state) {
	case INSTANCE_STARTING:
	case INSTANCE_READY:
	case INSTANCE_UNREADY:
	case INSTANCE_STOPPING:
		return true;
	case INSTANCE_WAITING:
	case INSTANCE_BACKOFF:
	case INSTANCE_COMPLETED:
	case INSTANCE_FAILED:
	case INSTANCE_STATES:
		break;
	}
	return false;
}
