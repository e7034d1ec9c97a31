// SPDX-License-Identifier: GPL-2.0-or-later
/* What takes long before a plan can be made, beside the loop; see fills.h. */
#include "launcher/supervisor/fills.h"

#include "launcher/lower.h"
#include "launcher/supervisor/attach.h"
#include "launcher/supervisor/images.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/volumes.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the process tells its result. */
#define RESULT_FD 3

struct fill_result {
	bool failed;
	unsigned mount; /* of the service */
	struct err err;
};

/* One process; after its end, what came of it, for who asks next. */
struct fill {
	struct supervisor *sup;
	struct fill *next;
	char *service;
	unsigned index;
	char **paths; /* by mount; NULL: not this one */
	size_t path_count;
	bool volumes;				 /* any of them */
	char filter[CONTAINER_FILTER_NAME_SIZE]; /* that it compiles; empty: none */
	char *state_dir;			 /* what the process needs on disk, gone with it */
	bool keep;
	int pidfd; /* -1: it has ended */
	int result_fd;
	struct watch *end;
	struct fill_result result;
};

/* What the process works from. */
struct fill_work {
	const struct service *service;
	struct container_config view;		/* of what an image has for the volumes */
	const struct container_config *confine; /* with the filter to compile */
};

/* A request that is to be handled again. */
struct fill_waiter {
	struct supervisor *sup;
	struct fill_waiter *next;
	struct http_incoming *incoming;
};

static void paths_free(char **paths, size_t count)
{
	for (size_t i = 0; paths && i < count; i++)
		free(paths[i]);
	free(paths);
}

static void fill_free(struct fill *fill)
{
	struct fill **link = &fill->sup->fills;

	while (*link && *link != fill)
		link = &(*link)->next;
	if (*link)
		*link = fill->next;
	watch_free(fill->end);
	fd_drop(&fill->pidfd);
	fd_drop(&fill->result_fd);
	if (fill->state_dir)
		err_ignore(fs_remove_tree(fill->state_dir, NULL)); /* `down` removes what is left */
	free(fill->state_dir);
	paths_free(fill->paths, fill->path_count);
	free(fill->service);
	free(fill);
}

/* Waits for a process that is being killed, and takes away what it leaves. */
static void fill_kill(struct fill *fill)
{
	siginfo_t info;
	char parent[PATH_MAX];

	if (fill->pidfd < 0)
		return;
	(void)pidfd_send_signal(fill->pidfd, SIGKILL, NULL, 0);
	while (waitid(P_PIDFD, (id_t)fill->pidfd, &info, WEXITED) < 0 && errno == EINTR)
		continue;
	for (size_t i = 0; i < fill->path_count; i++) {
		const char *slash = fill->paths[i] ? strrchr(fill->paths[i], '/') : NULL;

		if (slash && snprintf(parent, sizeof(parent), "%.*s", (int)(slash - fill->paths[i]),
				      fill->paths[i]) < PATH_MAX)
			volumes_sweep(parent);
	}
}

/* ---- who waits ---- */

static void wake_all(struct supervisor *sup)
{
	while (sup->fill_waiters) {
		struct fill_waiter *waiter = sup->fill_waiters;

		sup->fill_waiters = waiter->next;
		http_wake(waiter->incoming);
		free(waiter);
	}
	attach_resume(sup);
	supervisor_touch(sup);
}

static void on_gone(void *data)
{
	struct fill_waiter *waiter = data;
	struct supervisor *sup = waiter->sup;
	struct fill_waiter **link = &sup->fill_waiters;

	while (*link && *link != waiter)
		link = &(*link)->next;
	if (*link)
		*link = waiter->next;
	free(waiter);
	fills_drop_unwanted(sup);
	if (sup->manifest)
		return;
	sup->ending = true; /* a first `up` that is given up leaves nothing behind */
	supervisor_touch(sup);
}

void fills_answer_later(struct supervisor *sup, const struct http_request *request,
			struct http_answer *answer)
{
	struct fill_waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter) {
		answer->status = 500;
		answer->body =
			strdup("{\"schema\":1,\"error\":\"out of memory\",\"exit_code\":1}\n");
		return;
	}
	*waiter = (struct fill_waiter){sup, sup->fill_waiters, request->incoming};
	sup->fill_waiters = waiter;
	answer->kind = HTTP_LATER;
	answer->gone = on_gone;
	answer->gone_data = waiter;
}

void fills_drop_unwanted(struct supervisor *sup)
{
	if (sup->fill_waiters || attach_waits(sup))
		return;
	for (struct fill *fill = sup->fills, *next; fill; fill = next) {
		next = fill->next;
		if (fill->keep)
			continue;
		fill_kill(fill);
		fill_free(fill);
	}
}

