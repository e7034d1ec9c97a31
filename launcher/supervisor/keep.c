// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The supervisor's side of the talk with its keeper; see keep.h, and launcher/keeper/wire.h for the
 * form. Every name is in one table, with what the keeper has still to be told of it: a keeper that
 * is slow makes the table wait, never the supervisor.
 */
#include "launcher/supervisor/keep.h"

#include "launcher/keeper/wire.h"
#include "launcher/supervisor/keep_table.h"
#include "launcher/supervisor/loop.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/exe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

_Static_assert(KEEP_NAME_MAX == WIRE_NAME_MAX, "a name fits into a record");

#define TELL_TIMEOUT_MS 5000
#define AGAIN_MS	1000

struct ended {
	pid_t pid;
	int status;
	bool wanted; /* somebody will say when it is written down */
};

struct keep {
	struct keep_origin origin;
	int fd;
	struct keep_table kept;
	struct ended *ended;
	size_t ended_count;
	size_t ended_space;
	bool told;    /* the keeper has said all it has */
	bool legacy;  /* and that was something */
	bool settled; /* and adoption is over */
	bool ready;   /* which the keeper is still to be told */
	struct keep_handler handler;
	struct loop *loop;
	struct watch *input;
	struct watch *output; /* only while the keeper is behind, with: */
	int output_fd;	      /* a duplicate, since epoll watches an fd only once */
	struct watch *again;  /* where that cannot be had */
};

/* Makes room for one more item of an array; -ENOMEM leaves it as it is. */
static int make_room(void **items, size_t count, size_t *space, size_t item_size)
{
	size_t more = *space ? 2 * *space : 16;
	void *grown = count < *space ? *items : reallocarray(*items, more, item_size);

	if (!grown)
		return -ENOMEM;
	if (count >= *space)
		*space = more;
	*items = grown;
	return 0;
}

static struct ended *find_ended(const struct keep *keep, pid_t pid)
{
	for (size_t i = 0; i < keep->ended_count; i++)
		if (keep->ended[i].pid == pid)
			return &keep->ended[i];
	return NULL;
}

static void on_writable(void *data, int fd, uint32_t events);

/* What the keeper cannot hear now it is told when it can. Any other failure is its end, which the
 * watch of the input sees. */
static void wait_to_tell(struct keep *keep, int r)
{
	struct err err = {0};

	if (r != -EAGAIN || keep->output || !keep->loop)
		return;
	keep->output_fd = fcntl(keep->fd, F_DUPFD_CLOEXEC, 3);
	const struct loop_io io = {keep->output_fd, EPOLLOUT, on_writable, keep};

	if (keep->output_fd >= 0 && loop_watch_fd(keep->loop, &io, &keep->output, &err) < 0)
		fd_drop(&keep->output_fd);
	if (!keep->output)
		watch_arm(keep->again, AGAIN_MS);
}

static void tell_kept(struct keep *keep)
{
	struct kept *kept = NULL;
	int r = 0;

	while (keep->fd >= 0 && r == 0 && (kept = keep->kept.untold)) {
		const struct wire_record record =
			wire_record(kept->fd >= 0 ? WIRE_FD : WIRE_DROP, kept->name);

		r = wire_send(keep->fd, &record, kept->fd);
		if (r == -EAGAIN)
			break;
		keep_table_told(&keep->kept, kept);
		if (kept->fd < 0)
			keep_table_forget(&keep->kept, kept);
	}
	if (keep->fd >= 0 && r != -EAGAIN && keep->ready) {
		const struct wire_record record = wire_record(WIRE_READY, "");

		r = wire_send(keep->fd, &record, -1);
		keep->ready = r == -EAGAIN;
	}
	wait_to_tell(keep, r);
}

static void forget_output(struct keep *keep)
{
	watch_free(take_ptr(keep->output));
	fd_drop(&keep->output_fd);
}

static void on_writable(void *data, int fd, uint32_t events)
{
	struct keep *keep = data;

	forget_output(keep);
	tell_kept(keep);
}

static void on_again(void *data)
{
	tell_kept(data);
}

/* Without a keeper nothing is to be told, and a dropped name is gone at once. */
static void changed(struct keep *keep, struct kept *kept)
{
	if (keep->fd >= 0) {
		keep_table_change(&keep->kept, kept);
		tell_kept(keep);
	} else if (kept->fd < 0) {
		keep_table_forget(&keep->kept, kept);
	}
}

int keep_store(struct keep *keep, const char *name, int fd, struct err *err)
{
	if (strlen(name) > KEEP_NAME_MAX)
		return err_set(err, ENAMETOOLONG, "keep '%s'", name);
	struct kept *kept = keep_table_entry(&keep->kept, name);

	if (!kept)
		return err_set(err, ENOMEM, "keep '%s'", name);
	if (kept->ours)
		fd_drop(&kept->fd);
	kept->ours = false;
	kept->fd = fd;
	changed(keep, kept);
	return 0;
}

