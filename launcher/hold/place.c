// SPDX-License-Identifier: GPL-2.0-or-later
/* See place.h. */
#include "launcher/hold/place.h"

#include "launcher/hold/call.h"
#include "launcher/hold/flows.h"
#include "launcher/hold/pace.h"
#include "launcher/hold/words.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH	16 /* so many at once, then the others get their turn */
#define TICK_MS 50 /* how exact times are */
#define KEY_MAX 256
#define PARTS	4 /* of the room for all */

/* A socket that listens for a service. */
struct listener {
	struct source source;
	struct place *place;
	struct listener *next;
	struct place_socket how;
	struct flows *flows; /* of datagrams; NULL: connections come there */
	int fd;
	ino_t inode;
	int64_t waiting_ms; /* since when the first one does; 0: nobody waits */
	bool deaf;	    /* somebody waits: no need to hear of more */
	bool forgotten;	    /* to be closed */
};

struct place {
	struct hall *hall;
	struct place *next;
	char *service;
	struct listener *listeners;
	struct calls calls;
	unsigned open;	      /* of hall->open */
	unsigned clients;     /* of hall->clients */
	int64_t starved_ms;   /* the host has no room for more, looked at then; 0: not so */
	struct target target; /* while calls.target is this */
	struct pace pace;     /* of datagrams to it */
	bool waiting_told, served_told;
};

static void on_listener(struct source *source, uint32_t events);
static void on_end(void *data);

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
	place->calls = (struct calls){.loop_fd = hall->loop_fd, .owner = {on_end, place}};
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

static void hear(struct listener *listener)
{
	listener->waiting_ms = 0;
	set_deaf(listener,
		 listener->flows && listener->place->calls.target && !flows_want(listener->flows));
}

static void hear_all(struct place *place)
{
	for (struct listener *one = place->listeners; one; one = one->next)
		hear(one);
}

/* One service alone takes no more than a part of the room. */
static unsigned part_of(const struct hall *hall)
{
	return hall->most / PARTS + 1;
}

static bool is_full(const struct place *place)
{
	const struct hall *hall = place->hall;

	return hall->open >= hall->most || place->open >= part_of(hall);
}

static bool is_full_of_clients(const struct place *place)
{
	const struct hall *hall = place->hall;

	return hall->clients >= (hall->most + 1) / 2 || place->clients >= (part_of(hall) + 1) / 2;
}

/* Whoever could not come in for want of room can now. */
static void use_room(struct place *place)
{
	if (!place->calls.target || is_full(place))
		return;
	hear_all(place);
}

/* One connection is over. Whoever waits for something else goes on doing so. */
static void on_end(void *data)
{
	struct place *place = data;
	struct hall *hall = place->hall;
	bool was_full = is_full(place), all_were = hall->open >= hall->most;

	hall->open--;
	place->open--;
	if (was_full)
		use_room(place);
	for (struct place *one = all_were ? hall->places : NULL; one; one = one->next)
		use_room(one);
}

static bool take_room(struct place *place)
{
	if (is_full(place))
		return false;
	place->open++;
	place->hall->open++;
	return true;
}

static bool take_client_room(void *data)
{
	struct place *place = data;

	if (is_full_of_clients(place) || !take_room(place))
		return false;
	place->clients++;
	place->hall->clients++;
	return true;
}

static void give_client_room(void *data)
{
	struct place *place = data;

	place->clients--;
	place->hall->clients--;
	on_end(place);
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
	int r = calls_take(&place->calls, &(struct calls_how){listener->fd, listener->how.port,
							      listener->how.limit_ms});

	if (is_shortage(-r))
		starve(listener);
	if (r < 0)
		return r == -ENODATA;
	return take_room(place);
}

/* A connection, or a datagram. */
static bool is_served(const struct place *place)
{
	bool served = place->calls.served;

	for (const struct listener *one = place->listeners; one && !served; one = one->next)
		served = one->flows && flows_are_served(one->flows);
	return served;
}

static bool is_waited_for(const struct place *place)
{
	for (const struct listener *one = place->listeners; one; one = one->next)
		if (one->waiting_ms)
			return true;
	return false;
}

/* Says what could not be said before. */
static void say(struct place *place)
{
	struct hall *hall = place->hall;
	char key[KEY_MAX];

	if (is_waited_for(place) && !place->calls.target && !place->waiting_told)
		place->waiting_told = hall->say(hall->data, HOLD_ANSWER_WAITING, place->service);
	if (!place->served_told && is_served(place))
		place->served_told = hall->say(hall->data, HOLD_ANSWER_SERVED, place->service);
	snprintf(key, sizeof(key), "%s %u", place->service, place->calls.given_up);
	if (place->calls.given_up && hall->say(hall->data, HOLD_ANSWER_GIVEN_UP, key))
		place->calls.given_up = 0;
}

