// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a supervisor and a helper in libexec say to each other: words of one datagram each on a
 * SOCK_SEQPACKET pair, with a key and mostly a descriptor. Nobody answers that he has heard:
 * whoever serves is alive, and whoever is not is replaced.
 */
#pragma once

#include "runtime/base/err.h"

#define WORDS_KEY_MAX 255

/* What every helper is told; the others are its own. */
enum {
	WORD_RECORD = 'r', /* the file that the process is written down in */
	WORD_END = 'e',	   /* somebody else takes over */
};

/* Sends without waiting. @fd stays the caller's; -1: none. Returns 0; -EAGAIN: the other side is
 * behind; another -errno: it is gone. */
int words_send(int control_fd, char word, const char *key, int fd) must_check;

/*
 * Receives without waiting.
 *
 * @ret_fd	out: the caller's; -1 on failure, and where none came along
 *
 * Returns 0; -EAGAIN: there is nothing now; -EBADMSG: nothing to heed, but there may be more;
 * -ENOTCONN: the other side is gone.
 */
int words_receive(int control_fd, char *ret_word, char key[static WORDS_KEY_MAX + 1],
		  int *ret_fd) must_check;
