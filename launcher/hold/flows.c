// SPDX-License-Identifier: GPL-2.0-or-later
/* See flows.h. */
#include "launcher/hold/flows.h"

#include "launcher/hold/pace.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH	   16	  /* so many at once, then the others get their turn */
#define MOST	   65536  /* bytes of a datagram */
#define IDLE_MS	   120000 /* by then the kernel has forgotten whose answers are whose */
#define REFUSAL_MS 50	  /* a refusal comes within that time */
#define LEAST	   256	  /* bytes of a socket's buffer that even an empty datagram takes */

/* One client. */
struct flow {
	struct source source;
	struct flows *flows;
	struct flow *next; /* one that has said nothing for longer */
	int fd;		   /* to the instance */
	union address client;
	socklen_t client_len;
	int64_t used_ms;
};

/* The datagram that is tried. */
struct trial {
	unsigned char *bytes; /* NULL: there is none */
	size_t len;
	union address client;
	socklen_t client_len;
	struct flow *flow; /* by which it is on its way; NULL: it was refused */
	int64_t begun_ms;
	int64_t due_ms; /* the next try; on its way: the time for a refusal is over */
};

struct flows {
	struct flows_how how;
	struct target target;
	struct flow *first; /* whoever has said something last */
	struct trial trial;
	bool led;
	bool open;	   /* it is not refused any more: */
	bool own_six, six; /* by this family */
};

static unsigned char datagram[MOST];

static void on_flow(struct source *source, uint32_t events);

/* ---- one client ---- */

/* But for its room. */
static void flow_remove(struct flow *flow)
{
	struct flows *flows = flow->flows;
	struct flow **link = &flows->first;

	while (*link != flow)
		link = &(*link)->next;
	*link = flow->next;
	if (flows->trial.flow == flow)
		flows->trial.flow = NULL;
	sources_remove(flows->how.loop_fd, flow->fd);
	close(flow->fd);
	free(flow);
}

static void flow_free(struct flow *flow)
{
	const struct flows_room room = flow->flows->how.room;

	flow_remove(flow);
	room.give(room.data);
}

static void free_all(struct flows *flows)
{
	while (flows->first)
		flow_free(flows->first);
}

/* That of who has been silent for the longest, where there is no other. */
static bool take_room(struct flows *flows)
{
	struct flow *last = flows->first;

	if (flows->how.room.take(flows->how.room.data))
		return true;
	while (last && last->next)
		last = last->next;
	if (last)
		flow_remove(last);
	return last;
}

static int open_socket(const struct flows *flows)
{
	union address to;
	socklen_t len = target_address(&flows->target, flows->six, flows->how.port, &to);
	autoclose int fd = socket(to.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || connect(fd, &to.any, len) < 0)
		return -errno;
	return take_fd(&fd);
}

static struct flow *add_flow(struct flows *flows, const union address *client, socklen_t len)
{
	autofree struct flow *flow = calloc(1, sizeof(*flow));
	autoclose int fd = flow ? open_socket(flows) : -ENOMEM;

	if (fd < 0)
		return NULL;
	*flow = (struct flow){.source = {on_flow},
			      .flows = flows,
			      .next = flows->first,
			      .fd = fd,
			      .client = *client,
			      .client_len = len,
			      .used_ms = sources_now_ms()};
	if (sources_add(flows->how.loop_fd, fd, EPOLLIN, &flow->source) < 0)
		return NULL;
	(void)take_fd(&fd);
	flows->first = flow;
	return take_ptr(flow);
}

/* NULL: there is no room for it. */
static struct flow *make_flow(struct flows *flows, const union address *client, socklen_t len)
{
	struct flow *flow = NULL;

	if (!take_room(flows))
		return NULL;
	flow = add_flow(flows, client, len);
	if (!flow)
		flows->how.room.give(flows->how.room.data);
	return flow;
}

/* To the front. */
static struct flow *find_flow(struct flows *flows, const union address *client, socklen_t len)
{
	for (struct flow **link = &flows->first; *link; link = &(*link)->next) {
		struct flow *flow = *link;

		if (flow->client_len != len || memcmp(&flow->client, client, len) != 0)
			continue;
		*link = flow->next;
		flow->next = flows->first;
		flows->first = flow;
		return flow;
	}
	return NULL;
}

/* ---- the first one ---- */

static void end_trial(struct flows *flows)
{
	free(flows->trial.bytes);
	flows->trial = (struct trial){0};
}

static void open_up(struct flows *flows)
{
	flows->open = true;
	end_trial(flows);
}

/* For each family there are as many refusals, so both have one pace. */
static void refused(struct flows *flows)
{
	struct trial *trial = &flows->trial;
	struct pace *pace = flows->how.pace;

	if (trial->flow)
		flow_free(trial->flow);
	if (flows->six == flows->own_six)
		pace_refused(pace, sources_now_ms());
	flows->six = target_other(&flows->target, flows->six);
	trial->due_ms = flows->six == flows->own_six ? pace->next_ms : 0;
}

static void try(struct flows *flows)
{
	struct trial *trial = &flows->trial;
	struct pace *pace = flows->how.pace;
	int64_t now_ms = sources_now_ms();

	if (flows->six == flows->own_six && now_ms < pace->next_ms) {
		trial->due_ms = pace->next_ms;
		return;
	}
	trial->flow = make_flow(flows, &trial->client, trial->client_len);
	if (!trial->flow || send(trial->flow->fd, trial->bytes, trial->len, 0) < 0) {
		refused(flows);
		return;
	}
	if (flows->six == flows->own_six)
		pace_begin(pace, now_ms, REFUSAL_MS);
	trial->due_ms = now_ms + REFUSAL_MS;
}

