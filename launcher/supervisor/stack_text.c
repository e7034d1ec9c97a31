// SPDX-License-Identifier: GPL-2.0-or-later
/* The stack as a text; see stack_text.h. */
#include "launcher/supervisor/stack_text.h"

#include "launcher/js.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static size_t unit_count(const struct supervisor *sup)
{
	return sup->manifest ? sup->manifest->stack->service_count : 0;
}

/* Plans of services, then those that only instances have any more; each may come several times.
 * @i counts both. NULL: there is none at that place. */
static const struct plan *plan_at(const struct supervisor *sup, const struct instance **at,
				  size_t i)
{
	size_t count = unit_count(sup);

	if (i < 2 * count)
		return i < count ? sup->units[i].plan : sup->units[i - count].previous;
	const struct plan *plan = (*at)->plan;

	*at = (*at)->next;
	return plan;
}

/* Every plan once. */
static struct plan_list {
	const struct plan **items;
	size_t count;
} collect_plans(const struct supervisor *sup)
{
	size_t places = 2 * unit_count(sup) + sup->instance_count;
	const struct instance *at = sup->instances;
	struct plan_list list = {calloc(places + 1, sizeof(*list.items)), 0};

	for (size_t i = 0; list.items && i < places; i++) {
		const struct plan *plan = plan_at(sup, &at, i);
		size_t before = 0;

		/* Instances of one service follow one another: what is looked for is near. */
		for (before = list.count; before > 0 && list.items[before - 1] != plan; before--)
			;
		if (plan && before == 0)
			list.items[list.count++] = plan;
	}
	return list;
}

static struct json_t *print_plans(const struct supervisor *sup)
{
	autojs struct json_t *plans = js_pack("[]");
	struct plan_list list = collect_plans(sup);

	bool whole = list.items != NULL;

	for (size_t i = 0; whole && i < list.count; i++) {
		const struct plan *plan = list.items[i];
		const char *digest =
			plan->service->rootfs == ROOTFS_IMAGE ? plan->service->rootfs_dir : NULL;

		whole = js_append(plans,
				  js_pack("{s:I, s:I, s:I, s:s, s:s, s:s?, s:o}", "number",
					  (long long)plan->number, "index", (long long)plan->index,
					  "manifest", (long long)plan->manifest->number, "service",
					  plan->service->name, "revision", plan->revision.hex,
					  "digest", digest, "change",
					  plan->change ? js_copy(plan->change) : js_pack("n")));
	}
	free(list.items);
	return whole ? take_ptr(plans) : NULL;
}

int stack_text_manifests(const struct supervisor *sup, unsigned **ret_numbers, size_t *ret_count)
{
	struct plan_list list = collect_plans(sup);
	unsigned *numbers = calloc(list.count + 1, sizeof(*numbers));
	size_t count = 0;

	for (size_t i = 0; list.items && numbers && i < list.count; i++)
		numbers[count++] = list.items[i]->manifest->number;
	if (numbers && sup->manifest)
		numbers[count++] = sup->manifest->number;
	bool complete = list.items && numbers;

	free(list.items);
	if (!complete) {
		free(numbers);
		return -ENOMEM;
	}
	*ret_numbers = numbers;
	*ret_count = count;
	return 0;
}

static struct json_t *print_units(const struct supervisor *sup)
{
	autojs struct json_t *units = js_pack("[]");

	for (size_t i = 0; i < unit_count(sup); i++) {
		const struct unit *unit = &sup->units[i];

		const struct plan *plans[] = {unit->plan, unit->previous};

		if (!js_append(
			    units,
			    js_pack("{s:s, s:I, s:b, s:b, s:b, s:b, s:I, s:I, s:I, s:b, s:b, s:O*}",
				    "service", sup->manifest->stack->services[i].name, "replicas",
				    (long long)unit->replicas, "selected", unit->selected,
				    "stopped", unit->stopped, "asleep", unit->asleep, "held",
				    unit->held, "seen", (long long)unit->times.seen_s, "plan",
				    (long long)(plans[0] ? plans[0]->number : 0), "previous",
				    (long long)(plans[1] ? plans[1]->number : 0), "rolled_back",
				    unit->rolled_back, "turned_back", unit->turned_back, "changed",
				    unit->changed)))
			return NULL;
	}
	return take_ptr(units);
}

