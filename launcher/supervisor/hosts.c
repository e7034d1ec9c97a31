// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of instances as files. They are rewritten in place, since instances have them mounted;
 * whoever reads in between sees a part, which is why a change is written as a whole in one go.
 */
#include "launcher/supervisor/hosts.h"

#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Knows names that not everybody knows. */
static bool is_own(const struct plan *plan)
{
	const struct service *owner = stack_network_owner(plan->manifest->stack, plan->service);
	const struct service_network *network = &plan->service->network;

	return network->host_count || network->link_count || owner->network.host_count ||
	       owner->network.link_count;
}

char *hosts_path(const struct supervisor *sup, const struct plan *plan)
{
	char *path = NULL;

	if (!is_own(plan))
		return strdup(sup->hosts_file);
	return asprintf(&path, "%s/hosts", plan->state_dir) < 0 ? NULL : path;
}

/* False when it has none. */
static bool address_of(const struct instance *instance, char text[INET_ADDRSTRLEN])
{
	struct in_addr in = {INADDR_ANY};

	if (instance->endpoint)
		in = net_endpoint_address(instance->endpoint);
	inet_ntop(AF_INET, &in, text, INET_ADDRSTRLEN);
	return in.s_addr != INADDR_ANY;
}

/* By which the others find an instance. */
static void put_names(struct buf *text, const struct instance *instance)
{
	const struct service *service = instance->plan->service;
	const struct service_network *network = &service->network;
	const char *hostname = service->hostname.value;

	buf_printf(text, "%s %s", service->name, instance->name);
	if (service->container_name.value)
		buf_printf(text, " %s", service->container_name.value);
	if (hostname && strcmp(hostname, service->name) != 0)
		buf_printf(text, " %s", hostname);
	if (service->domainname.value)
		buf_printf(text, " %s.%s", hostname ? hostname : instance->name,
			   service->domainname.value);
	for (size_t i = 0; i < network->attachment_count; i++)
		for (size_t j = 0; j < network->attachments[i].aliases.count; j++)
			buf_printf(text, " %s", network->attachments[i].aliases.items[j].value);
}

static void put_instances(struct supervisor *sup, struct buf *text)
{
	char address[INET_ADDRSTRLEN];

	buf_puts(text, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	for (struct instance *instance = sup->instances; instance; instance = instance->next) {
		if (!address_of(instance, address))
			continue;
		buf_printf(text, "%s\t", address);
		put_names(text, instance);
		buf_puts(text, "\n");
	}
}

/* What a host is called by instances that are not in its own network. */
static void put_host(struct supervisor *sup, const struct service *owner,
		     const struct host_spec *host, struct buf *text)
{
	char gateway[INET_ADDRSTRLEN] = "127.0.0.1";

	if (strcmp(host->address, "host-gateway") != 0) {
		buf_printf(text, "%s\t%s\n", host->address, host->name);
		return;
	}
	if (owner->network.mode == NETWORK_NONE)
		return; /* there is no way to it */
	if (owner->network.mode == NETWORK_BRIDGE && sup->net) {
		struct in_addr in = net_gateway(sup->net);

		inet_ntop(AF_INET, &in, gateway, sizeof(gateway));
	}
	buf_printf(text, "%s\t%s\n", gateway, host->name);
}

/* What only this service knows. */
static void put_own(struct supervisor *sup, const struct service *service,
		    const struct service *owner, struct buf *text)
{
	const struct service_network *network = &service->network;
	char address[INET_ADDRSTRLEN];

	for (size_t i = 0; i < network->host_count; i++)
		put_host(sup, owner, &network->hosts[i], text);
	for (size_t i = 0; i < network->link_count; i++)
		for (struct instance *one = sup->instances; one; one = one->next)
			if (strcmp(one->plan->service->name, network->links[i].target) == 0 &&
			    address_of(one, address))
				buf_printf(text, "%s\t%s\n", address, network->links[i].alias);
}

static int write_file(const char *path, struct buf *text, struct err *err)
{
	int r = buf_check(text, err);

	return r < 0 ? r : fs_rewrite(path, text->data, text->len, 0644, err);
}

int hosts_prepare(struct supervisor *sup, const struct plan *plan, struct err *err)
{
	const struct service *owner = stack_network_owner(plan->manifest->stack, plan->service);
	autofree char *path = hosts_path(sup, plan);
	autobuf struct buf text = {0};

	if (!path)
		return err_set(err, ENOMEM, "hosts");
	if (!is_own(plan))
		return 0;
	put_instances(sup, &text);
	put_own(sup, plan->service, owner, &text);
	if (owner != plan->service)
		put_own(sup, owner, owner, &text);
	return write_file(path, &text, err);
}

void hosts_write(struct supervisor *sup)
{
	const struct plan *before = NULL;
	autobuf struct buf text = {0};
	struct err err = {0};

	put_instances(sup, &text);
	int r = write_file(sup->hosts_file, &text, &err);

	/* The instances of a service follow one another. */
	for (struct instance *one = sup->instances; r == 0 && one; one = one->next) {
		if (one->plan != before)
			r = hosts_prepare(sup, one->plan, &err);
		before = one->plan;
	}
	if (r < 0)
		supervisor_log(sup, "event=hosts-failed error=\"%s\"", err.text);
}