static void begin_trial(struct flows *flows, size_t len, const union address *client,
			socklen_t client_len)
{
	unsigned char *bytes = malloc(len + 1);

	if (!bytes)
		return; /* the client says it again */
	memcpy(bytes, datagram, len);
	flows->six = flows->own_six;
	flows->trial = (struct trial){.bytes = bytes,
				      .len = len,
				      .client = *client,
				      .client_len = client_len,
				      .begun_ms = sources_now_ms()};
	try(flows);
}

/* Those that wait behind it have come before it was tried, or will be said again. */
static int tick_trial(struct flows *flows, int64_t now_ms)
{
	struct trial *trial = &flows->trial;

	if (!trial->bytes)
		return -1;
	if (now_ms - trial->begun_ms >= flows->how.limit_ms) {
		flows_drop(flows);
		return -1;
	}
	if (now_ms < trial->due_ms)
		return (int)(trial->due_ms - now_ms);
	if (trial->flow) {
		open_up(flows);
		return -1;
	}
	try(flows);
	return 1;
}

/* ---- both ways ---- */

static void answer(const struct flow *flow, size_t len)
{
	/* What does not go now is lost, as anywhere on its way. */
	(void)sendto(flow->flows->how.fd, datagram, len, MSG_DONTWAIT, &flow->client.any,
		     flow->client_len);
}

/* Whoever has served does so no more, and may be tried again. */
static void lost(struct flow *flow)
{
	pace_refused(flow->flows->how.pace, sources_now_ms());
	flow_free(flow);
}

static void on_flow(struct source *source, uint32_t events)
{
	struct flow *flow = container_of(source, struct flow, source);
	struct flows *flows = flow->flows;
	bool tried = flows->trial.flow == flow;
	ssize_t len = 0;

	(void)events;
	for (int i = 0; i < BATCH && len >= 0; i++) {
		len = recv(flow->fd, datagram, sizeof(datagram), 0);
		if (len >= 0)
			answer(flow, (size_t)len);
		if (len >= 0 && tried)
			open_up(flows);
		tried = tried && len < 0;
	}
	if (len >= 0 || errno == EAGAIN || errno == EINTR)
		return;
	/* The next one from this client finds who serves then. */
	if (tried)
		refused(flows);
	else
		lost(flow);
}

static void pass(struct flows *flows, size_t len, const union address *client, socklen_t client_len)
{
	struct flow *flow = find_flow(flows, client, client_len);

	if (!flow)
		flow = make_flow(flows, client, client_len);
	if (!flow)
		return;
	flow->used_ms = sources_now_ms();
	if (send(flow->fd, datagram, len, 0) < 0 && errno != EAGAIN && errno != ENOBUFS)
		lost(flow);
}

void flows_pass(struct flows *flows)
{
	for (int i = 0; i < BATCH && flows_want(flows); i++) {
		union address client = {0};
		socklen_t client_len = sizeof(client);
		ssize_t len = recvfrom(flows->how.fd, datagram, sizeof(datagram), MSG_DONTWAIT,
				       &client.any, &client_len);

		if (len < 0)
			return;
		if (flows->open)
			pass(flows, (size_t)len, &client, client_len);
		else
			begin_trial(flows, (size_t)len, &client, client_len);
	}
}

bool flows_want(const struct flows *flows)
{
	return flows->led && !flows->trial.bytes;
}

bool flows_are_served(const struct flows *flows)
{
	return flows->open;
}

/* ---- beginning and end ---- */

struct flows *flows_open(const struct flows_how *how)
{
	struct flows *flows = calloc(1, sizeof(*flows));

	if (flows)
		flows->how = *how;
	return flows;
}

static bool is_own_six(const struct flows *flows)
{
	union address own = {0};
	socklen_t len = sizeof(own);

	return getsockname(flows->how.fd, &own.any, &len) == 0 && own.any.sa_family == AF_INET6;
}

void flows_lead(struct flows *flows, const struct target *target)
{
	const struct target none = {0};

	target = target ? target : &none;
	if (ip_compare(&target->four, &flows->target.four) == 0 &&
	    ip_compare(&target->six, &flows->target.six) == 0)
		return;
	free_all(flows);
	flows->target = *target;
	flows->led = target->four.family || target->six.family;
	flows->open = false;
	flows->own_six = flows->six = is_own_six(flows);
	flows->trial.due_ms = 0;
}

/* Who goes on sending meanwhile does not keep us. */
static int most_waiting(const struct flows *flows)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	(void)getsockopt(flows->how.fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len);
	return bytes / LEAST + 1;
}

void flows_drop(struct flows *flows)
{
	int most = most_waiting(flows);
	char byte;

	if (flows->trial.flow)
		flow_free(flows->trial.flow);
	end_trial(flows);
	for (int i = 0; i < most; i++)
		if (recv(flows->how.fd, &byte, sizeof(byte), MSG_DONTWAIT) < 0)
			break;
}

int flows_tick(struct flows *flows, int64_t now_ms)
{
	int wait_ms = flows->led ? tick_trial(flows, now_ms) : -1;

	for (struct flow *flow = flows->first, *next; flow; flow = next) {
		next = flow->next;
		if (now_ms - flow->used_ms >= IDLE_MS)
			flow_free(flow);
	}
	return flows->first && wait_ms < 0 ? IDLE_MS / 4 : wait_ms;
}

void flows_close(struct flows *flows)
{
	if (!flows)
		return;
	free_all(flows);
	end_trial(flows);
	free(flows);
}
