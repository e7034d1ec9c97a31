// SPDX-License-Identifier: GPL-2.0-or-later
/* From the manifest's networks to the kernel's; see networks.h. */
#include "launcher/supervisor/networks.h"

#include "launcher/supervisor/neighbours.h"
#include "launcher/supervisor/network_definition.h"
#include "launcher/supervisor/restore.h"
#include "launcher/supervisor/supervisor.h"
#include "manifests/manifest.h"
#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct net_config config_of(const struct supervisor *sup)
{
	return (struct net_config){.stack = sup->name, .registry = sup->networks_dir};
}

/* How many instances there will be in it, and @each service beside its own. */
static unsigned hosts_of(const struct stack *stack, const char *key, unsigned each)
{
	unsigned hosts = 0;

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];

		for (size_t j = 0; j < service->network.attachment_count; j++)
			if (strcmp(service->network.attachments[j].network, key) == 0)
				hosts += each + (service->autoscale.max > service->replicas
							 ? service->autoscale.max
							 : service->replicas);
	}
	return hosts;
}

static void add_reserved(struct ip *reserved, size_t *count, const struct subnet_spec *subnet)
{
	for (size_t i = 0; i < subnet->reserved_count; i++)
		reserved[(*count)++] = subnet->reserved[i].ip;
}

/* @place: of one that is there already; NULL: it is made */
static int make_own(struct supervisor *sup, const struct stack *stack,
		    const struct network *network, const struct net_place *place, struct err *err)
{
	static const struct subnet_spec none;
	const struct subnet_spec *four = network_subnet(network, 4);
	const struct subnet_spec *six = network->ipv6 ? network_subnet(network, 6) : NULL;

	four = four ? four : &none;
	six = six ? six : &none;
	autofree struct ip *reserved =
		calloc(four->reserved_count + six->reserved_count + 1, sizeof(*reserved));
	autofree char *definition = network_definition(stack, network);
	struct net_network_config config = {
		.name = network->key,
		.known_as = network->name,
		.definition = definition,
		.subnet = four->subnet.prefix,
		.range = four->range.prefix,
		.gateway = four->gateway.ip,
		.ipv6 = network->ipv6,
		.subnet6 = six->subnet.prefix,
		.range6 = six->range.prefix,
		.gateway6 = six->gateway.ip,
		.reserved = reserved,
		.internal = network->internal,
		.mtu = network->mtu,
		.hosts = hosts_of(stack, network->key, 1), /* a service has an address, too */
	};
	struct net_network *made = NULL;

	if (!reserved || !definition)
		return err_set(err, ENOMEM, "network");
	add_reserved(reserved, &config.reserved_count, four);
	add_reserved(reserved, &config.reserved_count, six);
	return place ? net_network_adopt(sup->net, &config, place, &made, err)
		     : net_network_open(sup->net, &config, &made, err);
}

static int make_network(struct supervisor *sup, const struct stack *stack,
			const struct network *network, const struct net_place *place,
			struct err *err)
{
	struct net_network *joined = NULL;

	return network->external
		       ? net_network_join(sup->net, network->key, network->name, &joined, err)
		       : make_own(sup, stack, network, place, err);
}

static struct network_made *find_made(const struct supervisor *sup, const char *key)
{
	struct network_made *made = sup->networks;

	while (made && strcmp(made->key, key) != 0)
		made = made->next;
	return made;
}

static void made_free(struct network_made *made)
{
	if (!made)
		return;
	free(made->key);
	free(made->definition);
	free(made->told);
	free(made);
}

static void tell_unguarded(const struct supervisor *sup)
{
	const char *why = net_unguarded(sup->net);

	if (why)
		supervisor_log(sup, "event=unguarded what=networks error=\"%s\"", why);
}

static void tell_changes(const struct supervisor *sup)
{
	const char *changes = sup->net ? net_host_changes(sup->net) : NULL;

	if (changes)
		supervisor_log(sup, "event=host-changed what=\"%s\"", changes);
}

