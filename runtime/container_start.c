// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * container_start(): one run of a plan. The parent lays out what differs between runs, clones, and
 * is done; the child works through the steps below. See container.h for the contract.
 */
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/devices.h"
#include "runtime/settings.h"
#include "runtime/share.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The network namespace stays the host's, so that CAP_NET_BIND_SERVICE is not good for it; and it
 * is the container's alone. */
static int open_low_ports(struct err *err)
{
	autoclose int fd =
		open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		return err_set(err, errno, "open the ports below 1024");
	return 0;
}

static int step_network(struct launch *launch, struct container_fault *fault)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	if (launch->netns_fd >= 0) {
		if (setns(launch->netns_fd, CLONE_NEWNET) < 0)
			return err_set(&fault->err, errno, "enter the network namespace");
		return 0;
	}
	if (launch->plan->host_network)
		return 0;
	autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return err_set(&fault->err, errno, "bring up the loopback link");
	return launch->plan->userns_fd < 0 ? 0 : open_low_ports(&fault->err);
}

static int step_hostname(struct launch *launch, struct container_fault *fault)
{
	const char *name = launch->hostname;

	if (launch->plan->host_uts)
		return 0;
	if (name && sethostname(name, strlen(name)) < 0)
		return err_set(&fault->err, errno, "host name %s", name);
	name = launch->domainname;
	if (name && setdomainname(name, strlen(name)) < 0)
		return err_set(&fault->err, errno, "domain name %s", name);
	return 0;
}

/*
 * The mounts are made by the host's ids and their namespace stays the host's: nobody inside has any
 * say in it. Only who is given CAP_SYS_ADMIN gets a copy to mount in, where all of ours is locked.
 */
static int step_userns(struct launch *launch, struct container_fault *fault)
{
	bool mounts = launch->plan->caps.keep & 1ULL << CAP_SYS_ADMIN;
	bool own = launch->plan->userns_fd >= 0;

	if (own && setns(launch->plan->userns_fd, CLONE_NEWUSER) < 0)
		return err_set(&fault->err, errno, "enter the user namespace");
	/* After it, so that they belong to it. */
	if (unshare((launch->plan->host_uts ? 0 : CLONE_NEWUTS) |
		    (launch->plan->host_ipc || launch->ipc_pidfd > 0 ? 0 : CLONE_NEWIPC) |
		    (own && mounts ? CLONE_NEWNS : 0)) < 0)
		return err_set(&fault->err, errno, "new namespaces");
	return own ? step_undumpable(launch, fault) : 0;
}

/* In this order: cgroups before the cgroup namespace that hides where they are, the host's paths
 * before the root without them, the limits while they may be raised, privileges after everything
 * that needs them, the filter last. */
static const struct step start_steps[] = {
	{"join cgroups", step_join_cgroups},
	{"out-of-memory score", step_oom_score},
	{"detach", step_detach},
	{"host files", step_detached_mounts},
	{"control groups", step_detached_groups},
	{"shared memory", step_shared_memory},
	{"network", step_network},
	{"kernel settings", step_network_settings},
	{"root", step_root},
	{"configs and secrets", step_files},
	{"mounts", step_mounts},
	{"control groups", step_groups},
	{"terminal", step_terminal},
	{"standard streams", step_stdio},
	{"limits", step_limits},
	{"user namespace", step_userns},
	{"shared IPC", step_shared_ipc},
	{"kernel settings", step_ipc_settings},
	{"host name", step_hostname},
	{"landlock", step_landlock},
	{"working directory", step_working_dir},
	{"user", step_user},
	{"system call filter", step_filter},
	{"exec", step_exec},
	{0},
};

static void env_set(char **envp, size_t *count, char *assignment)
{
	size_t len = strcspn(assignment, "=") + 1;

	for (size_t i = 0; i < *count; i++) {
		if (strncmp(envp[i], assignment, len) != 0)
			continue;
		envp[i] = assignment;
		return;
	}
	envp[(*count)++] = assignment;
}

/* The plan's environment, the run's, and HOSTNAME; the strings stay theirs, but for the last. */
static char **start_env(const struct container_plan *plan, const struct container_run *run,
			char **ret_own)
{
	size_t count = plan->env.count;
	size_t more = 0;

	while (run->envp && run->envp[more])
		more++;
	char **envp = calloc(count + more + 2, sizeof(*envp));

	if (!envp)
		return NULL;
	if (count)
		memcpy(envp, plan->env.items, count * sizeof(*envp));
	for (size_t i = 0; i < more; i++)
		env_set(envp, &count, run->envp[i]);
	if (!run->hostname || plan_env_get(&plan->env, "HOSTNAME"))
		return envp;
	if (asprintf(ret_own, "HOSTNAME=%s", run->hostname) < 0) {
		*ret_own = NULL;
		free(envp);
		return NULL;
	}
	envp[count] = *ret_own;
	return envp;
}

static char **init_words(const struct container_plan *plan, char number[static HELPER_NUMBER_SIZE])
{
	if (plan->init_fd < 0)
		return NULL;
	return launch_helper_words("davit-init", &plan->candidates, plan->argv.items, number);
}

int container_start(const struct container_plan *plan, const struct container_run *run,
		    struct container_process *ret_process, struct container_fault *fault)
{
	autofree char *hostname = NULL;
	autofree char **envp = start_env(plan, run, &hostname);
	char number[HELPER_NUMBER_SIZE];
	autofree char **init_argv = init_words(plan, number);
	autoclose int layer_fd = -1;
	uint64_t flags = plan->host_pid || run->pid_pidfd > 0 ? 0 : CLONE_NEWPID;

	*fault = (struct container_fault){0};
	if (!envp || (plan->init_fd >= 0 && !init_argv))
		return err_set(&fault->err, ENOMEM, "environment");
	if (plan->writable) {
		layer_fd = open(run->layer_dir ? run->layer_dir : "",
				O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (layer_fd < 0)
			return err_set(&fault->err, errno, "writable layer %s",
				       run->layer_dir ? run->layer_dir : "");
	}
	struct launch launch = {
		.plan = plan,
		.cg = run->cg,
		.user = &plan->user,
		.argv = plan->argv.items,
		.envp = envp,
		.candidates = plan->candidates.items,
		.working_dir = plan->working_dir,
		.helper_fd = plan->init_fd,
		.helper_argv = init_argv,
		.handover_fd = -1,
		.stdio = {run->stdio[0], run->stdio[1], run->stdio[2]},
		.terminal_fd = run->terminal_fd,
		.recorder = run->recorder,
		.hostname = run->hostname,
		.domainname = run->domainname,
		.hosts_file = run->hosts_file,
		.netns_fd = run->netns_fd,
		.layer_fd = layer_fd,
		.layer_mount_fd = -1,
		.target_pidfd = run->pid_pidfd,
		.ipc_pidfd = run->ipc_pidfd,
		.shm_fd = -1,
		.proc_fd = -1,
		.root_fd = -1,
		.hosts_fd = -1,
		.resolv_fd = -1,
	};

	int group_fd = run->cg ? cg_clone_fd(run->cg) : -1;

	if (group_fd >= 0 && plan->devices_fd >= 0 &&
	    devices_attach(plan->devices_fd, group_fd, &fault->err) < 0)
		return -fault->err.code;
	if (run->netns_fd < 0 && !plan->host_network)
		flags |= CLONE_NEWNET;
	if (run->pid_pidfd > 0)
		return share_clone(&launch, start_steps, flags, ret_process, fault);
	return launch_clone(&launch, start_steps, flags, ret_process, fault);
}
