// SPDX-License-Identifier: GPL-2.0-or-later
/* See call.h. */
#include "launcher/hold/call.h"

#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RETRY_MS 1  /* at least, for a program that does not listen yet */
#define LOOK_MS	 50 /* how exact other times are */

struct call {
	struct source source;
	struct calls *calls;
	struct call *next; /* an older one */
	int fd;
	int out_fd; /* -1: not at it */
	bool six;   /* by which family the next try is */
	bool own_six;
	bool ahead; /* another one has got there */
	uint16_t port;
	int64_t begun_ms; /* with this target; 0: not yet */
	int64_t due_ms;	  /* the next try */
	int64_t end_ms;	  /* of its patience */
};

static void on_call(struct source *source, uint32_t events);

/* Off the list; its descriptors are others' by now. */
static void call_free(struct call *call)
{
	struct call **link = &call->calls->first;

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	free(call);
}

static void drop_try(struct call *call)
{
	if (call->out_fd >= 0)
		sources_remove(call->calls->loop_fd, call->out_fd);
	fd_drop(&call->out_fd);
}

static void give_up(struct call *call)
{
	struct calls *calls = call->calls;

	drop_try(call);
	relay_reset(call->fd);
	calls->given_up++;
	call_free(call);
	calls->owner.ended(calls->owner.data);
}

/* Whoever wants to get to the same port need not wait for his turn any more. */
static void lead_others(const struct call *leader)
{
	for (struct call *call = leader->calls->first; call; call = call->next)
		if (call->port == leader->port && !call->ahead) {
			call->ahead = true;
			call->due_ms = 0;
		}
}

static void connected(struct call *call)
{
	struct calls *calls = call->calls;
	int client_fd = call->fd, server_fd = take_fd(&call->out_fd);

	sources_remove(calls->loop_fd, server_fd);
	calls->served = true;
	if (!call->ahead)
		lead_others(call);
	call_free(call);
	if (relay_begin(calls->loop_fd, client_fd, server_fd, &calls->owner) < 0)
		calls->owner.ended(calls->owner.data);
}

static void try_later(struct call *call)
{
	const struct target *target = call->calls->target;
	int64_t now_ms = sources_now_ms();

	drop_try(call);
	call->six = target ? target_other(target, call->six) : call->own_six;
	call->due_ms = now_ms;
	if (call->six == call->own_six)
		call->due_ms += target_pause_ms(now_ms - call->begun_ms);
}

/* May free @call. */
static void try(struct call *call)
{
	int loop_fd = call->calls->loop_fd;
	union address address;
	socklen_t len = target_address(call->calls->target, call->six, call->port, &address);

	if (!call->begun_ms)
		call->begun_ms = sources_now_ms();
	call->out_fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (call->out_fd < 0 || sources_add(loop_fd, call->out_fd, EPOLLOUT, &call->source) < 0) {
		fd_drop(&call->out_fd);
		try_later(call);
		return;
	}
	if (connect(call->out_fd, &address.any, len) == 0)
		connected(call);
	else if (errno != EINPROGRESS)
		try_later(call);
}

static void on_call(struct source *source, uint32_t events)
{
	struct call *call = container_of(source, struct call, source);
	int error = 0;
	socklen_t len = sizeof(error);

	(void)events;
	if (getsockopt(call->out_fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && !error)
		connected(call);
	else
		try_later(call);
}

/* Which port of the instance it is for; 0: it has not come by way of the balancer. */
static uint16_t port_of(int fd, uint16_t fixed, bool *ret_six)
{
	union address called = {0}, own = {0};
	socklen_t called_len = sizeof(called), own_len = sizeof(own);

	if (getsockname(fd, &own.any, &own_len) < 0)
		return 0;
	*ret_six = own.any.sa_family == AF_INET6;
	int r = *ret_six ? getsockopt(fd, SOL_IPV6, IP6T_SO_ORIGINAL_DST, &called, &called_len)
			 : getsockopt(fd, SOL_IP, SO_ORIGINAL_DST, &called, &called_len);
	/* In both families the port is at the same place. */
	bool same = *ret_six ? memcmp(&called.six.sin6_addr, &own.six.sin6_addr,
				      sizeof(own.six.sin6_addr)) == 0
			     : called.four.sin_addr.s_addr == own.four.sin_addr.s_addr;

	if (r < 0 || (same && called.four.sin_port == own.four.sin_port))
		return 0;
	return fixed ? fixed : ntohs(called.four.sin_port);
}

int calls_take(struct calls *calls, const struct calls_how *how)
{
	struct call *call = calloc(1, sizeof(*call));
	int fd = call ? accept4(how->listener_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
	int r = call && fd < 0 ? -errno : -ENOMEM;
	bool six = false;
	uint16_t port = fd < 0 ? 0 : port_of(fd, how->port, &six);

	if (port == 0) {
		if (fd >= 0)
			relay_reset(fd);
		free(call);
		return fd >= 0 ? -ENODATA : r;
	}
	*call = (struct call){.source = {on_call},
			      .calls = calls,
			      .next = calls->first,
			      .fd = fd,
			      .out_fd = -1,
			      .six = six,
			      .own_six = six,
			      .port = port,
			      .end_ms = sources_now_ms() + how->limit_ms};
	calls->first = call;
	return 0;
}

void calls_lead(struct calls *calls)
{
	calls->served = false;
	for (struct call *call = calls->target ? calls->first : NULL; call; call = call->next) {
		drop_try(call);
		call->ahead = false;
		call->begun_ms = call->due_ms = 0;
		call->six = call->own_six;
	}
}

void calls_dismiss(struct calls *calls)
{
	while (calls->first)
		give_up(calls->first);
}

/* The oldest one of a port is ahead of the others. */
static bool has_turn(const struct call *call)
{
	const struct call *older = call->next;

	while (older && older->port != call->port)
		older = older->next;
	return call->ahead || !older;
}

int calls_sooner(int a_ms, int b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

/* May free @call. */
static int tick_call(struct call *call, int64_t now_ms)
{
	if (now_ms >= call->end_ms) {
		give_up(call);
		return -1;
	}
	if (call->out_fd >= 0 || !call->calls->target || !has_turn(call))
		return LOOK_MS;
	if (now_ms < call->due_ms)
		return (int)(call->due_ms - now_ms);
	try(call);
	return RETRY_MS;
}

int calls_tick(struct calls *calls, int64_t now_ms)
{
	int wait_ms = -1;

	for (struct call *call = calls->first, *next; call; call = next) {
		next = call->next;
		wait_ms = calls_sooner(wait_ms, tick_call(call, now_ms));
	}
	return wait_ms;
}
