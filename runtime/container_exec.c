// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * container_exec(): an additional process in a running container. The parent only lays out and
 * looks up; the child joins by pidfd, so never a process that happens to have got the same number.
 */
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/init/program.h"
#include "runtime/settings.h"
#include "runtime/share.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAME_PREFIX "HOSTNAME="

/* The caller waits for it: long for a few system calls, short for a stall. */
#define HANDOVER_TIMEOUT_MS 1000

static int step_join(struct launch *launch, struct container_fault *fault)
{
	/* Unguarded, the pid namespace was the parent's choice for its children. */
	int namespaces = (launch->handover_fd >= 0 ? CLONE_NEWPID : 0) | CLONE_NEWNS |
			 CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP |
			 (launch->plan->host_network ? 0 : CLONE_NEWNET);

	if (setns(launch->target_pidfd, namespaces) < 0)
		return err_set(&fault->err, errno, "enter the container's namespaces");
	/* The name of the run, which the plan does not know, is the namespace's. */
	if (launch->name_slot && gethostname(launch->name_slot, NAME_SLOT_SIZE) < 0)
		return err_set(&fault->err, errno, "host name");
	return 0;
}

/* After all that needs the host's privileges: from here on there are none. */
static int step_join_userns(struct launch *launch, struct container_fault *fault)
{
	if (launch->plan->userns_fd < 0)
		return 0;
	if (setns(launch->target_pidfd, CLONE_NEWUSER) < 0)
		return err_set(&fault->err, errno, "enter the container's user namespace");
	return step_undumpable(launch, fault);
}

static const struct step exec_steps[] = {
	{"join cgroups", step_join_cgroups},
	{"out-of-memory score", step_oom_score},
	{"detach", step_detach},
	{"namespaces", step_join},
	{"standard streams", step_stdio},
	{"limits", step_limits},
	{"user namespace", step_join_userns},
	{"landlock", step_landlock},
	{"working directory", step_working_dir},
	{"user", step_user},
	{"system call filter", step_filter},
	{"exec", step_exec},
	{0},
};

/* The number of the process behind the pidfd, as this process sees it; -errno. */
static pid_t exec_pid(int pidfd)
{
	char path[40];
	char line[64];
	int pid = -1;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	autofile FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Pid:\t%d", &pid) == 1)
			break;
	return pid > 0 ? pid : -ESRCH;
}

int launch_root(int pidfd, struct err *err)
{
	char path[40];
	pid_t pid = exec_pid(pidfd);

	if (pid < 0)
		return err_say(err, ESRCH, "the container has ended");
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	autoclose int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	/* Alive now: so the number was still its own when it was used. */
	if (fd < 0 || syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0)
		return err_say(err, ESRCH, "the container has ended");
	return take_fd(&fd);
}

static int exec_user(const struct container_plan *plan, const struct container_exec *exec,
		     struct user *user, struct container_fault *fault)
{
	if (!exec->user)
		return 0;
	autoclose int root_fd = launch_root(exec->pidfd, &fault->err);

	if (root_fd < 0)
		return root_fd;
	if (user_resolve(root_fd, exec->user, user, &fault->err) < 0 ||
	    plan_check_user(plan, user, &fault->err) < 0)
		return fault_of(fault, CONTAINER_ITEM_USER, 0);
	return 0;
}

static int exec_env(const struct container_plan *plan, const struct container_exec *exec,
		    const struct user *user, struct strv *env, struct err *err)
{
	char home[sizeof(user->home) + 8];

	for (size_t i = 0; i < plan->env.count; i++)
		plan_env_put(env, plan->env.items[i], true);
	snprintf(home, sizeof(home), "HOME=%s", user->home);
	if (exec->user)
		plan_env_put(env, home, true);
	if (exec->tty)
		plan_env_put(env, "TERM=xterm", false);
	for (char *const *item = exec->envp; item && *item; item++)
		plan_env_put(env, *item, true);
	if (!plan_env_get(env, "HOSTNAME"))
		strv_addf(env, NAME_PREFIX "%*s", NAME_SLOT_SIZE, "");
	return strv_check(env, err);
}

/* Where exec_env() has left room; the child's own copy of it is filled. */
static char *exec_name_slot(const struct strv *env)
{
	char *last = env->items[env->count - 1];

	return strncmp(last, NAME_PREFIX " ", sizeof(NAME_PREFIX)) == 0
		       ? last + sizeof(NAME_PREFIX) - 1
		       : NULL;
}

/* The second process of a guarded exec, which the first one tells of. */
static int exec_take_over(int handover_fd, bool tty, struct container_process *process,
			  struct err *err)
{
	struct pollfd wait = {.fd = handover_fd, .events = POLLIN};
	pid_t pid;

