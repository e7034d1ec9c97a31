// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names as files. Where the stack's name server answers, an instance's file is its own, has what an
 * engine's has (itself, extra_hosts) and is written once a run: what is looked up there first must
 * not hide who is ready now. The others' files have all names. These are rewritten in place, since
 * instances have them mounted; whoever reads in between sees a part, which is why a change is
 * written as a whole in one go.
 */
#include "launcher/supervisor/hosts.h"

#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/resolver.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOCAL_NAMES "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"

static bool has_several_networks(const struct stack *stack)
{
	size_t used = 0;

	for (size_t i = 0; i < stack->network_count; i++)
		used += stack->networks[i].used;
	return used > 1;
}

/* Knows names that not everybody knows, or not all of the others. */
static bool is_own(const struct plan *plan)
{
	const struct stack *stack = plan->manifest->stack;
	const struct service *owner = stack_network_owner(stack, plan->service);
	const struct service_network *network = &plan->service->network;

	return network->host_count || network->link_count || owner->network.host_count ||
	       owner->network.link_count ||
	       (owner->network.mode == NETWORK_BRIDGE && has_several_networks(stack));
}

/* The file of all instances of a revision, or of the stack. */
static char *common_path(const struct supervisor *sup, const struct plan *plan)
{
	char *path = NULL;

	if (!is_own(plan))
		return strdup(sup->hosts_file);
	return asprintf(&path, "%s/hosts", plan->state_dir) < 0 ? NULL : path;
}

/* An instance as somebody sees it. */
struct sight {
	struct in_addr address;
	const struct net_network *in;
	const char *network; /* that one, as both are in it; NULL: seen from outside of them */
	bool first;	     /* of its service */
};

/* False when @viewer cannot see it; NULL sees all. */
static bool look_at(const struct supervisor *sup, const struct service *viewer,
		    const struct instance *instance, struct sight *sight)
{
	const struct service_network *network = viewer ? &viewer->network : NULL;
	struct in_addr in = {INADDR_ANY};

	sight->network = NULL;
	sight->in = networks_main(sup, instance->plan->manifest->stack, instance->plan->service);
	if (!instance->endpoint)
		return false;
	if (!network || network->mode != NETWORK_BRIDGE)
		in = net_endpoint_address(instance->endpoint);
	for (size_t i = 0; network && in.s_addr == INADDR_ANY && i < network->attachment_count;
	     i++) {
		sight->network = network->attachments[i].network;
		sight->in = net_network_find(sup->net, sight->network);
		in = net_endpoint_address_in(instance->endpoint, sight->in);
	}
	sight->address = in;
	return in.s_addr != INADDR_ANY;
}

/* A line for each address of who has this one in a network. */
static void put_lines(struct buf *text, const struct net_network *network, struct in_addr address,
		      const struct buf *names)
{
	const struct ip both[] = {ip_of_in(address), net_address6(network, address)};
	char shown[IP_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(both) && both[i].family; i++)
		buf_printf(text, "%s\t%s\n", ip_format(&both[i], shown), names->data);
	text->failed |= names->failed;
}

/* Aliases belong to one network. */
static void put_aliases(struct buf *text, const struct service_network *network, const char *key)
{
	for (size_t i = 0; i < network->attachment_count; i++) {
		const struct net_attachment *one = &network->attachments[i];

		for (size_t j = 0;
		     (!key || strcmp(one->network, key) == 0) && j < one->aliases.count; j++)
			buf_printf(text, " %s", one->aliases.items[j].value);
	}
}

static bool has_aliases(const struct service_network *network, const char *key)
{
	for (size_t i = 0; i < network->attachment_count; i++)
		if (strcmp(network->attachments[i].network, key) == 0)
			return network->attachments[i].aliases.count;
	return false;
}

/* By which the others find a service: one address for all its instances. False where it has none.
 */
static bool put_service(struct buf *text, const struct service *service, const struct sight *sight)
{
	struct in_addr in = networks_address(service, sight->in);
	autobuf struct buf names = {0};

	if (in.s_addr == htonl(INADDR_ANY))
		return false;
	buf_puts(&names, service->name);
	put_aliases(&names, &service->network, sight->network);
	put_lines(text, sight->in, in, &names);
	return true;
}

/* By which the others find an instance, @alone: and its service. */
static void put_names(struct buf *text, const struct instance *instance, const struct sight *sight,
		      bool alone)
{
	const struct service *service = instance->plan->service;
	const char *hostname = service->hostname.value;
	const char *container = service->container_name.value;
	autobuf struct buf names = {0};

	if (alone)
		buf_printf(&names, "%s ", service->name);
	buf_puts(&names, instance->name);
	if (container && strcmp(container, service->name) != 0)
		buf_printf(&names, " %s", container);
	if (hostname && strcmp(hostname, service->name) != 0)
		buf_printf(&names, " %s", hostname);
	if (service->domainname.value)
		buf_printf(&names, " %s.%s", hostname ? hostname : instance->name,
			   service->domainname.value);
	if (alone)
		put_aliases(&names, &service->network, sight->network);
	put_lines(text, sight->in, sight->address, &names);
}