/* Or for room. */
static void wait_for_target(struct listener *listener)
{
	struct place *place = listener->place;

	set_deaf(listener, true);
	if (listener->waiting_ms)
		return;
	if (!is_waited_for(place))
		place->waiting_told = false;
	listener->waiting_ms = sources_now_ms();
	say(place);
}

static void on_listener(struct source *source, uint32_t events)
{
	struct listener *listener = container_of(source, struct listener, source);
	struct place *place = listener->place;
	struct hall *hall = place->hall;

	hall->hear(hall->data);
	if (!place->calls.target) {
		wait_for_target(listener);
		return;
	}
	if (listener->flows) {
		flows_pass(listener->flows);
		hear(listener);
		return;
	}
	for (int i = 0; i < BATCH && !is_full(place) && take_call(listener); i++)
		;
	if (is_full(place))
		wait_for_target(listener);
	say(place);
}

/* Their time is over. Datagrams may be lost anywhere: nobody is told of that. */
static void reset_waiting(struct listener *listener)
{
	int fd;

	if (listener->flows)
		flows_drop(listener->flows);
	while (!listener->flows && (fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		relay_reset(fd);
		listener->place->calls.given_up++;
	}
	hear(listener);
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

static bool is_for_datagrams(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_DGRAM;
}

/* False: out of memory. */
static bool open_flows(struct listener *listener)
{
	struct place *place = listener->place;

	if (!is_for_datagrams(listener->fd))
		return true;
	listener->flows = flows_open(
		&(struct flows_how){.loop_fd = place->hall->loop_fd,
				    .fd = listener->fd,
				    .port = listener->how.port,
				    .limit_ms = listener->how.limit_ms,
				    .pace = &place->pace,
				    .room = {take_client_room, give_client_room, place}});
	if (listener->flows)
		flows_lead(listener->flows, place->calls.target);
	return listener->flows;
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
	if (!open_flows(listener) ||
	    sources_add(hall->loop_fd, fd, EPOLLIN, &listener->source) < 0) {
		flows_close(listener->flows);
		free(listener);
		return;
	}
	place->listeners = listener;
	(void)take_fd(&own);
}

void place_lead(struct hall *hall, const char *service, const struct target *target)
{
	struct place *place = find(hall, service);

	if (!place)
		place = make(hall, service);
	if (!place)
		return;
	place->calls.target = target ? &place->target : NULL;
	place->target = target ? *target : (struct target){0};
	calls_lead(&place->calls);
	for (struct listener *one = place->listeners; one; one = one->next)
		if (one->flows)
			flows_lead(one->flows, target);
	place->served_told = false;
	/* Whoever says so may be another supervisor, and not know who waits. */
	place->waiting_told = false;
	if (target)
		hear_all(place);
	else
		say(place);
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
		flows_close(one->flows);
		sources_remove(place->hall->loop_fd, one->fd);
		close(one->fd);
		free(one);
	}
}

void place_dismiss(struct hall *hall, const char *service)
{
	struct place *place = find(hall, service);

	if (!place)
		return;
	calls_dismiss(&place->calls);
	for (struct listener *one = place->listeners; one; one = one->next)
		reset_waiting(one);
	say(place);
}

static int tick_flows(struct listener *listener, int64_t now_ms)
{
	int wait_ms = listener->flows ? flows_tick(listener->flows, now_ms) : -1;

	if (listener->flows && listener->deaf && !listener->waiting_ms)
		hear(listener);
	return wait_ms;
}

static int tick_place(struct place *place, int64_t now_ms)
{
	int wait_ms;

	close_forgotten(place);
	wait_ms = calls_tick(&place->calls, now_ms);
	for (struct listener *one = place->listeners; one; one = one->next) {
		wait_ms = calls_sooner(wait_ms, tick_flows(one, now_ms));
		if (one->waiting_ms && now_ms - one->waiting_ms >= one->how.limit_ms)
			reset_waiting(one);
	}
	if (place->starved_ms && now_ms >= place->starved_ms) {
		place->starved_ms = 0;
		hear_all(place);
	}
	say(place);
	if (place->starved_ms || is_waited_for(place) || place->calls.given_up ||
	    (!place->served_told && is_served(place)))
		wait_ms = calls_sooner(wait_ms, TICK_MS);
	return wait_ms;
}

int place_tick(struct hall *hall, int64_t now_ms)
{
	int wait_ms = -1;

	for (struct place *place = hall->places; place; place = place->next)
		wait_ms = calls_sooner(wait_ms, tick_place(place, now_ms));
	return wait_ms;
}
