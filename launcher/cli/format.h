// SPDX-License-Identifier: GPL-2.0-or-later
/* How values of the control socket's answers look in tables and messages. Pure. */
#pragma once

#include "launcher/js.h"

#include <stdint.h>

/* The colour of an instance's or service's state; NULL: none. */
const char *format_state_colour(const char *state);

/* "0.0.0.0:8080" of one of them. */
void format_port_address(struct buf *out, const struct json_t *port);

/* "0.0.0.0:8080->80/tcp, 127.0.0.1:53->53/udp" of an answer's "ports". */
void format_ports(struct buf *out, const struct json_t *ports);

/* "3.1M / 64M", or without the limit when there is none; nothing when nothing is known. */
void format_memory(struct buf *out, const struct json_t *instance);

/* Seconds of processor time: "0.42s", "12.3s", "5m10s". */
void format_cpu(struct buf *out, double seconds);

/* "next run in 4h", of one that runs at times; nothing when it will not. */
void format_next_run(struct buf *out, const struct json_t *schedule);

/* Time since an RFC 3339 moment until @now_ns; nothing when there is none. */
void format_since(struct buf *out, const char *time, int64_t now_ns);