/* Somebody in several networks of the viewer's is known in each by its aliases there. Where its
 * service has an address this is told once. */
static void put_other_aliases(const struct supervisor *sup, const struct service *viewer,
			      const struct instance *instance, const struct sight *sight,
			      struct buf *text)
{
	const struct service_network *network = &instance->plan->service->network;

	for (size_t i = 0; sight->network && i < viewer->network.attachment_count; i++) {
		const char *key = viewer->network.attachments[i].network;
		const struct net_network *there = net_network_find(sup->net, key);
		struct in_addr in = net_endpoint_address_in(instance->endpoint, there);
		struct in_addr virtual = networks_address(instance->plan->service, there);
		autobuf struct buf names = {0};

		if (in.s_addr != INADDR_ANY && virtual.s_addr != INADDR_ANY)
			in.s_addr = sight->first ? virtual.s_addr : INADDR_ANY;
		if (in.s_addr == INADDR_ANY || strcmp(key, sight->network) == 0 ||
		    !has_aliases(network, key))
			continue;
		put_aliases(&names, network, key);
		put_lines(text, there, in, &names);
	}
}

static void put_instances(struct supervisor *sup, const struct service *viewer, struct buf *text)
{
	const struct service *before = NULL;
	bool together = false;
	struct sight sight;

	buf_puts(text, LOCAL_NAMES);
	for (struct instance *instance = sup->instances; instance; instance = instance->next) {
		const struct service *service = instance->plan->service;

		if (!look_at(sup, viewer, instance, &sight))
			continue;
		sight.first = !before || strcmp(service->name, before->name) != 0;
		if (sight.first)
			together = put_service(text, service, &sight);
		before = service;
		put_names(text, instance, &sight, !together);
		put_other_aliases(sup, viewer, instance, &sight, text);
	}
}

/* Who shares a network sees what its owner sees. */
struct view {
	const struct stack *stack;
	const struct service *owner;
};

static void put_host(struct supervisor *sup, const struct view *view, const struct host_spec *host,
		     struct buf *text)
{
	const struct net_network *network = networks_main(sup, view->stack, view->owner);
	char gateway[IP_TEXT_MAX] = "127.0.0.1";

	if (strcmp(host->address, "host-gateway") != 0) {
		buf_printf(text, "%s\t%s\n", host->address, host->name);
		return;
	}
	if (view->owner->network.mode == NETWORK_NONE)
		return; /* there is no way to it */
	if (network) {
		const struct ip six = net_gateway6(network);
		struct in_addr in = net_gateway(network);

		if (six.family)
			buf_printf(text, "%s\t%s\n", ip_format(&six, gateway), host->name);
		inet_ntop(AF_INET, &in, gateway, sizeof(gateway));
	}
	buf_printf(text, "%s\t%s\n", gateway, host->name);
}

/* Another name of a service. */
static void put_link(struct supervisor *sup, const struct view *view, const struct link_spec *link,
		     struct buf *text)
{
	autobuf struct buf names = {0};
	struct sight sight;

	buf_puts(&names, link->alias);
	for (struct instance *one = sup->instances; one; one = one->next) {
		const struct service *service = one->plan->service;

		if (strcmp(service->name, link->target) != 0 ||
		    !look_at(sup, view->owner, one, &sight))
			continue;
		struct in_addr in = networks_address(service, sight.in);

		put_lines(text, sight.in, in.s_addr == htonl(INADDR_ANY) ? sight.address : in,
			  &names);
		if (in.s_addr != htonl(INADDR_ANY))
			return;
	}
}

static void put_hosts(struct supervisor *sup, const struct service *service,
		      const struct view *view, struct buf *text)
{
	for (size_t i = 0; i < service->network.host_count; i++)
		put_host(sup, view, &service->network.hosts[i], text);
}

/* What only this service knows. */
static void put_own(struct supervisor *sup, const struct service *service, const struct view *view,
		    struct buf *text)
{
	put_hosts(sup, service, view, text);
	for (size_t i = 0; i < service->network.link_count; i++)
		put_link(sup, view, &service->network.links[i], text);
}

static int write_file(const char *path, struct buf *text, struct err *err)
{
	int r = buf_check(text, err);

	return r < 0 ? r : fs_rewrite(path, text->data, text->len, 0644, err);
}

static int write_common(struct supervisor *sup, const struct plan *plan, const char *path,
			struct err *err)
{
	const struct stack *stack = plan->manifest->stack;
	const struct view view = {stack, stack_network_owner(stack, plan->service)};
	autobuf struct buf text = {0};

