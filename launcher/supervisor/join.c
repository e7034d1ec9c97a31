// SPDX-License-Identifier: GPL-2.0-or-later
/* Shared networks; see join.h. */
#include "launcher/supervisor/join.h"

#include "launcher/supervisor/kept.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/userns.h"

#include <errno.h>
#include <string.h>

int join_endpoint(struct instance *instance, struct err *err)
{
	struct supervisor *sup = instance->sup;

	if (instance->endpoint)
		return 0; /* kept over restarts, with its address */
	switch (instance->plan->service->network.mode) {
	case NETWORK_HOST:
		return 0;
	case NETWORK_NONE:
		return net_attach_none(&instance->endpoint, err);
	case NETWORK_SERVICE:
	case NETWORK_CONTAINER:
		return 0; /* that of another one, which is looked for at every start */
	case NETWORK_BRIDGE:
	case NETWORK_NAMED: /* not launched: the loader notes it */
		break;
	}
	publish_names(sup, true);
	return networks_attach(instance, err);
}

/* The instances of a service follow one another, by number. */
static struct instance *partner(const struct supervisor *sup, const char *service, unsigned index)
{
	struct instance *first = NULL;

	for (struct instance *one = sup->instances; one; one = one->next) {
		if (strcmp(one->plan->service->name, service) != 0)
			continue;
		if (one->index == index)
			return one;
		first = first ? first : one;
	}
	return first;
}

/* A network may be of a dead supervisor's user namespace, whose capabilities are not those of a run
 * to come: it is made anew, and whoever shares it is replaced. */
static void cut_strange(struct instance *instance)
{
	int fd = net_endpoint_netns(instance->endpoint);

	if (fd < 0 || userns_owns(instance->sup->ids.userns_fd, fd))
		return;
	join_leave(instance);
	net_endpoint_cut(instance->endpoint);
}

static int connect_endpoint(struct instance *to, bool starts, int *ret_fd, struct err *err)
{
	const struct container_plan *container = to->plan->container;
	bool owned = container && container_plan_wants_network(container);
	autoclose int netns_fd = -1;

	if (owned && starts)
		cut_strange(to);
	bool fresh = net_endpoint_netns(to->endpoint) < 0;
	int r = fresh && owned ? userns_make_network(to->sup->ids.userns_fd, &netns_fd, err) : 0;

	if (r == 0)
		r = net_endpoint_connect(to->endpoint, netns_fd, err);
	if (r < 0)
		return r;
	*ret_fd = net_endpoint_netns(to->endpoint);
	if (fresh)
		kept_store(to, KEPT_NETWORK, *ret_fd);
	return 0;
}

int join_network(struct instance *instance, int *ret_fd, struct err *err)
{
	const struct stack *stack = instance->plan->manifest->stack;
	const struct service *service = instance->plan->service;
	const struct service *owner = stack_network_owner(stack, service);
	unsigned index = instance->index;
	struct instance *to = instance;

	for (const struct service *at = service; at != owner;
	     at = stack_service(stack, at->network.join_service)) {
		index = at->network.join_index ? at->network.join_index : index;
		to = partner(instance->sup, at->network.join_service, index);
		if (!to)
			return err_say(err, ENOENT,
				       "there is no instance of '%s' to share the network of",
				       at->network.join_service);
		index = to->index;
	}
	if (owner->network.mode != NETWORK_HOST && !to->endpoint)
		return err_say(err, ENOENT, "%s has no network to share", to->name);
	instance->joined = to == instance ? NULL : to;
	*ret_fd = -1;
	return to->endpoint ? connect_endpoint(to, to == instance, ret_fd, err) : 0;
}

/* The process of the instance whose namespace is shared: the one of its own number, or the first.
 */
static int sharer(const struct instance *instance, const struct share_spec *share, const char *what,
		  int *ret_pidfd, struct err *err)
{
	const struct instance *to;

	if (!share->service)
		return 0;
	to = partner(instance->sup, share->service, share->index ? share->index : instance->index);
	if (!to || to->pidfd < 0)
		return err_say(err, ESRCH, "no instance of '%s' runs to share the %s of",
			       share->service, what);
	*ret_pidfd = to->pidfd;
	return 0;
}

int join_processes(const struct instance *instance, struct container_run *run, struct err *err)
{
	const struct process_spec *process = &instance->plan->service->process;
	int r = sharer(instance, &process->pid, "processes", &run->pid_pidfd, err);

	return r < 0 ? r : sharer(instance, &process->ipc, "IPC", &run->ipc_pidfd, err);
}

void join_leave(struct instance *gone)
{
	for (struct instance *one = gone->sup->instances; one; one = one->next) {
		if (one->joined != gone)
			continue;
		one->joined = NULL;
		instance_replace(one);
	}
}
