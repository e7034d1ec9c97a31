// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of ends; see exits.h. */
#include "launcher/keeper/exits.h"

static struct exited table[EXITS_MAX];
static size_t count;

static struct exited *find(pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].pid == pid)
			return &table[i];
	return NULL;
}

/* A number that is used again belongs to another process: the older end is of no use any more. */
struct exited *exits_put(pid_t pid, int status)
{
	struct exited *exited = find(pid);

	if (!exited && count < EXITS_MAX)
		exited = &table[count++];
	if (exited)
		*exited = (struct exited){.pid = pid, .status = status};
	return exited;
}

void exits_drop(pid_t pid)
{
	struct exited *exited = find(pid);

	if (exited)
		*exited = table[--count];
}

struct exited *exits_untold(void)
{
	for (size_t i = 0; i < count; i++)
		if (!table[i].told)
			return &table[i];
	return NULL;
}

void exits_tell_again(void)
{
	for (size_t i = 0; i < count; i++)
		table[i].told = false;
}

size_t exits_count(void)
{
	return count;
}

const struct exited *exits_at(size_t at)
{
	return &table[at];
}