void fills_end(struct supervisor *sup)
{
	bool any = sup->fills || sup->fill_waiters;

	while (sup->fills) {
		fill_kill(sup->fills);
		fill_free(sup->fills);
	}
	if (any)
		wake_all(sup);
}

bool fills_running(const struct supervisor *sup)
{
	for (const struct fill *fill = sup->fills; fill; fill = fill->next)
		if (fill->pidfd >= 0)
			return true;
	return false;
}

/* ---- the process ---- */

static void do_fill(const struct fill *fill, const struct fill_work *work,
		    struct fill_result *result)
{
	if (fill->filter[0])
		container_filter_keep(work->confine);
	for (unsigned i = 0; i < fill->path_count && !result->failed; i++) {
		const struct volume_want want = {fill->paths[i], &work->view,
						 work->service->mounts[i].target};

		result->mount = i;
		if (want.path)
			result->failed = volumes_fill(&want, &result->err) < 0;
	}
}

/* Keeps nothing open that a next supervisor would find in use. */
static _Noreturn void fill_process(const struct fill *fill, const struct fill_work *work,
				   int result_fd, pid_t parent)
{
	struct fill_result result = {0};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
	    (result_fd != RESULT_FD && dup2(result_fd, RESULT_FD) < 0) ||
	    close_range(RESULT_FD + 1, ~0U, 0) < 0)
		_exit(1);
	(void)prctl(PR_SET_NAME, "davit-fill");
	do_fill(fill, work, &result);
	_exit(write(RESULT_FD, &result, sizeof(result)) != sizeof(result));
}

static void on_end(void *data, int fd, uint32_t events)
{
	struct fill *fill = data;
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
		return;
	watch_free(take_ptr(fill->end));
	bool told =
		read(fill->result_fd, &fill->result, sizeof(fill->result)) == sizeof(fill->result);

	/* A filter that is not there is compiled by whoever needs it. */
	if (!told && fill->volumes) {
		fill->result.failed = true;
		err_ignore(err_say(&fill->result.err, EPROTO,
				   "the process that fills new volumes died"));
	}
	fill->result.err.text[sizeof(fill->result.err.text) - 1] = '\0';
	fd_drop(&fill->result_fd);
	fd_drop(&fill->pidfd);
	wake_all(fill->sup);
}

static int start(struct fill *fill, const struct fill_work *work, struct err *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, errno, "prepare beside the loop");
	autoclose int write_fd = fds[1];
	pid_t parent = getpid();

	fill->result_fd = fds[0];
	pid_t pid = fork();

	if (pid < 0)
		return err_set(err, errno, "prepare beside the loop");
	if (pid == 0)
		fill_process(fill, work, write_fd, parent);
	/* Our child, unreaped: the number is its own. */
	fill->pidfd = pidfd_open(pid, 0);
	if (fill->pidfd < 0) {
		int r = err_set(err, errno, "prepare beside the loop");

		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	return loop_watch_fd(fill->sup->loop, &(struct loop_io){fill->pidfd, EPOLLIN, on_end, fill},
			     &fill->end, err);
}

/* ---- what is to be filled ---- */

static bool is_fillable(const struct stack *stack, const struct mount_spec *mount)
{
	const struct volume *volume = mount->source ? stack_volume(stack, mount->source) : NULL;

	return mount->kind == MOUNT_VOLUME && !mount->no_copy && !mount->subpath &&
	       !(volume && (volume->external || volume->device));
}

/* The paths of the volumes that are not there. */
static int list_missing(const struct plan_source *source, const struct lower_place *place,
			struct fill *fill, struct err *err)
{
	const struct service *service = source->service;
	const struct stack *stack = source->manifest->stack;
	struct stat st;

	fill->paths = calloc(service->mount_count + 1, sizeof(*fill->paths));
	if (!fill->paths)
		return err_set(err, ENOMEM, "%s", service->name);
	fill->path_count = service->mount_count;
	for (size_t i = 0; i < service->mount_count; i++) {
		if (!is_fillable(stack, &service->mounts[i]))
			continue;
		autofree char *path = lower_volume_path(stack, service, i, place);

		if (!path)
			return err_set(err, ENOMEM, "%s", service->name);
		if (stat(path, &st) < 0 && errno == ENOENT) {
			fill->paths[i] = take_ptr(path);
			fill->volumes = true;
		}
	}
	return 0;
}

static bool has_path(const struct fill *fill, const char *path)
{
	for (size_t i = 0; i < fill->path_count; i++)
		if (fill->paths[i] && strcmp(fill->paths[i], path) == 0)
			return true;
	return false;
}