static int open_net(struct supervisor *sup, struct err *err)
{
	const struct net_config config = config_of(sup);
	int r = net_open(&config, &sup->net, err);

	if (r == 0)
		tell_unguarded(sup);
	return r;
}

static int open_one(struct supervisor *sup, const struct stack *stack,
		    const struct network *network, struct err *err)
{
	const struct network_made *before = find_made(sup, network->key);
	struct network_made *made = calloc(1, sizeof(*made));
	int r = 0;

	if (made)
		*made = (struct network_made){sup->networks, strdup(network->key),
					      network_definition(stack, network), network->internal,
					      network->external};
	if (!made || !made->key || !made->definition)
		r = err_set(err, ENOMEM, "network");
	else if (before && strcmp(before->definition, made->definition) != 0)
		r = err_say(err, EEXIST,
			    "network '%s' has changed, and is in use as it was: run davit down "
			    "first",
			    network->key);
	else if (!before && !sup->net)
		r = open_net(sup, err);
	const bool had_six = sup->net && net_host_changes(sup->net);

	if (r == 0 && !before)
		r = make_network(sup, stack, network, NULL, err);
	if (!had_six)
		tell_changes(sup);
	if (r < 0 || before) {
		made_free(made);
		return r;
	}
	made->internal = net_network_is_internal(net_network_find(sup->net, network->key));
	sup->networks = made;
	return 0;
}

/* The one instance that has a fixed address gets it, whoever starts first. */
static int keep_address(const struct supervisor *sup, const struct service *service,
			const struct net_attachment *attachment, struct err *err)
{
	struct net_network *network = net_network_find(sup->net, attachment->network);
	const struct ip *four = &attachment->ipv4.ip, *six = &attachment->ipv6.ip;
	char name[INSTANCE_NAME_MAX];
	int r = 0;

	snprintf(name, sizeof(name), "%s-1", service->name);
	if (four->family)
		r = net_network_keep(network, name, ip_in(four), err);
	if (r == 0 && six->family)
		r = net_network_keep6(network, name, six, err);
	return r;
}

void networks_open(struct supervisor *sup, const struct stack *stack, const struct service *service,
		   struct strv *problems)
{
	for (size_t i = 0; i < service->network.attachment_count; i++) {
		const struct net_attachment *one = &service->network.attachments[i];
		const struct network *network = stack_network(stack, one->network);
		struct pos pos = network->pos.line ? network->pos : service->pos;
		struct err err = {0};

		if (open_one(sup, stack, network, &err) < 0 ||
		    keep_address(sup, service, one, &err) < 0)
			diagnostic_add(problems, SEVERITY_ERROR, pos, NULL, "%s", err.text);
	}
}

void networks_addresses(struct supervisor *sup, const struct stack *stack,
			const struct service *service)
{
	struct err err = {0};

	for (size_t i = 0; !service->deploy.dnsrr && i < service->network.attachment_count; i++) {
		const char *key = service->network.attachments[i].network;
		struct net_network *network = net_network_find(sup->net, key);

		if (network &&
		    net_virtual_take(network, service->name, hosts_of(stack, key, 0), &err) < 0)
			supervisor_log(sup, "service=%s network=%s event=no-address error=\"%s\"",
				       service->name, key, err.text);
	}
}

struct in_addr networks_address(const struct service *service, const struct net_network *network)
{
	return network && !service->deploy.dnsrr ? net_virtual(network, service->name)
						 : (struct in_addr){INADDR_ANY};
}

/* @addresses: service by service; what another one has come to have is as if it were new. */
static void restore_addresses(struct supervisor *sup, const char *key, struct json_t *addresses)
{
	struct net_network *network = net_network_find(sup->net, key);
	struct in_addr address;

	for (void *it = js_first(addresses); it; it = js_next(addresses, it)) {
		const char *text = js_text(addresses, js_key(it));

		if (text && inet_pton(AF_INET, text, &address) == 1)
			(void)!net_virtual_keep(network, js_key(it), address, NULL);
	}
}

