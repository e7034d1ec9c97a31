// SPDX-License-Identifier: GPL-2.0-or-later
/* See hold.h. */
#include "launcher/supervisor/hold.h"

#include "launcher/helper/words.h"
#include "launcher/hold/words.h"
#include "launcher/js.h"
#include "launcher/policy/observed.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/helper.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/scaler.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/network/net_hold.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define LIMIT_MS 60000 /* how long a connection may wait */

/* One that listens. */
struct hold_socket {
	struct hold_socket *next;
	char *network;
	uint16_t target; /* the port that is published; 0: all that the service's address has */
	int fd;
	bool handed;
};

/* One service. */
struct hold_place {
	struct hold_place *next;
	char *service;
	struct hold_socket *sockets;
	struct in_addr target; /* who serves; INADDR_ANY: nobody; INADDR_NONE: nobody will */
	bool told;
	bool wanted;
};

struct hold {
	struct helper helper;
	struct supervisor *sup;
	struct hold_place *places;
	bool served; /* there is a process */
};

/* ---- what there is ---- */

/* A name of its own with the keeper, whose names are short. */
static void kept_name(char name[static KEEP_NAME_MAX + 1], const char *service,
		      const struct hold_socket *one)
{
	char whole[WORDS_KEY_MAX + 1];
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	snprintf(whole, sizeof(whole), "%.100s %.100s %u", service, one->network, one->target);
	for (const char *at = whole; *at; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	snprintf(name, KEEP_NAME_MAX + 1, "hold-%016" PRIx64, hash);
}

static void socket_free(struct hold *hold, const struct hold_place *place, struct hold_socket *one)
{
	char name[KEEP_NAME_MAX + 1];

	if (one->fd >= 0) {
		kept_name(name, place->service, one);
		keep_drop(hold->sup->keep, name);
	}
	fd_drop(&one->fd);
	free(one->network);
	free(one);
}

static void place_free(struct hold *hold, struct hold_place *place)
{
	while (place->sockets) {
		struct hold_socket *first = place->sockets;

		place->sockets = first->next;
		socket_free(hold, place, first);
	}
	free(place->service);
	free(place);
}

static struct hold_place *find(const struct hold *hold, const char *service)
{
	struct hold_place *place = hold ? hold->places : NULL;

	while (place && strcmp(place->service, service) != 0)
		place = place->next;
	return place;
}

static struct hold_place *find_or_make(struct hold *hold, const char *service)
{
	struct hold_place *place = find(hold, service);

	if (place)
		return place;
	place = calloc(1, sizeof(*place));
	if (!place)
		return NULL;
	place->service = strdup(service);
	if (!place->service) {
		free(place);
		return NULL;
	}
	place->next = hold->places;
	hold->places = place;
	return place;
}

static const struct hold_socket *find_socket(const struct hold_place *place, const char *network,
					     uint16_t target)
{
	const struct hold_socket *one = place ? place->sockets : NULL;

	while (one && (one->target != target || strcmp(one->network, network) != 0))
		one = one->next;
	return one;
}

/* A predecessor's, or a new one. */
static int open_socket(struct hold *hold, const struct hold_place *place, struct hold_socket *one,
		       const struct net_network *network)
{
	char name[KEEP_NAME_MAX + 1];
	struct err err = {0};

	kept_name(name, place->service, one);
	one->fd = keep_take(hold->sup->keep, name);
	if (one->fd >= 0)
		return 0;
	one->fd = -1;
	int r = net_hold_socket(network, &one->fd, &err);

	if (r < 0)
		supervisor_log(hold->sup, "service=%s event=not-held error=\"%s\"", place->service,
			       err.text);
	else
		err_ignore(keep_store(hold->sup->keep, name, one->fd, NULL));
	return r;
}

static void need_socket(struct hold *hold, struct hold_place *place,
			const struct net_network *network, uint16_t target)
{
	const char *key = net_network_name(network);

	if (find_socket(place, key, target))
		return;
	struct hold_socket *one = calloc(1, sizeof(*one));

	if (!one)
		return; /* the next change tries again */
	*one = (struct hold_socket){.network = strdup(key), .target = target, .fd = -1};
	if (!one->network || open_socket(hold, place, one, network) < 0) {
		socket_free(hold, place, one);
		return;
	}
	one->next = place->sockets;
	place->sockets = one;
}

/* ---- what is wanted ---- */

static bool may_sleep(const struct supervisor *sup, size_t i)
{
	const struct service *service = &sup->manifest->stack->services[i];

	return sup->units[i].selected && service->autoscale.present &&
	       service->autoscale.idle_ms > 0;
}

static size_t service_count(const struct supervisor *sup)
{
	return sup->manifest ? sup->manifest->stack->service_count : 0;
}

/* Who has given up is not waited for. */
static bool has_failed(const struct supervisor *sup, const char *service)
{
	bool any = false;

	for (const struct instance *one = sup->instances; one; one = one->next) {
		if (strcmp(one->plan->service->name, service) != 0 || instance_is_one_off(one))
			continue;
		if (one->state != INSTANCE_FAILED)
			return false;
		any = true;
	}
	return any;
}

/* Nobody serves who is about to stop. */
static struct in_addr target_of(const struct supervisor *sup, const struct unit *unit,
				const char *service)
{
	const struct instance *one = unit->asleep ? NULL : sup->instances;

	for (; one; one = one->next)
		if (one->state == INSTANCE_READY && one->endpoint && !instance_is_one_off(one) &&
		    strcmp(one->plan->service->name, service) == 0)
			return net_endpoint_address(one->endpoint);
	return (struct in_addr){
		htonl(!unit->asleep && has_failed(sup, service) ? INADDR_NONE : INADDR_ANY)};
}

bool hold_is_wanted(const struct supervisor *sup, size_t i)
{
	const struct unit *unit = &sup->units[i];

	if (!unit->held || !may_sleep(sup, i) || unit->stopped || !unit->plan || sup->ending)
		return false;
	if (unit->asleep)
		return true;
	struct in_addr target = target_of(sup, unit, sup->manifest->stack->services[i].name);

	if (unit->replicas == 0 || target.s_addr == htonl(INADDR_NONE))
		return false;
	/* Without the process nobody leads them on to who is ready. */
	return target.s_addr == htonl(INADDR_ANY) || (sup->hold && sup->hold->served);
}

static void need_sockets(struct hold *hold, struct hold_place *place, const struct service *service)
{
	const struct supervisor *sup = hold->sup;
	const struct stack *stack = sup->manifest->stack;
	const struct net_network *main = networks_main(sup, stack, service);

	for (size_t i = 0; i < service->network.attachment_count; i++) {
		const struct net_network *network =
			net_network_find(sup->net, service->network.attachments[i].network);

		if (network && networks_address(service, network).s_addr != htonl(INADDR_ANY))
			need_socket(hold, place, network, 0);
	}
	for (size_t i = 0; main && i < sup->port_count; i++)
		if (strcmp(sup->ports[i].service->name, service->name) == 0 &&
		    sup->ports[i].protocol == IPPROTO_TCP)
			need_socket(hold, place, main, sup->ports[i].target);
}

static void write_place(struct hold *hold, size_t i)
{
	const struct supervisor *sup = hold->sup;
	const struct service *service = &sup->manifest->stack->services[i];
	struct hold_place *place = find_or_make(hold, service->name);

	if (!place)
		return;
	place->wanted = true;
	need_sockets(hold, place, service);
	struct in_addr target = target_of(sup, &sup->units[i], service->name);

	place->told = place->told && target.s_addr == place->target.s_addr;
	place->target = target;
}

/* A word that is lost leaves sockets open that nobody is led to. */
static void forget_others(struct hold *hold)
{
	struct hold_place **link = &hold->places;

	while (*link) {
		struct hold_place *place = *link;

		if (place->wanted) {
			link = &place->next;
			continue;
		}
		*link = place->next;
		if (hold->helper.control_fd >= 0)
			err_ignore(words_send(hold->helper.control_fd, HOLD_WORD_FORGET,
					      place->service, -1));
		place_free(hold, place);
	}
}

/* ---- words ---- */

static int tell_place(struct hold_place *place, int control_fd)
{
	char key[WORDS_KEY_MAX + 1], address[INET_ADDRSTRLEN] = "-";
	int r = 0;

	for (struct hold_socket *one = place->sockets; r == 0 && one; one = one->next) {
		snprintf(key, sizeof(key), "%.200s %u %d", place->service, one->target, LIMIT_MS);
		if (!one->handed)
			r = words_send(control_fd, HOLD_WORD_LISTEN, key, one->fd);
		one->handed = r == 0;
	}
	if (r < 0 || place->told)
		return r;
	if (place->target.s_addr == htonl(INADDR_NONE))
		snprintf(address, sizeof(address), "!");
	else if (place->target.s_addr != htonl(INADDR_ANY))
		inet_ntop(AF_INET, &place->target, address, sizeof(address));
	snprintf(key, sizeof(key), "%.200s %s", place->service, address);
	r = words_send(control_fd, HOLD_WORD_TARGET, key, -1);
	place->told = r == 0;
	return r;
}

static int tell(void *data, int control_fd)
{
	const struct hold *hold = data;
	int r = 0;

	for (struct hold_place *place = hold->places; r == 0 && place; place = place->next)
		r = tell_place(place, control_fd);
	return r;
}

static void on_begun(void *data)
{
	struct hold *hold = data;
	bool served = hold->helper.control_fd >= 0;

	for (struct hold_place *place = hold->places; place; place = place->next) {
		place->told = false;
		for (struct hold_socket *one = place->sockets; one; one = one->next)
			one->handed = false;
	}
	if (served != hold->served)
		publish_ports(hold->sup);
	hold->served = served;
}

/* From here on connections go to the instances directly, or are refused. */
static void release(struct supervisor *sup, struct unit *unit)
{
	if (unit->asleep || !unit->held)
		return;
	unit->held = false;
	save_stack_now(sup);
	publish_ports(sup);
	supervisor_touch(sup);
}

static void given_up(struct supervisor *sup, const char *service, const char *number)
{
	supervisor_log(sup, "service=%s event=waited-in-vain connections=%s", service, number);
	events_service(sup, service, "waited-in-vain", "no instance has served them",
		       js_pack("{s:i}", "connections", (int)strtol(number, NULL, 10)));
}

static void wake(struct hold *hold, size_t i, const char *service)
{
	struct hold_place *place = find(hold, service);

	scaler_wake(hold->sup, i, "woken by a connection");
	if (!hold->sup->units[i].asleep || !place)
		return;
	/* Without memory for it: whoever is told again tells again. */
	place->told = false;
	helper_wake(&hold->helper);
}

static void on_heard(void *data, char word, const char *key)
{
	struct hold *hold = data;
	struct supervisor *sup = hold->sup;
	char service[WORDS_KEY_MAX + 1];

	snprintf(service, sizeof(service), "%s", key);
	char *rest = strchr(service, ' ');

	if (rest)
		*rest++ = '\0';
	long i = sup->manifest ? observed_service(sup->manifest->stack, service) : -1;

	if (i < 0 || sup->ending)
		return;
	if (word == HOLD_ANSWER_WAITING && sup->units[i].asleep)
		wake(hold, (size_t)i, service);
	if (word == HOLD_ANSWER_GIVEN_UP)
		given_up(sup, service, rest ? rest : "0");
	if (word == HOLD_ANSWER_SERVED || word == HOLD_ANSWER_GIVEN_UP)
		release(sup, &sup->units[i]);
}

static const struct helper_kind kind = {
	.program = "davit-hold",
	.name = "hold",
	.event = "holder",
	.begun = on_begun,
	.tell = tell,
	.heard = on_heard,
};

/* ---- beginning and end ---- */

static struct hold *hold_open(struct supervisor *sup)
{
	struct hold *hold = calloc(1, sizeof(*hold));

	if (!hold)
		return NULL;
	hold->sup = sup;
	if (helper_open(&hold->helper, sup, &kind, hold) == 0)
		return hold;
	free(hold);
	return NULL;
}

static void collect(struct hold *hold)
{
	for (struct hold_place *place = hold->places; place; place = place->next)
		place->wanted = false;
	for (size_t i = 0; i < service_count(hold->sup); i++)
		if (may_sleep(hold->sup, i))
			write_place(hold, i);
	forget_others(hold);
}

void hold_write(struct supervisor *sup)
{
	bool any = false;

	for (size_t i = 0; i < service_count(sup) && !any; i++)
		any = may_sleep(sup, i);
	if (!sup->net || (!any && !sup->hold))
		return;
	if (!sup->hold)
		sup->hold = hold_open(sup);
	if (!sup->hold)
		return; /* the next change tries again */
	collect(sup->hold);
	helper_tell(&sup->hold->helper);
}

static uint16_t port_of(const struct hold_socket *one)
{
	return one ? net_hold_port(one->fd) : 0;
}

uint16_t hold_port(const struct supervisor *sup, const struct service *service,
		   const struct net_network *network)
{
	return port_of(find_socket(find(sup->hold, service->name), net_network_name(network), 0));
}

uint16_t hold_published(const struct supervisor *sup, const struct reservation *port)
{
	const struct net_network *main = networks_main(sup, sup->manifest->stack, port->service);

	if (!main || port->protocol != IPPROTO_TCP)
		return 0;
	return port_of(find_socket(find(sup->hold, port->service->name), net_network_name(main),
				   port->target));
}

void hold_adopt(struct supervisor *sup)
{
	struct hold *hold = sup->net ? hold_open(sup) : NULL;

	if (!hold)
		return;
	sup->hold = hold;
	hold->served = helper_adopt(&hold->helper);
	/* What it has it is told again, which changes nothing. */
	collect(hold);
	if (!hold->places)
		hold_close(sup);
}

void hold_purge(const struct supervisor *sup)
{
	helper_purge(sup, &kind);
}

void hold_close(struct supervisor *sup)
{
	struct hold *hold = sup->hold;

	if (!hold)
		return;
	sup->hold = NULL;
	helper_close(&hold->helper);
	while (hold->places) {
		struct hold_place *first = hold->places;

		hold->places = first->next;
		place_free(hold, first);
	}
	free(hold);
}