void keep_drop(struct keep *keep, const char *name)
{
	struct kept *kept = keep_table_find(&keep->kept, name);

	if (!kept)
		return;
	if (kept->ours)
		fd_drop(&kept->fd);
	kept->ours = false;
	kept->fd = -1;
	changed(keep, kept);
}

int keep_take(struct keep *keep, const char *name)
{
	struct kept *kept = keep_table_find(&keep->kept, name);

	if (!kept || !kept->ours)
		return -ENOENT;
	kept->ours = false;
	return kept->fd;
}

int keep_exit_of(struct keep *keep, pid_t pid, int *ret_status)
{
	struct ended *ended = find_ended(keep, pid);

	if (!ended)
		return -ENOENT;
	ended->wanted = true;
	*ret_status = ended->status;
	return 0;
}

/* Should the keeper not hear of it the next supervisor is told once more, and finds it written
 * down. */
void keep_exit_seen(struct keep *keep, pid_t pid)
{
	struct ended *ended = find_ended(keep, pid);
	struct wire_record record = wire_record(WIRE_EXIT, "");

	if (!ended)
		return;
	*ended = keep->ended[--keep->ended_count];
	record.number = pid;
	if (keep->fd >= 0)
		err_ignore(wire_send(keep->fd, &record, -1));
}

static void offer_exit(struct keep *keep, pid_t pid, int status)
{
	bool wanted = keep->loop && keep->handler.exited(keep->handler.data, pid, status);
	struct ended *ended = find_ended(keep, pid); /* perhaps it is seen already */

	if (ended)
		ended->wanted = wanted;
	if (!wanted)
		keep_exit_seen(keep, pid);
}

void keep_settle(struct keep *keep)
{
	keep->settled = true;
	/* Those that are seen meanwhile leave the array. */
	for (size_t i = keep->ended_count; i-- > 0;)
		if (i < keep->ended_count && !keep->ended[i].wanted)
			offer_exit(keep, keep->ended[i].pid, keep->ended[i].status);
	for (struct kept *kept = keep->kept.first; kept; kept = kept->next) {
		if (!kept->ours)
			continue;
		fd_drop(&kept->fd);
		kept->ours = false;
		keep_table_change(&keep->kept, kept);
	}
	tell_kept(keep);
}

static void heard_exit(struct keep *keep, const struct wire_record *record)
{
	if (find_ended(keep, record->number))
		return;
	if (make_room((void **)&keep->ended, keep->ended_count, &keep->ended_space,
		      sizeof(*keep->ended)) < 0)
		return; /* it is told again, to the next supervisor */
	keep->ended[keep->ended_count++] =
		(struct ended){.pid = record->number, .status = record->status};
	if (keep->settled)
		offer_exit(keep, record->number, record->status);
}

static void heard_fd(struct keep *keep, const struct wire_record *record, int *fd)
{
	struct kept *kept =
		*fd >= 0 && !keep->loop ? keep_table_entry(&keep->kept, record->name) : NULL;

	if (!kept || kept->fd >= 0)
		return; /* closed by the caller */
	kept->fd = take_fd(fd);
	kept->ours = true;
	keep->legacy = true;
}

static void heard(struct keep *keep, const struct wire_record *record, int *fd)
{
	switch ((enum wire_kind)record->kind) {
	case WIRE_FD:
		heard_fd(keep, record, fd);
		break;
	case WIRE_EXIT:
		heard_exit(keep, record);
		break;
	case WIRE_TOLD:
		keep->told = true;
		break;
	case WIRE_UPGRADE:
		if (keep->loop)
			keep->handler.replace(keep->handler.data);
		break;
	case WIRE_DROP:
	case WIRE_READY:
	case WIRE_SUPERVISOR:
		break;
	}
}

/* One record. Returns 0; -EAGAIN: no more now; -ENOTCONN: the keeper is gone. */
static int hear(struct keep *keep)
{
	struct wire_record record;
	int fd = -1;
	int r = wire_receive(keep->fd, &record, &fd);

	if (r == 0)
		heard(keep, &record, &fd);
	fd_drop(&fd);
	return r == -EBADMSG ? 0 : r;
}

void keep_hear(struct keep *keep)
{
	while (keep->fd >= 0 && hear(keep) == 0)
		;
}

static void on_readable(void *data, int fd, uint32_t events)
{
	struct keep *keep = data;
	int r = 0;

	while (r == 0)
		r = hear(keep);
	if (r != -ENOTCONN)
		return;
	watch_free(take_ptr(keep->input));
	forget_output(keep);
	fd_drop(&keep->fd);
	keep->handler.lost(keep->handler.data);
}

static int hear_all(struct keep *keep, struct err *err)
{
	int r = 0;

	while (r == 0 && !keep->told) {
		struct pollfd ready = {.fd = keep->fd, .events = POLLIN};
		int n = poll(&ready, 1, TELL_TIMEOUT_MS);

		if (n == 0)
			return err_say(err, ETIMEDOUT, "the keeper does not answer");
		r = n < 0 && errno != EINTR ? -errno : hear(keep);
		if (r == -EAGAIN)
			r = 0;
	}
	return r < 0 ? err_set(err, -r, "hear from the keeper") : 0;
}