/* Of the manifest in effect; what that does not know any more stays until `down`, as it is. */
static int restore_network(struct supervisor *sup, const struct network_made *made,
			   const struct net_place *place, struct err *err)
{
	const struct stack *stack = sup->manifest->stack;
	const struct network *known = stack_network(stack, made->key);
	const struct net_network_config bare = {.name = made->key, .internal = made->internal};
	struct net_network *network = NULL;

	if (made->joined)
		return net_network_join(sup->net, made->key,
					made->definition + strlen(NETWORK_JOINED), &network, err);
	return known && !known->external ? make_network(sup, stack, known, place, err)
					 : net_network_adopt(sup->net, &bare, place, &network, err);
}

/* Nothing of it there is as good as all of it. */
static bool read_six(const struct json_t *text, struct net_place *place)
{
	const char *subnet = js_text(text, "subnet6");
	const char *gateway = js_text(text, "gateway6");

	place->subnet6 = (struct ip_prefix){0};
	place->gateway6 = (struct ip){0};
	if (!subnet && !gateway)
		return true;
	return subnet && gateway && ip_prefix_parse(subnet, &place->subnet6, NULL) == 0 &&
	       ip_parse(gateway, &place->gateway6, NULL) == 0 && place->subnet6.ip.family == 6 &&
	       place->gateway6.family == 6;
}

static struct network_made *read_made(const struct json_t *text, struct net_place *place)
{
	const char *key = js_text(text, "key");
	const char *definition = js_text(text, "definition");
	const char *address = js_text(text, "address");
	const char *gateway = js_text(text, "gateway");
	struct network_made *made = NULL;

	if (!key || !definition || !address || !gateway ||
	    inet_pton(AF_INET, address, &place->address) != 1 ||
	    inet_pton(AF_INET, gateway, &place->gateway) != 1)
		return NULL;
	place->prefix = (unsigned)js_int(text, "prefix", 24) & 31;
	if (!read_six(text, place))
		return NULL;
	made = calloc(1, sizeof(*made));
	if (made)
		*made = (struct network_made){
			NULL, strdup(key), strdup(definition), js_bool(text, "internal"),
			strncmp(definition, NETWORK_JOINED, strlen(NETWORK_JOINED)) == 0};
	if (made && made->key && made->definition)
		return made;
	made_free(made);
	return NULL;
}

void networks_restore(struct supervisor *sup, const struct json_t *text)
{
	const struct net_config config = config_of(sup);
	struct err err = {0};

	if (js_count(text) == 0)
		return;
	if (net_adopt(&config, &sup->net, &err) < 0) {
		if (!restore_starves(sup, &err))
			restore_doubts(sup);
		supervisor_log(sup, "event=not-restored what=networks error=\"%s\"", err.text);
		return;
	}
	for (size_t i = 0; i < js_count(text); i++) {
		struct net_place place;
		struct network_made *made = read_made(js_at(text, i), &place);

		if (made && restore_network(sup, made, &place, &err) == 0) {
			made->next = sup->networks;
			sup->networks = made;
			restore_addresses(sup, made->key, js_get(js_at(text, i), "addresses"));
			continue;
		}
		if (!restore_starves(sup, &err))
			restore_doubts(sup);
		supervisor_log(sup, "event=not-restored what=network error=\"%s\"", err.text);
		made_free(made);
	}
	networks_allow(sup);
}

int networks_purge(const struct supervisor *sup, struct err *err)
{
	const struct net_config config = config_of(sup);

	return net_purge(&config, err);
}

/* Of services without instances, too, and what IPv6 addresses stand for. What another one has come
 * to have is told when it is wanted. */
static void keep_addresses(const struct supervisor *sup)
{
	const struct stack *stack = sup->manifest->stack;

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service_network *network = &stack->services[i].network;

		for (size_t j = 0; j < network->attachment_count; j++)
			if (net_network_find(sup->net, network->attachments[j].network))
				err_ignore(keep_address(sup, &stack->services[i],
							&network->attachments[j], NULL));
	}
}

