// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The supervisor's own beginning and end: directories, lock, leftovers of a dead predecessor, and
 * afterwards nothing left behind. What happens in between is in the other files of this folder.
 */
#include "launcher/supervisor/supervisor.h"
#include "launcher/js.h"
#include "launcher/supervisor/adopt.h"
#include "launcher/supervisor/api.h"
#include "launcher/supervisor/attach.h"
#include "launcher/supervisor/dns.h"
#include "launcher/supervisor/drain.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/fills.h"
#include "launcher/supervisor/hold.h"
#include "launcher/supervisor/hosts.h"
#include "launcher/supervisor/http_listen.h"
#include "launcher/supervisor/ids.h"
#include "launcher/supervisor/learn.h"
#include "launcher/supervisor/listener.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/own_log.h"
#include "launcher/supervisor/probe_http.h"
#include "launcher/supervisor/restore.h"
#include "launcher/supervisor/retire.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/scaler.h"
#include "launcher/supervisor/scheduler.h"
#include "launcher/supervisor/succession.h"
#include "launcher/supervisor/vacancy.h"

#include "launcher/paths.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/network/net.h"
#include "runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define PURGE_TRIES 300
#define LOCK_TRIES  500
#define WAIT_NS	    10000000

/* Names of what the keeper has of ours. */
#define OWN_LOG_MAX  (4 << 20)
#define KEPT_LOCK    "lock"
#define KEPT_CONTROL "control"
/* "userns FIRST": of another range it is of no use */
#define KEPT_IDS_SIZE 24

void supervisor_log(const struct supervisor *sup, const char *fmt, ...)
{
	char path[PATH_MAX];
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "stack=%s %s\n", sup->name, text);
	if (sup->log_dir &&
	    snprintf(path, sizeof(path), "%s/supervisor.log", sup->log_dir) < (int)sizeof(path))
		own_log_rotate(path, OWN_LOG_MAX);
}

void supervisor_touch(struct supervisor *sup)
{
	watch_trigger(sup->settle);
}

/* Before the loop begins and after it has ended waiting is allowed, for a bounded time. */
static int remove_cgroups(struct cg_tree *tree, struct err *err)
{
	const struct timespec pause = {.tv_nsec = WAIT_NS};
	int r = cg_tree_remove(tree, err);

	/* Who dies takes a moment, and so may what is short at this one. */
	for (int tries = 1; tries < PURGE_TRIES && (r == -EBUSY || r == -ENOMEM || r == -ENFILE);
	     tries++) {
		nanosleep(&pause, NULL);
		r = cg_tree_remove(tree, err);
	}
	return r;
}

/* What a predecessor that was killed has left: processes, groups, links, rules, prepared plans. */
static int purge(struct supervisor *sup, const char *tree_name, struct err *err)
{
	static const char *const below[] = {"plans", "instances", "manifests", HOSTS_DIR};
	struct cg_tree *tree = NULL;
	char path[512];
	int r = cg_tree_open(tree_name, &tree, err);

	if (r < 0)
		return r;
	r = remove_cgroups(tree, err);
	cg_tree_close(tree);
	if (r == 0)
		r = networks_purge(sup, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(below); i++) {
		snprintf(path, sizeof(path), "%s/%s", sup->run_dir, below[i]);
		r = fs_remove_tree(path, err);
	}
	if (r == 0)
		r = fs_remove_tree(sup->layers_dir, err);
	return r;
}

/* One directory for all stacks: where they find each other's networks. */
static int make_networks_dir(struct supervisor *sup, struct err *err)
{
	autofree char *run_root = NULL;
	int r = paths_dir(PATHS_RUN, NULL, &run_root, err);

	if (r == 0 && asprintf(&sup->networks_dir, "%s/.networks", run_root) < 0) {
		sup->networks_dir = NULL;
		r = err_set(err, ENOMEM, "paths");
	}
	return r;
}