int keep_open(const struct keep_origin *origin, struct keep **ret_keep, struct err *err)
{
	struct keep *keep = calloc(1, sizeof(*keep));
	autoclose int fd = origin->fd;

	if (!keep)
		return err_set(err, ENOMEM, "keep");
	keep->origin = *origin;
	keep->fd = take_fd(&fd);
	keep->output_fd = -1;
	int r = 0;

	if (keep->fd >= 0 && fcntl(keep->fd, F_SETFD, FD_CLOEXEC) < 0)
		r = err_set(err, errno, "the keeper's socket");
	if (r == 0 && keep->fd >= 0)
		r = hear_all(keep, err);
	if (r == -ENOTCONN) /* with what it has said so far; nobody else has it now */
		r = keep_succeed(keep, err);
	if (r < 0) {
		keep_close(keep);
		return r;
	}
	*ret_keep = keep;
	return 0;
}

int keep_watch(struct keep *keep, struct loop *loop, const struct keep_handler *handler,
	       struct err *err)
{
	const struct loop_io io = {keep->fd, EPOLLIN, on_readable, keep};

	if (keep->fd < 0)
		return 0;
	keep->handler = *handler;
	keep->loop = loop;
	int r = loop_watch_timer(loop, on_again, keep, &keep->again, err);

	if (r == 0)
		r = loop_watch_fd(loop, &io, &keep->input, err);
	if (r < 0)
		return r;
	watch_priority(keep->input, LOOP_FIRST);
	tell_kept(keep);
	return 0;
}

void keep_ready(struct keep *keep)
{
	keep->ready = true;
	tell_kept(keep);
}

void keep_close(struct keep *keep)
{
	if (!keep)
		return;
	watch_free(keep->input);
	watch_free(keep->again);
	forget_output(keep);
	fd_drop(&keep->fd);
	keep_table_free(&keep->kept);
	free(keep->ended);
	free(keep);
}

bool keep_is_kept(const struct keep *keep)
{
	return keep->fd >= 0;
}

bool keep_has_legacy(const struct keep *keep)
{
	return keep->legacy;
}

const struct keep_origin *keep_origin(const struct keep *keep)
{
	return &keep->origin;
}

int keep_upgrade(struct keep *keep, struct err *err)
{
	const struct wire_record record = wire_record(WIRE_UPGRADE, "");

	if (keep->fd < 0)
		return err_say(err, ENOTCONN,
			       "the supervisor has no keeper: it cannot be replaced");
	int r = wire_send(keep->fd, &record, -1);

	return r < 0 ? err_set(err, -r, "tell the keeper") : 0;
}

static int write_record(int fd, const struct wire_record *record, struct err *err)
{
	if (write(fd, record, sizeof(*record)) != (ssize_t)sizeof(*record))
		return err_set(err, errno, "hand over to a new keeper");
	return 0;
}

/* All that is stored, and the ends that are not written down yet, as a file to be inherited. */
static int write_handover(const struct keep *keep, int file_fd, struct err *err)
{
	int r = 0;

	for (const struct kept *kept = keep->kept.first; r == 0 && kept; kept = kept->next) {
		struct wire_record record = wire_record(WIRE_FD, kept->name);

		record.number = kept->fd;
		if (record.number >= 0 && fcntl(record.number, F_SETFD, 0) == 0)
			r = write_record(file_fd, &record, err);
	}
	for (size_t i = 0; r == 0 && i < keep->ended_count; i++) {
		struct wire_record record = wire_record(WIRE_EXIT, "");

		record.number = keep->ended[i].pid;
		record.status = keep->ended[i].status;
		r = write_record(file_fd, &record, err);
	}
	return r;
}

static void protect_kept(const struct keep *keep)
{
	for (const struct kept *kept = keep->kept.first; kept; kept = kept->next)
		if (kept->fd >= 0)
			(void)fcntl(kept->fd, F_SETFD, FD_CLOEXEC); /* open: cannot fail */
}

int keep_succeed(struct keep *keep, struct err *err)
{
	autoclose int file_fd = memfd_create("handover", 0);
	const struct keep_origin *origin = &keep->origin;
	char number[16];

	if (!origin->keeper)
		return err_say(err, ENOENT, "no keeper to become");
	if (file_fd < 0)
		return err_set(err, errno, "hand over to a new keeper");
	snprintf(number, sizeof(number), "%d", file_fd);
	const char *const argv[] = {origin->keeper,	"--stack",    origin->stack, "--supervisor",
				    origin->supervisor, "--handover", number,	     NULL};
	int r = write_handover(keep, file_fd, err);

	if (r == 0)
		r = exe_run(origin->keeper, (char *const *)(uintptr_t)argv, err);
	protect_kept(keep);
	return r;
}
