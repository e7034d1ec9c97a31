// SPDX-License-Identifier: GPL-2.0-or-later
/* See server.h. */
#include "launcher/hold/server.h"

#include "launcher/helper/control.h"
#include "launcher/hold/place.h"
#include "launcher/hold/words.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MOST	    1024 /* connections and clients at a time; others wait in the kernel's queue */
#define FDS_EACH    6	 /* two sockets, two pipes; a client that sends datagrams has one */
#define FDS_OWN	    1024 /* listeners, and little else */
#define ORPHANED_MS 50
#define EVENTS	    64 /* so many at once, then what is due */

struct server {
	struct control control;
	struct hall hall;
};

static bool say(void *data, char answer, const char *key)
{
	const struct server *server = data;

	return server->control.fd >= 0 && words_send(server->control.fd, answer, key, -1) == 0;
}

static void hear(void *data)
{
	struct server *server = data;

	control_hear(&server->control);
}

/* "SERVICE" up to a space, and what follows it. */
static char *split(char *text)
{
	char *rest = strchr(text, ' ');

	if (rest)
		*rest++ = '\0';
	return rest;
}

static void listen_for(struct server *server, char *text, int *fd)
{
	char *port = split(text), *limit = port ? split(port) : NULL;

	if (limit && *fd >= 0)
		place_listen(&server->hall, text,
			     &(struct place_socket){(uint16_t)strtoul(port, NULL, 10),
						    strtoll(limit, NULL, 10)},
			     take_fd(fd));
}

static void lead(struct server *server, char *text)
{
	char *address = split(text), *more = address ? split(address) : NULL;
	struct target target = {0};

	if (!address)
		return;
	bool led = ip_parse(address, &target.four, NULL) == 0;

	if (more && ip_parse(more, &target.six, NULL) < 0)
		target.six.family = 0;
	place_lead(&server->hall, text, led ? &target : NULL);
	if (strcmp(address, "!") == 0)
		place_dismiss(&server->hall, text);
}

static void heed(void *data, char word, const char *key, int *fd)
{
	struct server *server = data;
	char text[WORDS_KEY_MAX + 1];

	snprintf(text, sizeof(text), "%s", key);
	if (word == HOLD_WORD_LISTEN)
		listen_for(server, text, fd);
	else if (word == HOLD_WORD_TARGET)
		lead(server, text);
	else if (word == HOLD_WORD_FORGET)
		place_forget(&server->hall, text);
	/* any other is a newer supervisor's, who will replace us */
}

/* As many connections and clients as there are descriptors for. */
static unsigned most_callers(void)
{
	struct rlimit limit = {1024, 1024};

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	rlim_t most = limit.rlim_cur > 2 * FDS_OWN ? (limit.rlim_cur - FDS_OWN) / FDS_EACH
						   : limit.rlim_cur / (2 * FDS_EACH);

	return most < MOST ? (unsigned)most : MOST;
}

int server_open(int control_fd, struct server **ret_server, struct err *err)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return err_set(err, ENOMEM, "server");
	int r = sources_open(err);

	server->control.heed = heed;
	server->control.data = server;
	server->hall = (struct hall){
		.loop_fd = r, .most = most_callers(), .say = say, .hear = hear, .data = server};
	if (r >= 0)
		r = control_open(&server->control, server->hall.loop_fd, control_fd, err);
	if (r < 0) {
		free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

void server_run(struct server *server)
{
	for (;;) {
		int wait_ms = place_tick(&server->hall, sources_now_ms());

		if (server->control.fd < 0 && (wait_ms < 0 || wait_ms > ORPHANED_MS))
			wait_ms = ORPHANED_MS;
		for (int i = 0; i < EVENTS && sources_wait(server->hall.loop_fd, wait_ms); i++)
			wait_ms = 0;
		if (control_is_superseded(&server->control) && server->hall.open == 0)
			exit(0);
	}
}
