// SPDX-License-Identifier: GPL-2.0-or-later
/* See place.h. */
#include "launcher/hold/place.h"

#include "launcher/hold/relay.h"
#include "launcher/hold/words.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <linux/netfilter_ipv4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH	    16	/* so many at once, then the others get their turn */
#define RETRY_MS    5	/* a program that has just begun does not listen yet */
#define RETRIES	    400 /* so many times, then */
#define RETRY_LATER 50	/* less often */
#define TICK_MS	    50	/* how exact other times are */
#define KEY_MAX	    256
#define PARTS	    4 /* of the room for all */

/* A socket that listens for a service. */
struct listener {
	struct source source;
	struct place *place;
	struct listener *next;
	struct place_socket how;
	int fd;
	ino_t inode;
	bool deaf;	/* somebody waits: no need to hear of more */
	bool forgotten; /* to be closed */
};

/* A connection on its way to an instance. */
struct call {
	struct source source;
	struct place *place;
	struct call *next;
	int fd;
	int out_fd; /* -1: not at it */
	uint16_t port;
	unsigned tries;
	int64_t due_ms; /* the next try */
	int64_t end_ms; /* of its patience */
};

struct place {
	struct hall *hall;
	struct place *next;
	char *service;
	struct listener *listeners;
	struct call *calls;
	unsigned open;	    /* of hall->open */
	int64_t starved_ms; /* the host has no room for more, looked at then; 0: not so */
	bool led;	    /* there is somebody: */
	struct in_addr target;
	int64_t waiting_ms; /* since when the first one does; 0: nobody waits */
	int64_t limit_ms;
	bool waiting_told;
	bool served, served_told; /* by the target */
	unsigned given_up;	  /* not told yet */
};

static void on_listener(struct source *source, uint32_t events);
static void on_call(struct source *source, uint32_t events);

static struct place *find(const struct hall *hall, const char *service)
{
	struct place *place = hall->places;

	while (place && strcmp(place->service, service) != 0)
		place = place->next;
	return place;
}

static struct place *make(struct hall *hall, const char *service)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return NULL;
	place->hall = hall;
	place->service = strdup(service);
	if (!place->service) {
		free(place);
		return NULL;
	}
	place->next = hall->places;
	hall->places = place;
	return place;
}

static void set_deaf(struct listener *listener, bool deaf)
{
	if (deaf != listener->deaf)
		sources_change(listener->place->hall->loop_fd, listener->fd, deaf ? 0 : EPOLLIN,
			       &listener->source);
	listener->deaf = deaf;
}

static void hear_all(struct place *place)
{
	for (struct listener *one = place->listeners; one; one = one->next)
		set_deaf(one, false);
}

/* ---- one connection ---- */

/* One service alone takes no more than a part of the room. */
static bool is_full(const struct place *place)
{
	const struct hall *hall = place->hall;

	return hall->open >= hall->most || place->open >= hall->most / PARTS + 1;
}

/* Whoever could not come in for want of room can now. */
static void use_room(struct place *place)
{
	if (!place->led || is_full(place))
		return;
	place->waiting_ms = 0;
	hear_all(place);
}

static void on_relay_end(void *data)
{
	struct place *place = data;
	struct hall *hall = place->hall;
	bool was_full = hall->open-- >= hall->most;

	place->open--;
	use_room(place);
	for (struct place *one = was_full ? hall->places : NULL; one; one = one->next)
		use_room(one);
}

/* Off the list; its descriptors are others' by now. */
static void call_free(struct call *call)
{
	struct call **link = &call->place->calls;

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	free(call);
}

static void drop_try(struct call *call)
{
	if (call->out_fd >= 0)
		sources_remove(call->place->hall->loop_fd, call->out_fd);
	fd_drop(&call->out_fd);
}

static void give_up(struct call *call)
{
	struct place *place = call->place;

	drop_try(call);
	relay_reset(call->fd);
	place->given_up++;
	call_free(call);
	on_relay_end(place);
}

static void connected(struct call *call)
{
	struct place *place = call->place;
	struct hall *hall = place->hall;
	int client_fd = call->fd, server_fd = take_fd(&call->out_fd);

	sources_remove(hall->loop_fd, server_fd);
	place->served = true;
	call_free(call);
	if (relay_begin(hall->loop_fd, client_fd, server_fd,
			&(struct relay_owner){on_relay_end, place}) < 0)
		on_relay_end(place);
}

