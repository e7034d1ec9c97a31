// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a supervisor and its keeper say to each other: records of one size, one per datagram of a
 * SOCK_SEQPACKET pair, with the descriptor they name as SCM_RIGHTS. Whoever becomes the keeper by
 * an exec reads the same records from a file. For launcher/keeper and supervisor/keep.c only.
 */
#pragma once

#include <stdint.h>

#define WIRE_VERSION  1 /* of the record; another one is not listened to */
#define WIRE_NAME_MAX 63

enum wire_kind {
	/* Supervisor: keep this, in place of what has the name. Keeper: this was kept. In a file:
	 * `number` is the descriptor, inherited. */
	WIRE_FD = 1,
	/* Supervisor: forget what has the name. */
	WIRE_DROP,
	/* Keeper: the process `number` has ended with `status`. Supervisor: that is written down.
	 */
	WIRE_EXIT,
	/* Keeper: all that was kept has been said. */
	WIRE_TOLD,
	/* Supervisor: it serves; from now on a death of its is followed by a new one. */
	WIRE_READY,
	/* Supervisor: let both be replaced by what is installed. Keeper: end, you are replaced. */
	WIRE_UPGRADE,
	/* In a file: the supervisor is `number`, a child, and `status` the socket to it. */
	WIRE_SUPERVISOR,
};

struct wire_record {
	uint32_t version;
	uint32_t kind; /* enum wire_kind */
	int32_t number;
	int32_t status;		      /* as wait(2) has it */
	char name[WIRE_NAME_MAX + 1]; /* always terminated */
};

/* A record of this version with number -1 and status 0. */
struct wire_record wire_record(enum wire_kind kind, const char *name);

/* Sends without waiting. @fd: goes with it; -1: none. Returns 0; -EAGAIN: the other side is behind;
 * another -errno: it is gone. */
int wire_send(int socket_fd, const struct wire_record *record, int fd)
	__attribute__((warn_unused_result));

/*
 * Receives without waiting. @ret_fd: always written; the descriptor that came along, close-on-exec
 * and the caller's in any case, or -1.
 *
 * Returns 0; -EAGAIN: there is nothing now; -EBADMSG: nothing to heed, but there may be more;
 * -ENOTCONN: the other side is gone and has nothing more to say.
 */
int wire_receive(int socket_fd, struct wire_record *ret_record, int *ret_fd)
	__attribute__((warn_unused_result));
