// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * container_prepare(): the plan of a container, with everything resolved that is the same in every
 * run. The parent's part; what has to be seen from inside the root is the helper's.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/path.h"
#include "runtime/defaults.h"
#include "runtime/landlock.h"
#include "runtime/seccomp/profile.h"
#include "runtime/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A source on a dead network file system must not hang the caller for ever. */
#define HELPER_TIMEOUT_MS 10000

static void mounts_free(struct container_plan *plan)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		fd_drop(&plan->mounts[i].source_fd);
		free(plan->mounts[i].target);
		free(plan->mounts[i].options);
	}
	free(plan->mounts);
}

void container_plan_free(struct container_plan *plan)
{
	if (!plan)
		return;
	/* The namespace first: its mounts are on what is removed then. What running containers
	 * still use stays alive, without a name. */
	fd_drop(&plan->namespace_fd);
	fd_drop(&plan->userns_fd);
	fd_drop(&plan->view_fd);
	fd_drop(&plan->init_fd);
	fd_drop(&plan->enter_fd);
	free(plan->userns_why);
	mounts_free(plan);
	plan_files_free(plan);
	for (size_t i = 0; i < plan->device_count; i++)
		free(plan->devices[i].target);
	free(plan->devices);
	fd_drop(&plan->devices_fd);
	if (plan->state_fd >= 0)
		(void)path_empty(plan->state_fd); /* the owner of the directory removes the rest */
	fd_drop(&plan->state_fd);
	strv_free(&plan->argv);
	strv_free(&plan->env);
	strv_free(&plan->candidates);
	free(plan->search_path);
	free(plan->working_dir);
	free(plan->resolv_conf);
	secc_release(plan->filter);
	strv_free(&plan->sysctls);
	free(plan->rlimits);
	free(plan);
}

static void plan_drop(struct container_plan **plan)
{
	container_plan_free(*plan);
}
#define autoplan __attribute__((cleanup(plan_drop)))

static int copy_env(struct container_plan *plan, char *const *envp, struct err *err)
{
	for (; envp && *envp; envp++)
		plan_env_put(&plan->env, *envp, true);
	plan_env_put(&plan->env, "PATH=" DEFAULTS_PATH, false);
	int r = strv_check(&plan->env, err);

	if (r < 0)
		return r;
	const char *path = plan_env_get(&plan->env, "PATH");

	plan->search_path = strdup(path ? path : DEFAULTS_PATH);
	return plan->search_path ? 0 : err_set(err, ENOMEM, "environment");
}

static int copy_texts(struct container_plan *plan, const struct container_config *config,
		      struct container_fault *fault)
{
	const char *working_dir = config->working_dir ? config->working_dir : "/";

	if (!config->argv || !config->argv[0] || config->argv[0][0] == '\0') {
		err_say(&fault->err, EINVAL, "no program to run");
		return fault_of(fault, CONTAINER_ITEM_PROGRAM, 0);
	}
	if (working_dir[0] != '/') {
		err_say(&fault->err, EINVAL, "working directory %s: must be absolute", working_dir);
		return fault_of(fault, CONTAINER_ITEM_WORKING_DIR, 0);
	}
	for (char *const *arg = config->argv; *arg; arg++)
		strv_add(&plan->argv, *arg);
	plan->working_dir = strdup(working_dir);
	plan->resolv_conf = strdup(config->resolv_conf ? config->resolv_conf : "/etc/resolv.conf");
	if (!plan->working_dir || !plan->resolv_conf)
		return err_set(&fault->err, ENOMEM, "copy the configuration");
	int r = strv_check(&plan->argv, &fault->err);

	if (r == 0)
		r = copy_env(plan, config->envp, &fault->err);
	if (r < 0)
		return r;
	if (plan_candidates(plan->argv.items[0], plan->search_path, plan->working_dir,
			    &plan->candidates, &fault->err) < 0)
		return fault_of(fault, CONTAINER_ITEM_PROGRAM, 0);
	return 0;
}

static int copy_limits(struct container_plan *plan, const struct container_config *config,
		       struct container_fault *fault)
{
	if (config->rlimit_count == 0)
		return 0;
	plan->rlimits = calloc(config->rlimit_count, sizeof(*plan->rlimits));
	if (!plan->rlimits)
		return err_set(&fault->err, ENOMEM, "copy the configuration");
	memcpy(plan->rlimits, config->rlimits, config->rlimit_count * sizeof(*plan->rlimits));
	plan->rlimit_count = config->rlimit_count;
	return 0;
}

/* @ret_text	out: what the source refers to */
static struct secc_source filter_source(const struct container_config *config,
					const struct caps *caps, struct profile_text *ret_text)
{
	const char *bytes = config->seccomp_profile;

	*ret_text = (struct profile_text){config->seccomp_name, bytes, bytes ? strlen(bytes) : 0};
	return (struct secc_source){bytes ? ret_text : NULL, caps->keep, config->filter_dir};
}