	if (poll(&wait, 1, HANDOVER_TIMEOUT_MS) != 1 ||
	    read(handover_fd, &pid, sizeof(pid)) != sizeof(pid))
		return err_say(err, ETIMEDOUT, "the process did not start in time");
	/* Our child, unreaped: the number is its own. */
	autoclose int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return err_set(err, errno, "hold the process");
	if (write(handover_fd, tty ? (char[]){ENTER_TERMINAL} : "", 1) != 1)
		return err_say(err, ESRCH, "the container has ended");
	process->pid = pid;
	process->pidfd = take_fd(&pidfd);
	return 0;
}

/*
 * Against CAP_SYS_PTRACE being undumpable is no help: such a container looks into every process it
 * can see, and one of ours before its exec has a copy of our memory. So all is done outside of its
 * pid namespace, up to and including an exec, of davit-enter: what that clones into the container
 * has nothing but what the container gets anyway.
 */
static int exec_guarded(struct launch *launch, struct container_process *ret_process,
			struct container_fault *fault)
{
	struct container_process process;
	struct container_fault told = {0};
	int sockets[2];

	if (launch->helper_fd < 0)
		return err_say(&fault->err, ENOENT,
			       "a container that may trace is entered by davit-enter only");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return err_set(&fault->err, errno, "make a socket");
	autoclose int own_fd = sockets[0];
	autoclose int handover_fd = sockets[1];

	launch->handover_fd = handover_fd;
	launch->late_tty = launch->tty;
	launch->tty = false;
	int r = launch_clone(launch, exec_steps, 0, &process, fault);

	if (r < 0)
		return r;
	autoclose int first_fd = process.pidfd;
	autoclose int status_fd = process.status_fd;

	fd_drop(&handover_fd);
	r = exec_take_over(own_fd, launch->late_tty, &process, &fault->err);
	launch_reap(first_fd);
	if (r < 0) {
		/* What the first has to say of itself is the better reason. */
		if (container_status(status_fd, &told) < 0 && told.err.code > 0)
			*fault = told;
		return -fault->err.code;
	}
	process.status_fd = take_fd(&status_fd);
	*ret_process = process;
	return 0;
}

int container_exec(const struct container_plan *plan, const struct container_exec *exec,
		   struct container_process *ret_process, struct container_fault *fault)
{
	struct user user = plan->user;
	autostrv struct strv env = {0};
	autostrv struct strv candidates = {0};
	const char *working_dir = exec->working_dir ? exec->working_dir : plan->working_dir;

	*fault = (struct container_fault){0};
	if (!exec->argv || !exec->argv[0] || exec->argv[0][0] == '\0') {
		err_say(&fault->err, EINVAL, "no program to run");
		return fault_of(fault, CONTAINER_ITEM_PROGRAM, 0);
	}
	if (working_dir[0] != '/') {
		err_say(&fault->err, EINVAL, "working directory %s: must be absolute", working_dir);
		return fault_of(fault, CONTAINER_ITEM_WORKING_DIR, 0);
	}
	int r = exec_user(plan, exec, &user, fault);

	if (r == 0)
		r = exec_env(plan, exec, &user, &env, &fault->err);
	if (r < 0)
		return r;
	const char *path = plan_env_get(&env, "PATH");

	if (plan_candidates(exec->argv[0], path ? path : plan->search_path, working_dir,
			    &candidates, &fault->err) < 0)
		return fault_of(fault, CONTAINER_ITEM_PROGRAM, 0);
	struct launch launch = {
		.plan = plan,
		.cg = exec->cg,
		.user = &user,
		.argv = exec->argv,
		.envp = env.items,
		.candidates = candidates.items,
		.working_dir = working_dir,
		.stdio = {exec->stdio[0], exec->stdio[1], exec->stdio[2]},
		.tty = exec->tty,
		.recorder = exec->recorder,
		.target_pidfd = exec->pidfd,
		.handover_fd = -1,
		.name_slot = exec_name_slot(&env),
		.helper_fd = plan->enter_fd,
	};

	if (!plan_is_tracer(plan))
		return share_clone(&launch, exec_steps, 0, ret_process, fault);
	char number[HELPER_NUMBER_SIZE];
	autofree char **words = launch_helper_words("davit-enter", &candidates, exec->argv, number);

	if (!words)
		return err_set(&fault->err, ENOMEM, "%s", exec->argv[0]);
	launch.helper_argv = words;
	return exec_guarded(&launch, ret_process, fault);
}