static int make_paths(struct supervisor *sup, struct err *err)
{
	int r = paths_dir(PATHS_RUN, sup->name, &sup->run_dir, err);

	if (r == 0)
		r = paths_dir(PATHS_LOG, sup->name, &sup->log_dir, err);
	if (r == 0)
		r = make_networks_dir(sup, err);
	if (r == 0)
		r = paths_dir(PATHS_STATE, NULL, &sup->store_dir, err);
	if (r < 0)
		return r;
	if (asprintf(&sup->volumes_dir, "%s/volumes", sup->store_dir) < 0 ||
	    asprintf(&sup->filters_dir, "%s/filters", sup->store_dir) < 0 ||
	    asprintf(&sup->layers_dir, "%s/layers/%s", sup->store_dir, sup->name) < 0 ||
	    asprintf(&sup->hosts_file, "%s/hosts", sup->run_dir) < 0)
		return err_set(err, ENOMEM, "paths");
	return 0;
}

static int make_dirs(const struct supervisor *sup, struct err *err)
{
	int r = fs_make_own_dir(sup->log_dir, 0750, err);

	/* Root's own programs in a volume may have their set-user-ID bit: the host's users must not
	 * get there (CVE-2021-41091). */
	return r < 0 ? r : fs_make_own_dir(sup->volumes_dir, 0700, err);
}

/* -EAGAIN: file or directory was removed by a predecessor that ended meanwhile. */
static int lock_file(struct supervisor *sup, const char *path, struct err *err)
{
	struct stat st;
	int r = fs_make_own_dir(sup->run_dir, 0700, err);

	if (r < 0)
		return r;
	autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && errno == ENOENT)
		return -EAGAIN;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, errno, "lock '%s'", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK
			       ? err_say(err, EALREADY, "stack %s has a supervisor already",
					 sup->name)
			       : err_set(err, errno, "lock '%s'", path);
	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return -EAGAIN;
	sup->lock_fd = take_fd(&fd);
	return keep_store(sup->keep, KEPT_LOCK, sup->lock_fd, err);
}

/* Whoever ends removes its socket before it gives up the lock. */
static bool holder_answers(const struct supervisor *sup)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	autofree char *path = NULL;

	if (fd < 0 || paths_socket(sup->name, &path, NULL) < 0)
		return false;
	memcpy(address.sun_path, path, strlen(path) + 1); /* paths_socket() sees to its length */
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

/* A predecessor that is just ending is waited for: `up` may follow a `down` closely. */
static int take_lock(struct supervisor *sup, struct err *err)
{
	const struct timespec pause = {.tv_nsec = WAIT_NS};
	char path[512];
	struct stat st;
	int r = -EAGAIN;

	/* Held without a break: nobody can have come between. */
	sup->lock_fd = keep_take(sup->keep, KEPT_LOCK);
	if (sup->lock_fd >= 0 && fstat(sup->lock_fd, &st) == 0 && st.st_nlink == 0)
		return err_set(err, ESHUTDOWN, "the stack is down");
	if (sup->lock_fd >= 0)
		return 0;
	snprintf(path, sizeof(path), "%s/lock", sup->run_dir);
	for (int tries = 0; tries < LOCK_TRIES && (r == -EAGAIN || r == -EALREADY); tries++) {
		if (tries > 0)
			nanosleep(&pause, NULL);
		r = lock_file(sup, path, err);
		if (r == -EALREADY && holder_answers(sup))
			break;
	}
	return r;
}

/* A stub resolver on the host's loopback cannot be reached from another network namespace. */
static const char *resolv_conf_path(void)
{
	static const char systemd_upstream[] = "/run/systemd/resolve/resolv.conf";
	autofree char *text = NULL;

	if (fs_read("/etc/resolv.conf", 65536, &text, NULL, NULL) < 0)
		return NULL;
	if (strstr(text, "nameserver 127.0.0.53") && access(systemd_upstream, R_OK) == 0)
		return systemd_upstream;
	return "/etc/resolv.conf";
}

