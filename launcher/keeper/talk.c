// SPDX-License-Identifier: GPL-2.0-or-later
/* What keeper and supervisor say to each other, on the keeper's side; see keeper.h. */
#include "launcher/keeper/exits.h"
#include "launcher/keeper/keeper.h"
#include "launcher/keeper/store.h"
#include "launcher/keeper/wire.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <signal.h>

/* False: not now. That it is gone is heard, and needs no answer here. */
static bool say(struct keeper *keeper, const struct wire_record *record, int fd)
{
	int r = wire_send(keeper->socket_fd, record, fd);

	keeper->behind = r == -EAGAIN;
	return r == 0;
}

static bool tell_store(struct keeper *keeper)
{
	while (keeper->told < store_count()) {
		const struct stored *stored = store_at(keeper->told);
		const struct wire_record record = wire_record(WIRE_FD, stored->name);

		if (!say(keeper, &record, stored->fd))
			return false;
		keeper->told++;
	}
	return true;
}

static bool tell_exits(struct keeper *keeper)
{
	for (struct exited *exited; (exited = exits_untold());) {
		struct wire_record record = wire_record(WIRE_EXIT, "");

		record.number = exited->pid;
		record.status = exited->status;
		if (!say(keeper, &record, -1))
			return false;
		exited->told = true;
	}
	return true;
}

void talk_tell(struct keeper *keeper)
{
	const struct wire_record all = wire_record(WIRE_TOLD, "");

	if (keeper->socket_fd < 0)
		return;
	if (!keeper->all_told && !tell_store(keeper))
		return;
	if (tell_exits(keeper) && !keeper->all_told)
		keeper->all_told = say(keeper, &all, -1);
}

void talk_replace(struct keeper *keeper)
{
	const struct wire_record record = wire_record(WIRE_UPGRADE, "");

	keeper->upgrade = false;
	if (keeper->socket_fd < 0 || !say(keeper, &record, -1))
		keeper_say(keeper, "event=upgrade error=\"the supervisor does not listen\"");
}

static void heard_ready(struct keeper *keeper)
{
	keeper->serves = true;
	keeper->has_served = true;
	keeper->begun_ms = keeper_now_ms();
	if (keeper->stopping)
		(void)kill(keeper->supervisor_pid, SIGTERM); /* our child, not reaped yet */
}

/* Takes @fd where it is kept. */
static void heard(struct keeper *keeper, const struct wire_record *record, int *fd)
{
	switch ((enum wire_kind)record->kind) {
	case WIRE_FD:
		if (!store_put(record->name, take_fd(fd)))
			keeper_say(keeper, "event=not-kept name=%s", record->name);
		break;
	case WIRE_DROP:
		store_drop(record->name);
		break;
	case WIRE_EXIT:
		exits_drop(record->number);
		break;
	case WIRE_READY:
		heard_ready(keeper);
		break;
	case WIRE_UPGRADE:
		keeper->upgrade = true;
		break;
	case WIRE_TOLD:
	case WIRE_SUPERVISOR:
		break;
	}
}

void talk_hear(struct keeper *keeper)
{
	struct wire_record record;

	while (keeper->socket_fd >= 0) {
		int fd = -1;
		int r = wire_receive(keeper->socket_fd, &record, &fd);

		if (r == 0)
			heard(keeper, &record, &fd);
		fd_drop(&fd);
		if (r == -EAGAIN)
			return;
		if (r == -ENOTCONN)
			fd_drop(&keeper->socket_fd);
	}
}
