// SPDX-License-Identifier: GPL-2.0-or-later
/* See hold.h. */
#include "launcher/supervisor/hold.h"

#include "launcher/helper/words.h"
#include "launcher/hold/words.h"
#include "launcher/js.h"
#include "launcher/policy/observed.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/helper.h"
#include "launcher/supervisor/hold_sockets.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/scaler.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* One service. */
struct hold_place {
	struct hold_place *next;
	char *service;
	struct hold_sockets sockets;
	struct in_addr target; /* who serves; INADDR_ANY: nobody; INADDR_NONE: nobody will */
	struct ip target6;     /* the same one; family 0: there is none */
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

static void place_free(struct hold *hold, struct hold_place *place)
{
	hold_sockets_free(hold->sup, place->service, &place->sockets);
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
static const struct instance *server_of(const struct supervisor *sup, const struct unit *unit,
					const char *service)
{
	const struct instance *one = unit->asleep ? NULL : sup->instances;

	for (; one; one = one->next)
		if (one->state == INSTANCE_READY && one->endpoint && !instance_is_one_off(one) &&
		    strcmp(one->plan->service->name, service) == 0)
			break;
	return one;
}

static struct in_addr target_of(const struct supervisor *sup, const struct unit *unit,
				const char *service)
{
	const struct instance *server = server_of(sup, unit, service);

	if (server)
		return net_endpoint_address(server->endpoint);
	return (struct in_addr){
		htonl(!unit->asleep && has_failed(sup, service) ? INADDR_NONE : INADDR_ANY)};
}

/* In whatever network it has one. */
static struct ip target6_of(const struct supervisor *sup, const struct unit *unit,
			    const struct service *service)
{
	const struct instance *server = server_of(sup, unit, service->name);
	struct ip address = {0};

	for (size_t i = 0; server && !address.family && i < service->network.attachment_count;
	     i++) {
		const struct net_network *network =
			net_network_find(sup->net, service->network.attachments[i].network);

		if (network)
			address = net_address6(network,
					       net_endpoint_address_in(server->endpoint, network));
	}
	return address;
}

bool hold_is_wanted(const struct supervisor *sup, size_t i)
{
	const struct unit *unit = &sup->units[i];

	const struct hold_place *place = find(sup->hold, sup->manifest->stack->services[i].name);

	if (!unit->held || !may_sleep(sup, i) || unit->stopped || !unit->plan || sup->ending ||
	    !place || !place->sockets.first)
		return false;
	if (unit->asleep)
		return true;
	struct in_addr target = target_of(sup, unit, sup->manifest->stack->services[i].name);

	if (unit->replicas == 0 || target.s_addr == htonl(INADDR_NONE))
		return false;
	/* Without the process nobody leads them on to who is ready. */
	return target.s_addr == htonl(INADDR_ANY) || (sup->hold && sup->hold->served);
}

static void write_place(struct hold *hold, size_t i)
{
	struct supervisor *sup = hold->sup;
	const struct service *service = &sup->manifest->stack->services[i];
	struct hold_place *place = find_or_make(hold, service->name);

	if (!place) {
		publish_ports_again(sup, "out of memory");
		return;
	}
	place->wanted = true;
	hold_sockets_need(sup, service, &place->sockets);
	struct in_addr target = target_of(sup, &sup->units[i], service->name);
	struct ip target6 = target6_of(sup, &sup->units[i], service);

	place->told = place->told && target.s_addr == place->target.s_addr &&
		      ip_compare(&target6, &place->target6) == 0;
	place->target = target;
	place->target6 = target6;
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

/* It knows them by no name of their own. */
static int tell_stale(struct hold_place *place, int control_fd)
{
	if (!place->sockets.stale)
		return 0;
	int r = words_send(control_fd, HOLD_WORD_FORGET, place->service, -1);

	if (r < 0)
		return r;
	for (struct hold_socket *one = place->sockets.first; one; one = one->next)
		one->handed = false;
	place->sockets.stale = false;
	return 0;
}

static int tell_place(struct hold_place *place, int control_fd)
{
	char key[WORDS_KEY_MAX + 1], address[INET_ADDRSTRLEN] = "-", address6[IP_TEXT_MAX] = "";
	int r = tell_stale(place, control_fd);

	for (struct hold_socket *one = place->sockets.first; r == 0 && one; one = one->next) {
		snprintf(key, sizeof(key), "%.200s %u %d", place->service, one->use.target,
			 hold_socket_limit_ms(one));
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
	if (place->target6.family)
		ip_format(&place->target6, address6);
	snprintf(key, sizeof(key), "%.200s %s%s%s", place->service, address, *address6 ? " " : "",
		 address6);
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
		for (struct hold_socket *one = place->sockets.first; one; one = one->next)
			one->handed = false;
	}
	if (served != hold->served)
		publish_ports(hold->sup);
	hold->served = served;
}

/* From here on who calls gets to the instances directly, or is refused. */
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

	scaler_wake(hold->sup, i, "woken by a call");
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
	if (!sup->hold) {
		publish_ports_again(sup, "out of memory");
		return;
	}
	collect(sup->hold);
	helper_tell(&sup->hold->helper);
}

size_t hold_list(const struct supervisor *sup, const struct service *service,
		 const struct net_network *network, struct net_holder *to)
{
	const struct hold_place *place = find(sup->hold, service->name);

	return place ? hold_sockets_list(&place->sockets, network, to) : 0;
}

uint16_t hold_published(const struct supervisor *sup, const struct reservation *port)
{
	const struct net_network *main = networks_main(sup, sup->manifest->stack, port->service);
	const struct hold_place *place = find(sup->hold, port->service->name);

	return place && main ? hold_sockets_published(&place->sockets, main, port) : 0;
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
