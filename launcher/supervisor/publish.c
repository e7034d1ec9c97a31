// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What others reach: names (hosts.h), and who is behind the services' addresses and the published
 * ports (balance.h). Both are derived anew from the instances whenever these change.
 */
#include "launcher/js.h"
#include "launcher/supervisor/balance.h"
#include "launcher/supervisor/dns.h"
#include "launcher/supervisor/hold.h"
#include "launcher/supervisor/hosts.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/restore.h"
#include "launcher/supervisor/supervisor.h"
#include "manifests/manifest.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

/* Publishing takes one part of the time, everything else so many. */
#define PAUSE_FACTOR 4
/* What the kernel has refused is tried again as a whole, so much later; nobody waits for it. */
#define RETRY_US 1000000

void publish_names(struct supervisor *sup, bool new)
{
	sup->publishing.names_due = true;
	if (new)
		sup->publishing.names_after_us = 0;
}

void publish_ports(struct supervisor *sup)
{
	sup->publishing.ports_due = true;
}

/* The turn to come sees to the timer. */
static void lack(struct supervisor *sup, const char *what, bool *told, const char *why)
{
	if (!*told)
		supervisor_log(sup, "event=publish-failed what=%s error=\"%s\"", what, why);
	*told = true;
	supervisor_touch(sup);
}

void publish_names_again(struct supervisor *sup, const char *why)
{
	sup->publishing.names_failed = true;
	lack(sup, "names", &sup->publishing.names_lack, why);
}

void publish_ports_again(struct supervisor *sup, const char *why)
{
	sup->publishing.ports_failed = true;
	lack(sup, "ports", &sup->publishing.ports_lack, why);
}

void publish_allowed(struct supervisor *sup, int r, const struct err *err)
{
	sup->publishing.allow_failed = r < 0;
	if (r < 0)
		publish_ports_again(sup, err->text);
	publish_ports(sup);
}

bool publish_is_due(const struct supervisor *sup)
{
	return sup->publishing.names_due || sup->publishing.ports_due;
}

static void all_names(struct supervisor *sup)
{
	struct publishing *state = &sup->publishing;
	int64_t begin_us = loop_clock_us();

	state->names_due = state->names_failed = false;
	dns_write(sup); /* first: who asks it needs no file */
	hosts_write(sup);
	state->names_lack = state->names_failed;
	int64_t end_us = loop_clock_us();

	state->names_after_us =
		end_us + (state->names_failed ? RETRY_US : PAUSE_FACTOR * (end_us - begin_us));
}

/* Reserves again what could not be: a child that a dead predecessor was about to start may have had
 * it until its exec. False when there is still some. */
static bool hold_ports(struct supervisor *sup)
{
	bool all = true;

	for (size_t i = 0; i < sup->port_count; i++) {
		struct reservation *held = &sup->ports[i];

		if (held->fd >= 0)
			continue;
		if (net_port_reserve(held->protocol, &held->host_ip, &held->port, &held->fd, NULL) <
		    0)
			all = false;
		else
			supervisor_log(sup, "event=port-regained port=%u", held->port);
	}
	return all;
}

static void all_ports(struct supervisor *sup)
{
	struct publishing *state = &sup->publishing;
	int64_t begin_us = loop_clock_us();
	struct err err = {0};

	if (state->allow_failed)
		networks_allow(sup);
	state->ports_due = false;
	state->ports_failed = state->allow_failed;
	if (!sup->net)
		return;
	hold_write(sup); /* whoever comes next is led as he finds it */
	if (balance_write(sup, &err) < 0)
		publish_ports_again(sup, err.text);
	state->ports_lack = state->ports_failed;
	state->ports_failed |= !hold_ports(sup);
	dns_write(sup); /* some names mean the ready instances */
	int64_t end_us = loop_clock_us();

	state->ports_after_us =
		end_us + (state->ports_failed ? RETRY_US : PAUSE_FACTOR * (end_us - begin_us));
}

bool publish_all(struct supervisor *sup)
{
	const struct publishing *state = &sup->publishing;
	int64_t now_us = loop_clock_us();
	int64_t wait_us = 0;
	bool names = (state->names_due || state->names_failed) && now_us >= state->names_after_us;
	bool ports = (state->ports_due || state->ports_failed) && now_us >= state->ports_after_us;

	if (names)
		all_names(sup);
	if (ports)
		all_ports(sup);
	if (state->names_due || state->names_failed)
		wait_us = state->names_after_us - now_us;
	if ((state->ports_due || state->ports_failed) &&
	    (!wait_us || state->ports_after_us - now_us < wait_us))
		wait_us = state->ports_after_us - now_us;
	if (publish_is_due(sup) || state->names_failed || state->ports_failed)
		watch_arm(sup->retry, wait_us / 1000 + 1);
	return names || ports;
}