static void raise_nofile(struct supervisor *sup)
{
	struct rlimit limit = {1024, 1024};

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	sup->nofile_hard = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* the old limit still serves small stacks */
}

static void name_ids(const struct supervisor *sup, char name[static KEPT_IDS_SIZE])
{
	snprintf(name, KEPT_IDS_SIZE, "userns %" PRIu32, sup->ids.first);
}

/* The user namespace stays the same over the life of the stack: networks and IPC belong to it. */
static int hold_userns(struct supervisor *sup, struct err *err)
{
	char name[KEPT_IDS_SIZE];
	int r = 0;

	name_ids(sup, name);
	sup->ids.userns_fd = keep_take(sup->keep, name);
	if (sup->ids.userns_fd < 0)
		r = userns_make(sup->ids.first, sup->ids.count, &sup->ids.userns_fd, err);
	if (r == 0)
		err_ignore(keep_store(sup->keep, name, sup->ids.userns_fd, NULL));
	return r;
}

/* Ids of the stack's own. Where there cannot be any its instances have those of the host; what only
 * lacks room for a moment is no reason for that. */
static int take_ids(struct supervisor *sup, struct err *err)
{
	autofree char *run_root = NULL;
	int r = paths_dir(PATHS_RUN, NULL, &run_root, err);

	if (r == 0)
		r = ids_take(run_root, sup->name, &sup->ids.first, err);
	sup->ids.count = IDS_COUNT;
	if (r == 0)
		r = hold_userns(sup, err);
	if (r == 0 || r == -EAGAIN || restore_starves(sup, err))
		return r;
	sup->ids_why = strdup(err->text);
	supervisor_log(sup, "event=host-ids reason=\"%s\"", err->text);
	return 0;
}

static void give_ids_back(struct supervisor *sup)
{
	autofree char *run_root = NULL;
	char name[KEPT_IDS_SIZE];

	name_ids(sup, name);
	if (sup->keep)
		keep_drop(sup->keep, name);
	fd_drop(&sup->ids.userns_fd);
	free(sup->ids_why);
	if (sup->run_dir && paths_dir(PATHS_RUN, NULL, &run_root, NULL) == 0)
		ids_give_back(run_root, sup->name);
}

/* With something to restore everything stays as it is. */
static int open_kernel_side(struct supervisor *sup, bool fresh, struct err *err)
{
	const char *resolv = resolv_conf_path();
	char tree_name[160];

	snprintf(tree_name, sizeof(tree_name), "davit/%s", sup->name);
	sup->resolv_conf = resolv ? strdup(resolv) : NULL;
	raise_nofile(sup);
	int r = take_ids(sup, err);

	if (r == 0 && fresh) {
		dns_purge(sup);
		hold_purge(sup);
		r = purge(sup, tree_name, err);
	}
	if (r == 0)
		r = cg_tree_open(tree_name, &sup->cgroups, err);
	if (r == 0 && fresh)
		r = fs_rewrite(sup->hosts_file, "127.0.0.1\tlocalhost\n", 20, 0644, err);
	return r;
}

/* The keeper holds the socket, too: who connects while there is no supervisor waits for the next
 * one. Listening once more tells clients whom they talk to now. */
static int open_socket(struct supervisor *sup, int *ret_fd, struct err *err)
{
	autofree char *path = NULL;
	int fd = keep_take(sup->keep, KEPT_CONTROL);
	int r = fd < 0 ? paths_socket(sup->name, &path, err) : 0;

	if (fd < 0 && r == 0)
		r = http_listen(path, &fd, err);
	else if (r == 0 && listen(fd, HTTP_BACKLOG) < 0)
		r = err_set(err, errno, "control socket");
	if (r == 0)
		r = keep_store(sup->keep, KEPT_CONTROL, fd, err);
	if (r < 0)
		fd_drop(&fd);
	else
		*ret_fd = fd;
	return r;
}

