// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading what an instance says of itself, as sd_notify(3) writes it. Pure; the datagram is an
 * instance's own bytes and may be anything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTIFY_STATUS_MAX 128

enum notify_watchdog {
	NOTIFY_WATCHDOG_NONE,
	NOTIFY_WATCHDOG_ALIVE,
	NOTIFY_WATCHDOG_TRIGGER, /* it says itself that it has failed */
};

struct notify_message {
	bool ready;
	bool stopping;
	enum notify_watchdog watchdog;
	int64_t watchdog_ms; /* a new period; 0: not said */
	bool has_status;
	char status[NOTIFY_STATUS_MAX]; /* printable, cut */
};

/* Lines of NAME=value in any order; unknown ones (MAINPID among them: the first process of an
 * instance stays the one it is) and nonsense are passed over. */
void notify_message_read(const char *bytes, size_t len, struct notify_message *ret_message);