static void try_later(struct call *call)
{
	drop_try(call);
	call->tries++;
	call->due_ms = sources_now_ms() + (call->tries < RETRIES ? RETRY_MS : RETRY_LATER);
}

/* May free @call. */
static void try(struct call *call)
{
	const struct place *place = call->place;
	const struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(call->port), .sin_addr = place->target};

	call->out_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (call->out_fd < 0 ||
	    sources_add(place->hall->loop_fd, call->out_fd, EPOLLOUT, &call->source) < 0) {
		fd_drop(&call->out_fd);
		try_later(call);
		return;
	}
	if (connect(call->out_fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		connected(call);
	else if (errno != EINPROGRESS)
		try_later(call);
}

static void on_call(struct source *source, uint32_t events)
{
	struct call *call = container_of(source, struct call, source);
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(call->out_fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && !error)
		connected(call);
	else
		try_later(call);
}

/* Which port of the instance it is for; 0: it has not come by way of the balancer. */
static uint16_t port_of(const struct listener *listener, int fd)
{
	struct sockaddr_in called = {0}, own = {0};
	socklen_t called_len = sizeof(called), own_len = sizeof(own);

	if (getsockopt(fd, SOL_IP, SO_ORIGINAL_DST, &called, &called_len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&own, &own_len) < 0 ||
	    (called.sin_addr.s_addr == own.sin_addr.s_addr && called.sin_port == own.sin_port))
		return 0;
	return listener->how.port ? listener->how.port : ntohs(called.sin_port);
}

/* It is still there, and would be told of at once, again and again. */
static void starve(struct listener *listener)
{
	listener->place->starved_ms = sources_now_ms() + TICK_MS;
	set_deaf(listener, true);
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/* False: there is none, or no room for it. */
static bool take_call(struct listener *listener)
{
	struct place *place = listener->place;
	struct call *call = calloc(1, sizeof(*call));
	int fd = call ? accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
	uint16_t port = fd < 0 ? 0 : port_of(listener, fd);

	if (port == 0) {
		if (fd >= 0)
			relay_reset(fd);
		else if (is_shortage(errno))
			starve(listener);
		free(call);
		return fd >= 0;
	}
	*call = (struct call){.source = {on_call},
			      .place = place,
			      .next = place->calls,
			      .fd = fd,
			      .out_fd = -1,
			      .port = port,
			      .end_ms = sources_now_ms() + listener->how.limit_ms};
	place->calls = call;
	place->open++;
	place->hall->open++;
	try(call);
	return true;
}

/* ---- a service ---- */

/* Says what could not be said before. */
static void say(struct place *place)
{
	struct hall *hall = place->hall;
	char key[KEY_MAX];

	if (place->waiting_ms && !place->led && !place->waiting_told)
		place->waiting_told = hall->say(hall->data, HOLD_ANSWER_WAITING, place->service);
	if (place->served && !place->served_told)
		place->served_told = hall->say(hall->data, HOLD_ANSWER_SERVED, place->service);
	snprintf(key, sizeof(key), "%s %u", place->service, place->given_up);
	if (place->given_up && hall->say(hall->data, HOLD_ANSWER_GIVEN_UP, key))
		place->given_up = 0;
}

/* Or for room. */
static void wait_for_target(struct listener *listener)
{
	struct place *place = listener->place;

	set_deaf(listener, true);
	if (place->waiting_ms)
		return;
	place->waiting_ms = sources_now_ms();
	place->limit_ms = listener->how.limit_ms;
	place->waiting_told = false;
	say(place);
}

static void on_listener(struct source *source, uint32_t events)
{
	struct listener *listener = container_of(source, struct listener, source);
	struct place *place = listener->place;
	struct hall *hall = place->hall;

	hall->hear(hall->data);
	if (!place->led) {
		wait_for_target(listener);
		return;
	}
	for (int i = 0; i < BATCH && !is_full(place) && take_call(listener); i++)
		;
	if (is_full(place))
		wait_for_target(listener);
	say(place);
}

/* Their time is over. */
static void reset_waiting(struct place *place)
{
	for (struct listener *one = place->listeners; one; one = one->next) {
		int fd;

		while ((fd = accept4(one->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
			relay_reset(fd);
			place->given_up++;
		}
	}
	place->waiting_ms = 0;
	hear_all(place);
}

static ino_t inode_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) < 0 ? 0 : status.st_ino;
}

static struct listener *find_listener(const struct place *place, ino_t inode)
{
	struct listener *one = place->listeners;

	while (one && one->inode != inode)
		one = one->next;
	return one;
}

void place_listen(struct hall *hall, const char *service, const struct place_socket *how, int fd)
{
	autoclose int own = fd;
	struct place *place = find(hall, service);
	struct listener *known = place ? find_listener(place, inode_of(fd)) : NULL;

	if (known) {
		known->how = *how;
		known->forgotten = false;
		return;
	}
	if (!place)
		place = make(hall, service);
	struct listener *listener = place ? calloc(1, sizeof(*listener)) : NULL;

	if (!listener)
		return;
	*listener = (struct listener){.source = {on_listener},
				      .place = place,
				      .next = place->listeners,
				      .how = *how,
				      .fd = fd,
				      .inode = inode_of(fd)};
	if (sources_add(hall->loop_fd, fd, EPOLLIN, &listener->source) < 0) {
		free(listener);
		return;
	}
	place->listeners = listener;
	(void)take_fd(&own);
}

void place_lead(struct hall *hall, const char *service, const struct in_addr *target)
{
	struct place *place = find(hall, service);

	if (!place)
		place = make(hall, service);
	if (!place)
		return;
	place->led = target;
	place->served = place->served_told = false;
	/* Whoever says so may be another supervisor, and not know who waits. */
	place->waiting_told = false;
	if (!target) {
		say(place);
		return;
	}
	place->target = *target;
	place->waiting_ms = 0;
	for (struct call *call = place->calls; call; call = call->next) {
		drop_try(call);
		call->due_ms = 0;
	}
	hear_all(place);
}

void place_forget(struct hall *hall, const char *service)
{
	struct place *place = find(hall, service);

	for (struct listener *one = place ? place->listeners : NULL; one; one = one->next)
		one->forgotten = true;
}

static void close_forgotten(struct place *place)
{
	struct listener **link = &place->listeners;

	while (*link) {
		struct listener *one = *link;

		if (!one->forgotten) {
			link = &one->next;
			continue;
		}
		*link = one->next;
		sources_remove(place->hall->loop_fd, one->fd);
		close(one->fd);
		free(one);
	}
	if (!place->listeners)
		place->waiting_ms = 0;
}

void place_dismiss(struct hall *hall, const char *service)
{
	struct place *place = find(hall, service);

	if (!place)
		return;
	while (place->calls)
		give_up(place->calls);
	reset_waiting(place);
	say(place);
}

/* ---- time ---- */

static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int tick_call(struct call *call, int64_t now_ms)
{
	if (now_ms >= call->end_ms) {
		give_up(call);
		return -1;
	}
	if (call->out_fd < 0 && call->place->led && now_ms >= call->due_ms) {
		bool late = call->tries >= RETRIES;

		try(call);
		return late ? RETRY_LATER : RETRY_MS;
	}
	if (call->out_fd < 0 && call->place->led)
		return (int)(call->due_ms - now_ms);
	return TICK_MS;
}

static int tick_place(struct place *place, int64_t now_ms)
{
	int wait_ms = -1;

	close_forgotten(place);
	for (struct call *call = place->calls, *next; call; call = next) {
		next = call->next;
		wait_ms = sooner(wait_ms, tick_call(call, now_ms));
	}
	if (place->waiting_ms && now_ms - place->waiting_ms >= place->limit_ms)
		reset_waiting(place);
	if (place->starved_ms && now_ms >= place->starved_ms) {
		place->starved_ms = 0;
		hear_all(place);
	}
	say(place);
	if (place->starved_ms || place->waiting_ms || place->given_up ||
	    (place->served && !place->served_told))
		wait_ms = sooner(wait_ms, TICK_MS);
	return wait_ms;
}

int place_tick(struct hall *hall, int64_t now_ms)
{
	int wait_ms = -1;

	for (struct place *place = hall->places; place; place = place->next)
		wait_ms = sooner(wait_ms, tick_place(place, now_ms));
	return wait_ms;
}
