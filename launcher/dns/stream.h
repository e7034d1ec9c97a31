// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Questions over TCP: a few connections, each with one question at a time, closed when nothing
 * comes for some seconds.
 */
#pragma once

#include "launcher/helper/sources.h"

#include <stdbool.h>

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define STREAM_BYTES_MAX 65535

struct stream;

struct streams_handler {
	/* A question has come; stream_send() answers, now or later. @where: as in streams_accept().
	 */
	void (*asked)(void *data, struct stream *stream, void *where, const uint8_t *bytes,
		      size_t len);
	/* It is no more: nothing may be sent. */
	void (*gone)(void *data, const struct stream *stream);
	void *data;
};

struct streams;

/* @handler is copied. NULL without memory. */
struct streams *streams_open(int loop_fd, const struct streams_handler *handler);

/* Takes the next connection that waits at @listen_fd. False when there is none. */
bool streams_accept(struct streams *streams, int listen_fd, void *where);

/* Sends an answer, and reads on. */
void stream_send(struct stream *stream, const uint8_t *bytes, size_t len);

/* Who has asked. */
const struct sockaddr_storage *stream_peer(const struct stream *stream);

/* Closes those whose time is up. */
void streams_expire(struct streams *streams, int64_t now_ms);

/* Whether there is any. */
bool streams_any(const struct streams *streams);
