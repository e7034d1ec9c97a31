// SPDX-License-Identifier: GPL-2.0-or-later
/* Signals as text, both ways: what a person, a manifest, an image or the API writes for one. */
#pragma once

#define SIG_NAME_MAX 16 /* longest name with its end */

/*
 * The number of "SIGTERM", "term", "15" or "SIGRTMIN+3", in any case; the old names IOT and CLD
 * included. 0 when there is no such signal, or @text is NULL.
 */
int sig_number(const char *text);

/* The name with SIG in front, "SIGRTMIN+n" for real-time signals, else the number: reads back. */
void sig_name(int number, char name[SIG_NAME_MAX]);