static bool same_port(const struct reservation *held, const struct reservation *want)
{
	if (held->protocol != want->protocol || ip_compare(&held->host_ip, &want->host_ip) != 0 ||
	    held->wanted != want->wanted || held->last != want->last)
		return false;
	/* "any port" is kept by whom it was given to. */
	return (want->wanted != 0 && !want->last) ||
	       (held->target == want->target &&
		strcmp(held->service->name, want->service->name) == 0);
}

/* Moves the fd of a port that is held already into the new set. */
static bool take_held(struct supervisor *sup, struct reservation *want)
{
	for (size_t i = 0; i < sup->port_count; i++) {
		struct reservation *held = &sup->ports[i];

		if (held->fd < 0 || !same_port(held, want))
			continue;
		want->port = held->port;
		want->fd = take_fd(&held->fd);
		return true;
	}
	return false;
}

/* What is ours and stands in the way on another address is given up; see publish_abandon(). */
static void make_room(struct supervisor *sup, const struct reservation *want)
{
	for (size_t i = 0; want->wanted != 0 && !want->last && i < sup->port_count; i++)
		if (sup->ports[i].port == want->wanted &&
		    sup->ports[i].protocol == want->protocol &&
		    sup->ports[i].host_ip.family == want->host_ip.family)
			fd_drop(&sup->ports[i].fd);
}

/* The port, or the first one of a range that is free. Who has one is looked for once. */
static int reserve_port(struct reservation *want, struct err *err)
{
	struct err first = {0};
	int r;

	want->port = want->wanted;
	r = net_port_reserve(want->protocol, &want->host_ip, &want->port, &want->fd, &first);
	for (unsigned port = want->wanted + 1U; r == -EADDRINUSE && port <= want->last; port++) {
		want->port = (uint16_t)port;
		r = net_port_reserve(want->protocol, &want->host_ip, &want->port, &want->fd, NULL);
	}
	if (r < 0 && want->last && first.code == EADDRINUSE)
		return err_say(err, EADDRINUSE, "no port from %u to %u is free: %s", want->wanted,
			       want->last, first.text);
	if (r < 0)
		*err = first;
	return r;
}

/* @like: which has the port already that this one is to have, in the other family; NULL: none */
static void reserve_one(struct supervisor *sup, const struct port_spec *spec,
			struct reservation *want, const struct reservation *like,
			struct strv *problems)
{
	struct err err = {0};

	if (take_held(sup, want))
		return;
	make_room(sup, want);
	want->port = like ? like->port : 0;
	int r = like ? net_port_reserve(want->protocol, &want->host_ip, &want->port, &want->fd,
					&err)
		     : reserve_port(want, &err);

	if (r < 0)
		diagnostic_add(problems, SEVERITY_ERROR, spec->pos, want->service->name, "%s",
			       err.text);
}

/* What is being put together. */
struct reservations {
	struct port_set *set;
	struct strv *problems;
};

/* On all addresses of the host where none is written, of both families where @six. */
static void reserve_spec(struct supervisor *sup, const struct port_spec *spec,
			 const struct service *service, bool six, struct reservations *to)
{
	struct reservation want = {
		.service = service,
		.protocol = spec->protocol == PROTOCOL_UDP ? IPPROTO_UDP : IPPROTO_TCP,
		.host_ip = {.family = 4},
		.wanted = spec->published,
		.last = spec->published_last,
		.target = spec->target,
		.fd = -1,
	};
	struct reservation *first = &to->set->items[to->set->count];

	if (spec->host_ip && ip_parse(spec->host_ip, &want.host_ip, NULL) < 0)
		want.host_ip.family = 0;
	if (!want.host_ip.family || (want.host_ip.family == 6 && !six)) {
		diagnostic_add(to->problems, SEVERITY_ERROR, spec->pos, service->name,
			       "an IPv6 host address needs a network with enable_ipv6: true");
		return;
	}
	to->set->count++;
	*first = want;
	reserve_one(sup, spec, first, NULL, to->problems);
	if (spec->host_ip || !six || first->fd < 0)
		return;
	want.host_ip.family = 6;
	to->set->items[to->set->count] = want;
	reserve_one(sup, spec, &to->set->items[to->set->count++], first, to->problems);
}