void networks_restored(struct supervisor *sup)
{
	struct err err = {0};

	if (!sup->net)
		return;
	keep_addresses(sup);
	if (net_settle(sup->net, &err) < 0)
		supervisor_log(sup, "event=links-left error=\"%s\"", err.text);
	tell_unguarded(sup);
}

/* The callers of a service, by those whose addresses they have. */
static const char **callers_of(const struct stack *stack, const struct service *service)
{
	const struct text_list *allow = &service->traffic.allow;
	const char **callers = calloc(allow->count + 1, sizeof(*callers));

	for (size_t i = 0; callers && i < allow->count; i++) {
		const struct service *caller = stack_service(stack, allow->items[i].value);

		callers[i] = stack_network_owner(stack, caller)->name;
	}
	return callers;
}

static bool wants_host(const struct service *service)
{
	bool wants = false;

	for (size_t i = 0; i < service->network.host_count; i++)
		wants |= strcmp(service->network.hosts[i].address, "host-gateway") == 0;
	return wants;
}

/* Who has a name for the host may call it, and whoever that one shares a network with. */
static int allow_host(const struct stack *stack, struct net_allow *rule, struct err *err)
{
	const char **callers = calloc(stack->service_count + 1, sizeof(*callers));
	size_t count = 0;

	if (!callers)
		return err_set(err, ENOMEM, "extra_hosts");
	for (size_t i = 0; i < stack->service_count; i++)
		if (wants_host(&stack->services[i]))
			callers[count++] = stack_network_owner(stack, &stack->services[i])->name;
	*rule = (struct net_allow){"", callers, count};
	return 0;
}

static int allow(struct supervisor *sup, const struct stack *stack, struct net_allow *rules,
		 struct err *err)
{
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];

		if (!service->traffic.restricted || service->network.mode != NETWORK_BRIDGE)
			continue;
		rules[count] = (struct net_allow){service->name, callers_of(stack, service),
						  service->traffic.allow.count};
		r = rules[count].callers ? 0 : err_set(err, ENOMEM, "x-allow");
		count++;
	}
	if (r == 0)
		r = allow_host(stack, &rules[count], err);
	count += r == 0;
	if (r == 0)
		r = net_allow(sup->net, rules, count, err);
	for (size_t i = 0; i < count; i++)
		free((void *)rules[i].callers);
	return r;
}

void networks_allow(struct supervisor *sup)
{
	const struct stack *stack = sup->manifest->stack;
	autofree struct net_allow *rules = calloc(stack->service_count + 1, sizeof(*rules));
	struct err err = {0};

	if (!sup->net)
		return;
	int r = rules ? allow(sup, stack, rules, &err) : err_set(&err, ENOMEM, "x-allow");

	publish_allowed(sup, r, &err);
}

void networks_close(struct supervisor *sup)
{
	neighbours_close(sup);
	net_close(take_ptr(sup->net));
	while (sup->networks) {
		struct network_made *made = sup->networks;

		sup->networks = made->next;
		made_free(made);
	}
}

/* The first interface is the one of the highest priority; equal ones are in the order of names. */
static int compare_priority(const void *left, const void *right)
{
	const struct net_attachment *a = *(const struct net_attachment *const *)left;
	const struct net_attachment *b = *(const struct net_attachment *const *)right;

	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	return strcmp(a->network, b->network);
}

/* What another stack makes is known when it is joined. */
static bool is_internal(const struct supervisor *sup, const struct network *network)
{
	const struct network_made *made = find_made(sup, network->key);

	return made ? made->internal : network->internal;
}

/* What leads outside comes before what does not. */
static const struct net_attachment *better_gateway(const struct supervisor *sup,
						   const struct stack *stack,
						   const struct net_attachment *a,
						   const struct net_attachment *b)
{
	const bool a_is_internal = is_internal(sup, stack_network(stack, a->network));
	const bool b_is_internal = is_internal(sup, stack_network(stack, b->network));

	if (a->gw_priority != b->gw_priority)
		return a->gw_priority > b->gw_priority ? a : b;
	if (a_is_internal != b_is_internal)
		return a_is_internal ? b : a;
	return compare_priority(&a, &b) < 0 ? a : b;
}