	put_instances(sup, view.owner, &text);
	put_own(sup, plan->service, &view, &text);
	if (view.owner != plan->service)
		put_own(sup, view.owner, &view, &text);
	return write_file(path, &text, err);
}

static char *own_path(const struct instance *instance)
{
	char *path = NULL;

	return asprintf(&path, "%s/" HOSTS_DIR "/%s", instance->sup->run_dir, instance->name) < 0
		       ? NULL
		       : path;
}

/* A program may look for the name of the host it is on, also where that is nobody else's business
 * (network_mode: service:). */
static void put_self(const struct instance *instance, struct buf *text)
{
	const struct instance *owner = instance->joined ? instance->joined : instance;
	const struct service *service = instance->plan->service;
	const char *name = service->hostname.value ? service->hostname.value : instance->name;
	autobuf struct buf names = {0};
	struct net_link_place place;

	if (service->domainname.value)
		buf_printf(&names, "%s.%s ", name, service->domainname.value);
	buf_puts(&names, name);
	for (size_t i = 0; owner->endpoint && net_endpoint_link(owner->endpoint, i, &place); i++)
		put_lines(text, net_network_find(instance->sup->net, place.network), place.address,
			  &names);
}

static int write_own(struct instance *instance, const char *path, struct err *err)
{
	const struct plan *plan = instance->plan;
	const struct stack *stack = plan->manifest->stack;
	const struct view view = {stack, stack_network_owner(stack, plan->service)};
	autobuf struct buf text = {0};

	buf_puts(&text, LOCAL_NAMES);
	put_self(instance, &text);
	put_hosts(instance->sup, plan->service, &view, &text);
	if (view.owner != plan->service)
		put_hosts(instance->sup, view.owner, &view, &text);
	return write_file(path, &text, err);
}

/* Its links' aliases are the server's to know, but not of a guest in somebody else's network. */
static bool knows_enough(const struct plan *plan, bool served)
{
	const struct service *owner = stack_network_owner(plan->manifest->stack, plan->service);

	if (owner->network.mode == NETWORK_NONE)
		return true; /* there is nobody to know */
	return served && (owner == plan->service || plan->service->network.link_count == 0);
}

/* Later changes are hosts_write()'s: with each start a file anew, many starts would be slow. */
static int prepare_common(struct supervisor *sup, const struct plan *plan, const char *path,
			  struct err *err)
{
	return is_own(plan) && access(path, F_OK) < 0 ? write_common(sup, plan, path, err) : 0;
}

int hosts_prepare(struct instance *instance, char **ret_path, struct err *err)
{
	struct supervisor *sup = instance->sup;
	bool own = knows_enough(instance->plan, instance->plan->asks_us);
	autofree char *path = own ? own_path(instance) : common_path(sup, instance->plan);

	if (!path)
		return err_set(err, ENOMEM, "hosts");
	if (instance->own_hosts && !own) {
		hosts_forget(instance);
		publish_names(sup, true);
	}
	int r = own ? write_own(instance, path, err)
		    : prepare_common(sup, instance->plan, path, err);

	if (r < 0)
		return r;
	instance->own_hosts = own;
	*ret_path = take_ptr(path);
	return 0;
}

void hosts_restore(struct instance *instance)
{
	autofree char *path = own_path(instance);

	instance->own_hosts = path && access(path, F_OK) == 0;
}

void hosts_forget(struct instance *instance)
{
	autofree char *path = own_path(instance);

	if (path)
		(void)unlink(path); /* has none */
	instance->own_hosts = false;
}

/* Now, or when it is started. */
static bool needs_common(const struct instance *instance)
{
	if (instance->own_hosts)
		return false;
	return instance->pidfd >= 0 ||
	       !knows_enough(instance->plan, resolver_serves(instance->sup, instance->plan));
}

static int write_stack(struct supervisor *sup, struct err *err)
{
	autobuf struct buf text = {0};

	put_instances(sup, NULL, &text);
	return write_file(sup->hosts_file, &text, err);
}

void hosts_write(struct supervisor *sup)
{
	const struct plan *before = NULL;
	bool written = false;
	struct err err = {0};
	int r = 0;

	/* The instances of a service follow one another. */
	for (struct instance *one = sup->instances; r == 0 && one; one = one->next) {
		bool own = is_own(one->plan);

		if ((own ? one->plan == before : written) || !needs_common(one))
			continue;
		autofree char *path = own ? common_path(sup, one->plan) : NULL;

		if (!own)
			r = write_stack(sup, &err);
		else
			r = path ? write_common(sup, one->plan, path, &err)
				 : err_set(&err, ENOMEM, "hosts");
		written |= !own;
		before = own ? one->plan : before;
	}
	if (r < 0)
		publish_names_again(sup, err.text);
}