bool container_filter_missing(const struct container_config *config,
			      char ret_name[static CONTAINER_FILTER_NAME_SIZE])
{
	struct profile_text text;
	struct caps caps;
	struct err err;

	_Static_assert(CONTAINER_FILTER_NAME_SIZE == SECC_NAME_SIZE, "names of filters");
	if (config->seccomp_unconfined ||
	    caps_resolve(config->cap_add, config->cap_drop, &caps, &err) < 0)
		return false;
	const struct secc_source source = filter_source(config, &caps, &text);

	return secc_missing(&source, ret_name);
}

void container_filter_keep(const struct container_config *config)
{
	const struct secc *filter = NULL;
	struct profile_text text;
	struct caps caps;
	struct err err;

	if (caps_resolve(config->cap_add, config->cap_drop, &caps, &err) < 0)
		return;
	const struct secc_source source = filter_source(config, &caps, &text);

	if (secc_acquire(&source, &filter, &err) == 0)
		secc_release(filter);
}

static int set_privileges(struct container_plan *plan, const struct container_config *config,
			  struct container_fault *fault)
{
	if (caps_resolve(config->cap_add, config->cap_drop, &plan->caps, &fault->err) < 0)
		return fault_of(fault, CONTAINER_ITEM_CAPABILITY, 0);
	/* The host's set-user-ID programs are for its own users. */
	plan->new_privileges = config->new_privileges && config->root != CONTAINER_ROOT_HOST;
	/* It would forbid to mount, which is what the capability is asked for. */
	if (config->root == CONTAINER_ROOT_HOST && !(plan->caps.keep & 1ULL << CAP_SYS_ADMIN))
		plan->landlock = landlock_version();
	if (config->seccomp_unconfined)
		return 0;
	struct profile_text text;
	const struct secc_source source = filter_source(config, &plan->caps, &text);

	plan->own_filter = config->seccomp_profile != NULL;
	if (secc_acquire(&source, &plan->filter, &fault->err) < 0)
		return fault_of(fault, CONTAINER_ITEM_SECCOMP, 0);
	return 0;
}