static const struct net_attachment *main_attachment(const struct supervisor *sup,
						    const struct stack *stack,
						    const struct service *service)
{
	const struct net_attachment *best = service->network.attachments;

	for (size_t i = 1; i < service->network.attachment_count; i++)
		best = better_gateway(sup, stack, best, &service->network.attachments[i]);
	return best;
}

bool networks_main_has_six(const struct supervisor *sup, const struct stack *stack,
			   const struct service *service)
{
	const struct net_network *network = networks_main(sup, stack, service);

	return network ? net_gateway6(network).family != 0
		       : stack_network(stack, main_attachment(sup, stack, service)->network)->ipv6;
}

const struct net_network *networks_main(const struct supervisor *sup, const struct stack *stack,
					const struct service *service)
{
	if (!sup->net || !service->network.attachment_count)
		return NULL;
	return net_network_find(sup->net, main_attachment(sup, stack, service)->network);
}

static bool read_mac(const char *text, unsigned char mac[6])
{
	return text && sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1],
			      &mac[2], &mac[3], &mac[4], &mac[5]) == 6;
}

static int fill_link(const struct supervisor *sup, const struct service_network *network,
		     const struct net_attachment *attachment, struct net_link *link,
		     struct err *err)
{
	const char *mac = attachment->mac_address.value;

	link->network = sup->net ? net_network_find(sup->net, attachment->network) : NULL;
	if (!link->network)
		return err_say(err, ENOENT, "network '%s' is not there", attachment->network);
	link->interface = attachment->interface_name.value;
	if (attachment->ipv4.ip.family)
		link->address = ip_in(&attachment->ipv4.ip);
	link->address6 = attachment->ipv6.ip;
	if (!mac && link->main)
		mac = network->mac_address.value;
	if (read_mac(mac, link->mac))
		link->has_mac = true;
	return 0;
}

/* Is it the one instance of a service to which the manifest gives an address? */
static bool has_written(const void *data, const char *name)
{
	const struct stack *stack = settle_stack(data);
	char first[INSTANCE_NAME_MAX];
	bool written = false;

	for (size_t i = 0; i < stack->service_count && !written; i++) {
		const struct service_network *network = &stack->services[i].network;

		snprintf(first, sizeof(first), "%s-1", stack->services[i].name);
		for (size_t j = 0; strcmp(first, name) == 0 && j < network->attachment_count; j++)
			written |= network->attachments[j].ipv4.ip.family ||
				   network->attachments[j].ipv6.ip.family;
	}
	return written;
}

int networks_attach(struct instance *instance, struct err *err)
{
	const struct stack *stack = instance->plan->manifest->stack;
	const struct service *service = instance->plan->service;
	size_t count = service->network.attachment_count;
	autofree const struct net_attachment **sorted =
		calloc(count, sizeof(struct net_attachment *));
	autofree struct net_link *links = calloc(count, sizeof(*links));
	const struct net_attachment *main = main_attachment(instance->sup, stack, service);
	int r = 0;

	if (!sorted || !links)
		return err_set(err, ENOMEM, "%s", instance->name);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &service->network.attachments[i];
	qsort(sorted, count, sizeof(*sorted), compare_priority);
	for (size_t i = 0; r == 0 && i < count; i++) {
		links[i].main = sorted[i] == main;
		r = fill_link(instance->sup, &service->network, sorted[i], &links[i], err);
	}
	const struct net_attach_request request = {instance->name, links, count, service->name};

	if (r == 0)
		r = net_attach(instance->sup->net, &request, &instance->endpoint, err);
	if (r == -EADDRNOTAVAIL && net_release_gone(instance->sup->net, has_written, instance->sup))
		r = net_attach(instance->sup->net, &request, &instance->endpoint, err);
	return r;
}
