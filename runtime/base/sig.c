// SPDX-License-Identifier: GPL-2.0-or-later
/* Signals as text; see sig.h. The names are those of the C library. */
#include "runtime/base/sig.h"

#include <ctype.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A number of digits only; -1 for anything else and for what is above @max. */
static int read_number(const char *text, int max)
{
	long number = 0;

	for (const char *at = text; *at; at++) {
		if (!isdigit((unsigned char)*at))
			return -1;
		number = number * 10 + (*at - '0');
		if (number > max)
			return -1;
	}
	return *text ? (int)number : -1;
}

static int number_of_name(const char *name)
{
	if (strcasecmp(name, "IOT") == 0)
		return SIGABRT;
	if (strcasecmp(name, "CLD") == 0)
		return SIGCHLD;
	for (int number = 1; number < SIGRTMIN; number++) {
		const char *known = sigabbrev_np(number);

		if (known && strcasecmp(known, name) == 0)
			return number;
	}
	return 0;
}

/* "RTMIN", "RTMIN+3", "RTMAX-1". */
static int number_of_real_time(const char *name)
{
	bool from_min = strncasecmp(name, "RTMIN", 5) == 0;
	const char *rest = name + 5;
	int offset = *rest ? -1 : 0;

	if (*rest == (from_min ? '+' : '-'))
		offset = read_number(rest + 1, SIGRTMAX - SIGRTMIN);
	if (offset < 0)
		return 0;
	return from_min ? SIGRTMIN + offset : SIGRTMAX - offset;
}

int sig_number(const char *text)
{
	if (!text)
		return 0;
	if (isdigit((unsigned char)text[0])) {
		int number = read_number(text, SIGRTMAX);

		return number > 0 ? number : 0;
	}
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;

	if (strncasecmp(name, "RTMIN", 5) == 0 || strncasecmp(name, "RTMAX", 5) == 0)
		return number_of_real_time(name);
	return number_of_name(name);
}

void sig_name(int number, char name[SIG_NAME_MAX])
{
	const char *known = number < SIGRTMIN ? sigabbrev_np(number) : NULL;

	if (known)
		snprintf(name, SIG_NAME_MAX, "SIG%s", known);
	else if (number >= SIGRTMIN && number <= SIGRTMAX)
		snprintf(name, SIG_NAME_MAX, "SIGRTMIN+%d", number - SIGRTMIN);
	else
		snprintf(name, SIG_NAME_MAX, "%d", number);
}
