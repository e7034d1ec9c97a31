// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From one keeper to the next, by an exec: the process and its children stay, the descriptors are
 * inherited, and a file in memory says which is which.
 */
#include "launcher/keeper/exits.h"
#include "launcher/keeper/keeper.h"
#include "launcher/keeper/store.h"
#include "launcher/keeper/wire.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/exe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static int put(int file_fd, const struct wire_record *record)
{
	return write(file_fd, record, sizeof(*record)) == (ssize_t)sizeof(*record) ? 0 : -EIO;
}

static int write_all(const struct keeper *keeper, int file_fd)
{
	struct wire_record supervisor = wire_record(WIRE_SUPERVISOR, "");
	int r = 0;

	supervisor.number = keeper->supervisor_pid;
	supervisor.status = keeper->socket_fd;
	for (size_t i = 0; r == 0 && i < store_count(); i++) {
		struct wire_record record = wire_record(WIRE_FD, store_at(i)->name);

		record.number = store_at(i)->fd;
		r = put(file_fd, &record);
	}
	for (size_t i = 0; r == 0 && i < exits_count(); i++) {
		struct wire_record record = wire_record(WIRE_EXIT, "");

		record.number = exits_at(i)->pid;
		record.status = exits_at(i)->status;
		r = put(file_fd, &record);
	}
	return r == 0 && keeper->supervisor_pid > 0 ? put(file_fd, &supervisor) : r;
}

/* @flags: FD_CLOEXEC or 0. They are open: it cannot fail. */
static void mark_all(const struct keeper *keeper, int flags)
{
	for (size_t i = 0; i < store_count(); i++)
		(void)fcntl(store_at(i)->fd, F_SETFD, flags);
	if (keeper->socket_fd >= 0)
		(void)fcntl(keeper->socket_fd, F_SETFD, flags);
}

int handover_exec(struct keeper *keeper, struct err *err)
{
	autoclose int file_fd = memfd_create("handover", 0);
	char text[16];
	const char *const argv[] = {keeper->program,	"--stack",    keeper->stack, "--supervisor",
				    keeper->supervisor, "--handover", text,	     NULL};

	if (file_fd < 0 || write_all(keeper, file_fd) < 0)
		return err_set(err, errno, "hand over");
	snprintf(text, sizeof(text), "%d", file_fd);
	mark_all(keeper, 0);
	int r = exe_run(keeper->program, (char *const *)(uintptr_t)argv, err);

	mark_all(keeper, FD_CLOEXEC);
	return r;
}

static void take(struct keeper *keeper, struct wire_record *record)
{
	record->name[WIRE_NAME_MAX] = '\0';
	switch ((enum wire_kind)record->kind) {
	case WIRE_FD:
		if (fcntl(record->number, F_SETFD, FD_CLOEXEC) == 0)
			(void)store_put(record->name, record->number);
		break;
	case WIRE_EXIT:
		(void)exits_put(record->number, record->status);
		break;
	case WIRE_SUPERVISOR:
		keeper->supervisor_pid = record->number;
		keeper->serves = true;
		if (fcntl(record->status, F_SETFD, FD_CLOEXEC) == 0)
			keeper->socket_fd = record->status;
		break;
	case WIRE_DROP:
	case WIRE_TOLD:
	case WIRE_READY:
	case WIRE_UPGRADE:
		break;
	}
}

void handover_read(struct keeper *keeper, int file_fd)
{
	struct wire_record record;

	(void)lseek(file_fd, 0, SEEK_SET);
	while (read(file_fd, &record, sizeof(record)) == (ssize_t)sizeof(record))
		if (record.version == WIRE_VERSION)
			take(keeper, &record);
	close(file_fd);
	/* Of the ends nobody knows which of them the supervisor has heard of. */
	keeper->has_served = true;
	keeper->all_told = keeper->supervisor_pid > 0;
	keeper->begun_ms = keeper_now_ms();
}
