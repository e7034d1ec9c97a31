// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the answer to a question goes: back in a datagram, or down a stream. */
#pragma once

#include "launcher/dns/stream.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct reply_to {
	struct stream *stream; /* NULL: a datagram */
	int fd;		       /* from this socket */
	struct sockaddr_storage address;
	socklen_t address_len;
};

/* How many bytes an answer may have, that of a datagram at most @datagram_max. */
static inline size_t reply_room(const struct reply_to *to, size_t datagram_max)
{
	return to->stream ? STREAM_BYTES_MAX : datagram_max;
}

/* Whoever does not get it asks again. */
static inline void reply_send(const struct reply_to *to, const uint8_t *bytes, size_t len)
{
	if (to->stream)
		stream_send(to->stream, bytes, len);
	else
		(void)!sendto(to->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL,
			      (const struct sockaddr *)&to->address, to->address_len);
}