int publish_reserve(struct supervisor *sup, const struct stack *stack, const bool *selected,
		    struct port_set *ret_set, struct strv *problems)
{
	struct reservations to = {ret_set, problems};
	size_t total = 0;

	for (size_t i = 0; i < stack->service_count; i++)
		total += stack->services[i].port_count;
	/* Of both families. */
	ret_set->items = calloc(2 * total + 1, sizeof(*ret_set->items));
	if (!ret_set->items)
		return -ENOMEM;
	ret_set->count = 0;
	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];

		/* A service in the host's namespace binds its ports itself. */
		if (!selected[i] || service->network.mode != NETWORK_BRIDGE)
			continue;
		const bool six = service->port_count && networks_main_has_six(sup, stack, service);

		for (size_t j = 0; j < service->port_count; j++)
			reserve_spec(sup, &service->ports[j], service, six, &to);
	}
	return 0;
}

static void port_set_free(struct reservation *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fd_drop(&items[i].fd);
	free(items);
}

void publish_commit(struct supervisor *sup, struct port_set *set)
{
	port_set_free(sup->ports, sup->port_count);
	sup->ports = take_ptr(set->items);
	sup->port_count = set->count;
	publish_names(sup, true);
	publish_ports(sup);
	sup->publishing.ports_after_us = 0;
}

/* Gives what was moved back to whom it belonged, closes the rest, takes anew what was given up. */
void publish_abandon(struct supervisor *sup, struct port_set *set)
{
	struct err err = {0};

	for (size_t i = 0; i < set->count; i++) {
		struct reservation *want = &set->items[i];

		for (size_t j = 0; j < sup->port_count && want->fd >= 0; j++) {
			struct reservation *held = &sup->ports[j];

			if (held->fd < 0 && held->port == want->port &&
			    held->protocol == want->protocol &&
			    ip_compare(&held->host_ip, &want->host_ip) == 0)
				held->fd = take_fd(&want->fd);
		}
	}
	port_set_free(set->items, set->count);
	*set = (struct port_set){0};
	for (size_t i = 0; i < sup->port_count; i++) {
		struct reservation *held = &sup->ports[i];

		if (held->fd < 0 && net_port_reserve(held->protocol, &held->host_ip, &held->port,
						     &held->fd, &err) < 0)
			supervisor_log(sup, "event=port-lost error=\"%s\"", err.text);
	}
	publish_ports(sup);
}

/* False for what makes no sense. */
static bool read_port(const struct supervisor *sup, const struct json_t *text,
		      struct reservation *ret)
{
	const char *service = js_text(text, "service");
	const char *host_ip = js_text(text, "host_ip");

	*ret = (struct reservation){
		.service = service ? stack_service(sup->manifest->stack, service) : NULL,
		.protocol = (int)js_int(text, "protocol", IPPROTO_TCP),
		.wanted = (uint16_t)js_int(text, "wanted", 0),
		.last = (uint16_t)js_int(text, "last", 0),
		.port = (uint16_t)js_int(text, "port", 0),
		.target = (uint16_t)js_int(text, "target", 0),
		.fd = -1,
	};
	return ret->service && ret->port && host_ip && ip_parse(host_ip, &ret->host_ip, NULL) == 0;
}

/* Whoever has come to have the port meanwhile gets nothing by it: what is published is taken from
 * connections before they get to a socket. */
void publish_restore(struct supervisor *sup, const struct json_t *text)
{
	struct err err = {0};

	sup->ports = calloc(js_count(text) + 1, sizeof(*sup->ports));
	sup->starved |= !sup->ports; /* as if nothing were published */
	for (size_t i = 0; sup->ports && i < js_count(text); i++) {
		struct reservation *held = &sup->ports[sup->port_count];

		if (!read_port(sup, js_at(text, i), held))
			continue;
		sup->port_count++;
		if (net_port_reserve(held->protocol, &held->host_ip, &held->port, &held->fd, &err) <
			    0 &&
		    !restore_starves(sup, &err))
			supervisor_log(sup, "event=port-lost error=\"%s\"", err.text);
	}
	publish_ports(sup);
}

void publish_close(struct supervisor *sup)
{
	port_set_free(take_ptr(sup->ports), sup->port_count);
	sup->port_count = 0;
}