/* What stands for the services in a network. */
static struct json_t *print_addresses(const struct supervisor *sup,
				      const struct net_network *network)
{
	autojs struct json_t *addresses = js_pack("{}");

	for (size_t i = 0; i < unit_count(sup); i++) {
		const struct service *service = &sup->manifest->stack->services[i];
		struct in_addr in = networks_address(service, network);
		char text[INET_ADDRSTRLEN];

		if (in.s_addr == htonl(INADDR_ANY))
			continue;
		inet_ntop(AF_INET, &in, text, sizeof(text));
		if (!js_put(addresses, service->name, js_pack("s", text)))
			return NULL;
	}
	return take_ptr(addresses);
}

static struct json_t *print_networks(const struct supervisor *sup)
{
	autojs struct json_t *networks = js_pack("[]");

	for (struct network_made *made = sup->networks; made; made = made->next) {
		const struct net_network *network = net_network_find(sup->net, made->key);
		char address[INET_ADDRSTRLEN], gateway[INET_ADDRSTRLEN];
		char subnet6[IP_PREFIX_TEXT_MAX] = "", gateway6[IP_TEXT_MAX];

		if (!network)
			continue;
		struct net_place place = net_network_place(network);

		inet_ntop(AF_INET, &place.address, address, sizeof(address));
		inet_ntop(AF_INET, &place.gateway, gateway, sizeof(gateway));
		ip_format(&place.gateway6, gateway6);
		if (place.subnet6.ip.family)
			ip_prefix_format(&place.subnet6, subnet6);
		if (!js_append(networks, js_pack("{s:s, s:s, s:b, s:s, s:i, s:s, s:s?, s:s?, s:o}",
						 "key", made->key, "definition", made->definition,
						 "internal", made->internal, "address", address,
						 "prefix", (int)place.prefix, "gateway", gateway,
						 "subnet6", subnet6[0] ? subnet6 : NULL, "gateway6",
						 gateway6[0] ? gateway6 : NULL, "addresses",
						 print_addresses(sup, network))))
			return NULL;
	}
	return take_ptr(networks);
}

static struct json_t *print_ports(const struct supervisor *sup)
{
	autojs struct json_t *ports = js_pack("[]");

	for (size_t i = 0; i < sup->port_count; i++) {
		const struct reservation *held = &sup->ports[i];
		char ip[IP_TEXT_MAX];

		ip_format(&held->host_ip, ip);
		if (!js_append(ports,
			       js_pack("{s:s, s:i, s:s, s:i, s:i, s:i, s:i}", "service",
				       held->service->name, "protocol", held->protocol, "host_ip",
				       ip, "wanted", held->wanted, "last", held->last, "port",
				       held->port, "target", held->target)))
			return NULL;
	}
	return take_ptr(ports);
}

/* What has come to its end and is to stay there, even if its own record is lost. */
static struct json_t *print_completed(const struct supervisor *sup)
{
	autojs struct json_t *names = js_pack("[]");

	for (struct instance *one = sup->instances; one; one = one->next)
		if (one->state == INSTANCE_COMPLETED &&
		    !js_append(names, js_pack("{s:s, s:I, s:I}", "instance", one->name, "index",
					      (long long)one->index, "plan",
					      (long long)one->plan->number)))
			return NULL;
	return take_ptr(names);
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

struct json_t *stack_text_print(struct supervisor *sup)
{
	return js_pack("{s:s, s:s, s:I, s:b, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "boot",
		       sup->boot, "davit", DAVIT_VERSION, "generation", (long long)sup->generation,
		       "ending", sup->ending, "remove_volumes", sup->remove_volumes, "userns",
		       (long long)inode_of(sup->ids.userns_fd), "manifest",
		       (long long)(sup->manifest ? sup->manifest->number : 0), "plans",
		       print_plans(sup), "units", print_units(sup), "networks", print_networks(sup),
		       "ports", print_ports(sup), "completed", print_completed(sup));
}
