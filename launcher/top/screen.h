// SPDX-License-Identifier: GPL-2.0-or-later
/* The terminal as a full screen, and its keys. The only user of ncurses. */
#pragma once

#include "launcher/top/frame.h"

enum screen_key {
	SCREEN_NONE,
	/* What has a letter of its own is that letter. */
	SCREEN_UP = 0x100,
	SCREEN_DOWN,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
	SCREEN_HOME,
	SCREEN_END,
	SCREEN_ENTER,
	SCREEN_ESCAPE,
	SCREEN_ERASE,
	SCREEN_RESIZE,
};

/* Takes the terminal over. -ENOTTY: it cannot be. */
int screen_open(struct err *err) must_check;

/* Gives it back as it was. May be called at any time. */
void screen_close(void);

/* How large it is now, and whether it shows letters beyond ASCII. */
void screen_size(struct frame *frame);

void screen_show(const struct frame *frame);

/* The next key that was pressed; SCREEN_NONE: none is there. Never waits. */
int screen_key(void);