/* A root whose /proc is a link would have what protects /proc land elsewhere (CVE-2023-27561). */
static int refuse_links(int root_fd, const char *root, struct err *err)
{
	static const char *const names[] = {"proc", "sys", "dev"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct stat st;

		if (fstatat(root_fd, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
			continue;
		return err_say(err, ENOTDIR, "root %s: /%s is not a directory", root, names[i]);
	}
	return 0;
}

static int open_layers(struct container_plan *plan, const struct container_config *config,
		       int *ret_fd, struct err *err)
{
	unsigned count = 0;
	int r = plan_view(config, &plan->view_fd, &count, err);

	if (r == 0)
		r = refuse_links(plan->view_fd, "of the image", err);
	if (r < 0)
		return r;
	plan->layer_count = count + 1;
	*ret_fd = fcntl(plan->view_fd, F_DUPFD_CLOEXEC, 0);
	return *ret_fd < 0 ? err_set(err, errno, "root") : 0;
}

static int open_root(struct container_plan *plan, const struct container_config *config,
		     int *ret_fd, struct err *err)
{
	if (config->root == CONTAINER_ROOT_LAYERS)
		return open_layers(plan, config, ret_fd, err);
	autoclose int fd =
		open(config->root_dir ? config->root_dir : "", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno, "root %s", config->root_dir ? config->root_dir : "");
	int r = refuse_links(fd, config->root_dir, err);

	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

static bool mounted_by_config(const struct container_plan *plan, const char *target)
{
	for (size_t i = 0; i < plan->mount_count; i++)
		if (plan->mounts[i].item == CONTAINER_ITEM_MOUNT &&
		    strcmp(plan->mounts[i].target, target) == 0)
			return true;
	return false;
}

/* Whether the root has a file that tells the host name, to be replaced by the run's own. */
static int settle_hostname(struct container_plan *plan, int root_fd, struct err *err)
{
	struct stat st;

	if (root_fd < 0 || mounted_by_config(plan, "/etc/hostname"))
		return 0;
	autoclose int fd = path_open_in(root_fd, "etc/hostname", O_PATH | O_NOFOLLOW);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, fd < 0 ? -fd : errno, "/etc/hostname in the root");
	plan->hostname_file = S_ISREG(st.st_mode);
	return 0;
}

static int settle_files(struct container_plan *plan, int root_fd, struct err *err)
{
	plan->own_hosts = mounted_by_config(plan, "/etc/hosts");
	if (mounted_by_config(plan, "/etc/resolv.conf")) {
		free(plan->resolv_conf);
		plan->resolv_conf = NULL;
	}
	return settle_hostname(plan, root_fd, err);
}

/* Returns the bytes read before the end of the pipe, or -errno. */
static ssize_t read_answer(int fd, void *answer, size_t size)
{
	int64_t deadline = clock_now_ms() + HELPER_TIMEOUT_MS;
	size_t got = 0;

	while (got < size) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - clock_now_ms();

		if (left <= 0 || poll(&wait, 1, (int)left) == 0)
			return -ETIMEDOUT;
		ssize_t n = read(fd, (char *)answer + got, size - got);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		got += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)got;
}

static int ask_helper(struct container_plan *plan, const struct container_config *config,
		      struct plan_answer *answer, struct container_fault *fault)
{
	int pipe_fds[2];
	int opened = -1;
	char path[40];

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(&fault->err, errno, "make a pipe");
	autoclose int read_fd = pipe_fds[0];
	autoclose int write_fd = pipe_fds[1];
	pid_t parent = getpid();
	pid_t pid = plan_clone(CLONE_NEWNS, NULL, &opened);

	if (pid < 0)
		return err_set(&fault->err, -pid, "start the helper");
	if (pid == 0)
		plan_helper(plan, config, write_fd, parent);
	autoclose int pidfd = opened;

	fd_drop(&write_fd);
	ssize_t n = read_answer(read_fd, answer, sizeof(*answer));
	int errnum = 0;

	/* The helper is our unreaped child, so the number is still its own. */
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	if (n == (ssize_t)sizeof(*answer) && answer->fault.err.code == 0) {
		plan->namespace_fd = open(path, O_RDONLY | O_CLOEXEC);
		errnum = plan->namespace_fd < 0 ? errno : 0;
	}
	/* One that has answered waits for this; one that has not gets no choice. */
	launch_reap(pidfd);
	if (n == -ETIMEDOUT)
		return err_say(&fault->err, ETIMEDOUT, "the root was not assembled within 10 s");
	if (n != (ssize_t)sizeof(*answer))
		return err_say(&fault->err, EPROTO, "the helper died");
	if (answer->fault.err.code) {
		*fault = answer->fault;
		return -fault->err.code;
	}
	if (errnum)
		return err_set(&fault->err, errnum, "hold the prepared mount namespace");
	return 0;
}

static int take_answer(struct container_plan *plan, const struct plan_answer *answer,
		       struct err *err)
{
	char home[sizeof(answer->user.home) + 8];

	plan->user = answer->user;
	snprintf(home, sizeof(home), "HOME=%s", answer->user.home);
	plan_env_put(&plan->env, home, false);
	if (answer->program[0]) {
		strv_free(&plan->candidates);
		strv_add(&plan->candidates, answer->program);
	}
	int r = strv_check(&plan->env, err);

	return r < 0 ? r : strv_check(&plan->candidates, err);
}

/* After the helper has attached them: only the sources of binds per run are needed again. */
static void drop_static_sources(struct container_plan *plan)
{
	for (size_t i = 0; i < plan->mount_count; i++)
		if (!plan->mounts[i].per_run)
			fd_drop(&plan->mounts[i].source_fd);
}

/* What of the configuration cannot be had with ids of its own, for a reason known beforehand. */
static int check_ids(const struct container_plan *plan, const struct container_config *config,
		     struct err *err)
{
	char name[32];

	if (config->host_network)
		return err_say(err, EOPNOTSUPP, "the host's network knows the host's ids only");
	if (config->host_ipc)
		return err_say(err, EOPNOTSUPP, "the host's IPC knows the host's ids only");
	if (config->host_pid)
		return err_say(err, EOPNOTSUPP, "the host's processes have the host's ids");
	if (caps_host_only(&plan->caps, config->own_network, name, sizeof(name)))
		return err_say(err, EOPNOTSUPP, "%s counts with the host's ids only", name);
	return 0;
}

/* Layers of runs are made later: that their file system can map ids has to be known now. */
static int check_layers(const struct container_plan *plan, const struct container_config *config,
			struct err *err)
{
	if (!plan->writable || plan->userns_fd < 0 || !config->layers_dir)
		return 0;
	autoclose int dir_fd = open(config->layers_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd < 0)
		return err_set(err, errno, "writable layers %s", config->layers_dir);
	autoclose int fd = plan_detach_dir(plan, dir_fd, false, err);

	return fd < 0 ? err_prefix(err, "writable layers %s", config->layers_dir) : 0;
}

static int take_ids(struct container_plan *plan, const struct container_config *config,
		    struct err *err)
{
	if (!config->ids)
		return 0;
	int r = check_ids(plan, config, err);

	if (r < 0)
		return r;
	plan->userns_fd = fcntl(config->ids->userns_fd, F_DUPFD_CLOEXEC, 0);
	if (plan->userns_fd < 0)
		return err_set(err, errno, "hold the user namespace");
	plan->first_id = config->ids->first;
	plan->id_count = config->ids->count;
	return check_layers(plan, config, err);
}

static struct container_plan *new_plan(const struct container_config *config)
{
	struct container_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return NULL;
	plan->init_fd = plan->enter_fd = -1;
	plan->state_fd = plan->namespace_fd = plan->userns_fd = plan->view_fd = plan->devices_fd =
		-1;
	plan->layer_count = 2;
	plan->writable = config->root != CONTAINER_ROOT_HOST && !config->read_only;
	plan->host_network = config->host_network;
	plan->host_ipc = config->host_ipc;
	plan->host_uts = config->host_uts;
	plan->host_pid = config->host_pid;
	plan->host_cgroup = config->host_cgroup;
	return plan;
}

/* Nobody can write to it by way of /proc/1/exe: its mount is read-only and in no namespace. */
static int open_helper(const char *path, int *ret_fd, struct err *err)
{
	autoclose int source_fd = path ? open(path, O_PATH | O_CLOEXEC) : -1;

	if (!path)
		return 0;
	if (source_fd < 0)
		return err_set(err, errno, "%s", path);
	int fd = plan_detach_mount(NULL, source_fd, true, err);

	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

bool plan_is_tracer(const struct container_plan *plan)
{
	return plan->userns_fd < 0 && plan->caps.keep & 1ULL << CAP_SYS_PTRACE;
}

/* What the parent finds out by itself. */
static int resolve(struct container_plan *plan, const struct container_config *config,
		   struct container_fault *fault)
{
	autoclose int root_fd = -1;
	int r = copy_texts(plan, config, fault);

	if (r == 0 && config->root != CONTAINER_ROOT_HOST) {
		r = open_root(plan, config, &root_fd, &fault->err);
		if (r < 0)
			return fault_of(fault, CONTAINER_ITEM_ROOT, 0);
	}
	if (r == 0)
		r = copy_limits(plan, config, fault);
	if (r == 0)
		r = settings_init(plan, config, fault);
	if (r == 0)
		r = open_helper(config->init, &plan->init_fd, &fault->err);
	if (r == 0)
		r = set_privileges(plan, config, fault);
	if (r == 0)
		r = take_ids(plan, config, &fault->err);
	if (r == 0 && plan_is_tracer(plan))
		r = open_helper(config->enter, &plan->enter_fd, &fault->err);
	if (r == 0)
		r = plan_files_copy(plan, config, fault);
	if (r == 0)
		r = plan_devices_init(plan, config, fault);
	if (r == 0)
		r = plan_mounts_init(plan, root_fd, config, fault);
	if (r == 0)
		r = settle_files(plan, root_fd, &fault->err);
	return r;
}

static int prepare(const struct container_config *config, struct container_plan **ret_plan,
		   struct container_fault *fault)
{
	autoplan struct container_plan *plan = new_plan(config);
	autofree struct plan_answer *answer = calloc(1, sizeof(*answer));

	*fault = (struct container_fault){0};
	if (!plan || !answer)
		return err_set(&fault->err, ENOMEM, "new plan");
	/* First: what is made in it goes with the plan, also with one that is never finished. */
	plan->state_fd = open(config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (plan->state_fd < 0)
		return err_set(&fault->err, errno, "state directory %s", config->state_dir);
	int r = resolve(plan, config, fault);

	if (r == 0)
		r = ask_helper(plan, config, answer, fault);
	if (r == 0)
		r = take_answer(plan, answer, &fault->err);
	if (r < 0)
		return r;
	drop_static_sources(plan);
	fd_drop(&plan->view_fd);
	*ret_plan = take_ptr(plan);
	return 0;
}

int container_prepare(const struct container_config *config, struct container_plan **ret_plan,
		      struct container_fault *fault)
{
	struct container_config shared = *config;
	int r = prepare(config, ret_plan, fault);

	if (r != -EOPNOTSUPP || !config->ids)
		return r;
	/* Not to be had with ids of its own: with the host's, then, and the reason kept. */
	autofree char *why = strdup(fault->err.text);

	shared.ids = NULL;
	r = why ? prepare(&shared, ret_plan, fault) : err_set(&fault->err, ENOMEM, "new plan");
	if (r == 0)
		(*ret_plan)->userns_why = take_ptr(why);
	return r;
}

bool container_plan_wants_network(const struct container_plan *plan)
{
	return plan->userns_fd >= 0 && caps_for_network(&plan->caps);
}

const char *container_plan_shared_ids(const struct container_plan *plan)
{
	return plan->userns_why;
}

void container_plan_owner(const struct container_plan *plan, uid_t *ret_uid, gid_t *ret_gid)
{
	*ret_uid = plan->user.uid;
	*ret_gid = plan->user.gid;
}