static int open_loop(struct supervisor *sup, struct err *err)
{
	int listen_fd = -1;
	int r = loop_open(&sup->loop, err);

	if (r == 0)
		r = settle_open(sup, err);
	if (r == 0)
		r = scaler_open(sup, err);
	if (r == 0)
		r = scheduler_open(sup, err);
	if (r == 0)
		r = loop_watch_timer(sup->loop, drain_on_timer, sup, &sup->drain_timer, err);
	if (r == 0)
		r = loop_watch_timer(sup->loop, retire_poll, sup, &sup->retire_timer, err);
	if (r == 0)
		r = log_pump_open(sup->loop, sup->keep, &sup->log_pump, err);
	if (r == 0)
		r = events_open(sup, sup->run_dir, &sup->events, err);
	if (r == 0)
		r = open_socket(sup, &listen_fd, err);
	if (r == 0)
		r = http_open(
			sup->loop, listen_fd,
			&(struct http_handler){.fn = api_handle, .trusts = api_trusts, .data = sup},
			&sup->http, err);
	if (r == 0)
		r = succession_watch(sup, err);
	if (r == 0)
		r = save_open(sup, err);
	if (r == 0)
		listener_restore(sup);
	return r;
}

static void tell_begin(struct supervisor *sup)
{
	events_supervisor(sup, "begin", NULL,
			  js_pack("{s:i, s:s, s:i}", "pid", (int)getpid(), "version", DAVIT_VERSION,
				  "generation", (int)sup->generation));
}

/* What a predecessor has left: of a stack that nobody can make sense of any more, it is removed. */
static int open_state(struct supervisor *sup, bool clean, struct err *err)
{
	autorestored struct restored restored = {0};
	int r = proc_boot_id(sup->boot, err);

	/* Without it everything there would seem to be of another boot. */
	sup->starved = r < 0;
	if (r == 0 && !clean)
		r = restore_read(sup, &restored, err);
	if (r < 0)
		return r;
	sup->generation = (unsigned)js_int(restored.text, "generation", 0) + 1;
	if (restored.text)
		restore_stack(sup, &restored);
	if (sup->starved)
		return err_set(err, ENOMEM, "take over what a predecessor has left");
	bool fresh = !sup->manifest;

	sup->idle = fresh; /* the first look at what is taken over tells */
	sup->ending = sup->ending && !fresh;
	r = open_kernel_side(sup, fresh, err);
	if (r == 0)
		r = open_loop(sup, err);
	if (r == 0)
		tell_begin(sup);
	if (r == 0 && !fresh) {
		dns_adopt(sup);
		hold_adopt(sup);
	}
	if (r == 0 && !fresh)
		r = adopt_instances(sup, &restored, err);
	if (r == 0)
		restore_decided(sup);
	if (r == 0 && fresh)
		r = vacancy_open(sup, err);
	if (r == 0)
		keep_settle(sup->keep);
	return r;
}

/* Ends with the process: still known, so that nobody takes it for lost. */
static struct supervisor *left_alone __attribute__((used));

int supervisor_open(const struct keep_origin *origin, bool clean, struct supervisor **ret_sup,
		    struct err *err)
{
	struct supervisor *sup = calloc(1, sizeof(*sup));

	if (!sup)
		return err_set(err, ENOMEM, "supervisor");
	sup->lock_fd = -1;
	sup->ids.userns_fd = -1;
	sup->idle = true;
	clock_gettime(CLOCK_REALTIME, &sup->started_at);
	sup->name = strdup(origin->stack);
	int r = sup->name ? make_paths(sup, err) : err_set(err, ENOMEM, "supervisor");

	net_reserve(); /* the keeper may hold thousands of descriptors */
	if (r == 0)
		r = keep_open(origin, &sup->keep, err);
	if (r == 0)
		r = take_lock(sup, err);
	bool mine = r == 0;

