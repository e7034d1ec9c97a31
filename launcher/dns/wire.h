// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a supervisor tells the stack's davit-dns: words of one datagram each on a SOCK_SEQPACKET
 * pair, every one with a descriptor. There are no answers: whoever serves is alive, and whoever is
 * not is replaced.
 */
#pragma once

#include "runtime/base/err.h"

#define WIRE_KEY_MAX 255

enum dns_word {
	DNS_WORD_UDP = 'u',    /* a socket of the network KEY, bound */
	DNS_WORD_TCP = 't',    /* another one, which listens */
	DNS_WORD_NAMES = 'n',  /* a file with all names, see table.h */
	DNS_WORD_RECORD = 'r', /* the file that the process is written down in */
	DNS_WORD_END = 'e',    /* somebody else takes over */
};

/* Sends without waiting. @fd stays the caller's. Returns 0; -EAGAIN: the other side is behind;
 * another -errno: it is gone. */
int dns_wire_send(int control_fd, enum dns_word word, const char *key, int fd) must_check;

/*
 * Receives without waiting.
 *
 * @ret_fd	out: the caller's; -1 on failure
 *
 * Returns 0; -EAGAIN: there is nothing now; -EBADMSG: nothing to heed, but there may be more;
 * -ENOTCONN: the other side is gone.
 */
int dns_wire_receive(int control_fd, enum dns_word *ret_word, char key[static WIRE_KEY_MAX + 1],
		     int *ret_fd) must_check;