/* Another one is at the same volume or filter: what comes of it has to be known first. */
static bool is_contested(const struct supervisor *sup, const struct fill *wanted)
{
	for (const struct fill *fill = sup->fills; fill; fill = fill->next) {
		if (fill->pidfd < 0)
			continue;
		if (wanted->filter[0] && strcmp(fill->filter, wanted->filter) == 0)
			return true;
		for (size_t i = 0; i < wanted->path_count; i++)
			if (wanted->paths[i] && has_path(fill, wanted->paths[i]))
				return true;
	}
	return false;
}

static struct fill *find(const struct supervisor *sup, const struct plan_source *source)
{
	struct fill *fill = sup->fills;

	while (fill &&
	       (fill->index != source->index || strcmp(fill->service, source->service->name) != 0))
		fill = fill->next;
	return fill;
}

static int tell_result(const struct fill *fill, struct container_fault *fault)
{
	const struct fill_result *result = &fill->result;

	if (!result->failed)
		return 0;
	fault->item = CONTAINER_ITEM_MOUNT;
	fault->index = result->mount;
	fault->err = result->err;
	return result->err.code > 0 ? -result->err.code : -EIO;
}

void fills_forget(struct supervisor *sup, const struct plan_source *source)
{
	struct fill *fill = find(sup, source);

	if (fill && fill->pidfd < 0)
		fill_free(fill);
}

/* Returns 1 when there is something to do, of volumes or of the filter; 0; -errno. */
static int list_work(struct fill *fill, const struct plan_source *source, struct lowered *lowered,
		     struct fill_work *work, struct err *err)
{
	const struct service *service = source->service;
	const struct supervisor *sup = fill->sup;
	autofree char *anonymous = plan_anonymous_dir(sup, service, source->index);
	const struct lower_place place = {.volumes_dir = sup->volumes_dir,
					  .anonymous_dir = anonymous,
					  .filter_dir = sup->filters_dir};
	int r = 0;

	if (!anonymous)
		return err_set(err, ENOMEM, "%s", service->name);
	*work = (struct fill_work){.service = service, .confine = &lowered->config};
	work->view.root = CONTAINER_ROOT_LAYERS;
	work->view.root_layers = images_layers(source->manifest, service->rootfs_dir);
	if (service->rootfs == ROOTFS_IMAGE && work->view.root_layers)
		r = list_missing(source, &place, fill, err);
	if (r == 0)
		r = lower_service(source->manifest->stack, service, &place, lowered, err);
	if (r < 0)
		return r;
	if (!container_filter_missing(&lowered->config, fill->filter))
		fill->filter[0] = '\0';
	return fill->volumes || fill->filter[0];
}

static int begin(struct fill *fill, const struct plan_source *source, struct err *err)
{
	struct supervisor *sup = fill->sup;
	autolowered struct lowered lowered = {0};
	struct fill_work work;

	fill->service = strdup(source->service->name);
	if (!fill->service)
		return err_set(err, ENOMEM, "prepare");
	int r = list_work(fill, source, &lowered, &work, err);

	if (r <= 0)
		return r;
	if (is_contested(sup, fill))
		return -EINPROGRESS;
	if (asprintf(&fill->state_dir, "%s/fills/%s-%u", sup->run_dir, fill->service, fill->index) <
	    0) {
		fill->state_dir = NULL;
		return err_set(err, ENOMEM, "prepare");
	}
	work.view.state_dir = fill->state_dir;
	r = fs_make_dirs(fill->state_dir, 0700, err);
	if (r == 0)
		r = start(fill, &work, err);
	if (r < 0)
		return r;
	fill->next = sup->fills;
	sup->fills = fill;
	return -EINPROGRESS;
}

int fills_ready(struct supervisor *sup, const struct plan_source *source, bool keep,
		struct container_fault *fault)
{
	struct fill *fill = find(sup, source);

	*fault = (struct container_fault){.item = CONTAINER_ITEM_NONE};
	if (fill && fill->pidfd >= 0) {
		fill->keep |= keep;
		return -EINPROGRESS;
	}
	if (fill)
		return tell_result(fill, fault);
	fill = calloc(1, sizeof(*fill));
	if (!fill)
		return err_set(&fault->err, ENOMEM, "prepare");
	*fill = (struct fill){
		.sup = sup, .index = source->index, .keep = keep, .pidfd = -1, .result_fd = -1};
	int r = begin(fill, source, &fault->err);

	/* What has begun is on the list. */
	if (sup->fills != fill) {
		fill_kill(fill);
		fill_free(fill);
	}
	return r;
}