	if (r == 0)
		r = make_dirs(sup, err);
	if (r == 0)
		r = open_state(sup, clean, err);
	/* What a predecessor has left is for the next to try: closing would take it down. */
	if (r < 0 && ((mine && (r == -EPROTONOSUPPORT || sup->starved || sup->generation > 1)) ||
		      (sup->keep && keep_has_legacy(sup->keep)))) {
		left_alone = sup;
		return r;
	}
	if (r < 0) {
		/* Another's directories are not to be removed. */
		if (!mine)
			free(take_ptr(sup->run_dir));
		supervisor_close(sup);
		return r;
	}
	*ret_sup = sup;
	return 0;
}

static void report(const struct supervisor *sup, const char *what, int r, const struct err *err)
{
	if (r < 0)
		supervisor_log(sup, "event=%s-left error=\"%s\"", what, err->text);
}

/* The roots go too when this was the last stack; rmdir refuses by itself when it was not. */
static void remove_empty_parent(const char *path)
{
	autofree char *parent = strdup(path);
	char *slash = parent ? strrchr(parent, '/') : NULL;

	if (!slash || slash == parent)
		return;
	*slash = '\0';
	(void)rmdir(parent);
}

static void remove_below(const struct supervisor *sup, const char *dir, const char *name)
{
	autofree char *path = NULL;
	struct err err = {0};

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return;
	}
	report(sup, "volume", fs_remove_tree(path, &err), &err);
}

static void remove_stack_volumes(const struct supervisor *sup)
{
	const struct stack *stack = settle_stack(sup);
	autofree char *anonymous = NULL;

	for (size_t i = 0; sup->remove_volumes && i < stack->volume_count; i++)
		if (!stack->volumes[i].external)
			remove_below(sup, sup->volumes_dir, stack->volumes[i].name);
	if (asprintf(&anonymous, "%s/.anonymous", sup->volumes_dir) < 0) {
		anonymous = NULL;
		return;
	}
	remove_below(sup, anonymous, sup->name);
	(void)rmdir(anonymous); /* refuses when other stacks have theirs there */
}

static void remove_dirs(const struct supervisor *sup)
{
	const char *const paths[] = {sup->layers_dir, sup->log_dir, sup->run_dir};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (!paths[i])
			continue;
		report(sup, "directory", fs_remove_tree(paths[i], &err), &err);
		remove_empty_parent(paths[i]);
	}
}

static void close_kernel_side(struct supervisor *sup)
{
	struct err err = {0};

	if (sup->cgroups)
		report(sup, "cgroup", remove_cgroups(sup->cgroups, &err), &err);
	cg_tree_close(take_ptr(sup->cgroups));
	dns_close(sup);
	hold_close(sup);
	networks_close(sup);
	publish_close(sup);
}

/* The control socket closes last: who waits for that may rely on everything else being gone. */
void supervisor_close(struct supervisor *sup)
{
	if (!sup)
		return;
	size_t services = sup->manifest ? sup->manifest->stack->service_count : 0;

	fills_end(sup);
	attach_close(sup);
	learn_close(sup);
	retire_close(sup);
	close_kernel_side(sup);
	give_ids_back(sup);
	if (sup->run_dir) {
		remove_stack_volumes(sup);
		units_free(take_ptr(sup->units), services);
		remove_dirs(sup);
	}
	metrics_free(&sup->metrics);
	manifest_unref(take_ptr(sup->manifest));
	listener_close(sup);
	http_close(sup->http);
	http_prober_close(sup->http_prober);
	settle_close(sup);
	scaler_close(sup);
	scheduler_close(sup);
	watch_free(sup->drain_timer);
	watch_free(sup->vacancy);
	watch_free(sup->save);
	watch_free(sup->save_again);
	watch_free(sup->retire_timer);
	log_pump_close(sup->log_pump);
	events_close(sup->events);
	fd_drop(&sup->lock_fd);
	keep_close(sup->keep);
	loop_close(sup->loop);
	free(sup->name);
	free(sup->run_dir);
	free(sup->log_dir);
	free(sup->volumes_dir);
	free(sup->filters_dir);
	free(sup->store_dir);
	free(sup->layers_dir);
	free(sup->networks_dir);
	free(sup->hosts_file);
	free(sup->resolv_conf);
	free(sup);
}
