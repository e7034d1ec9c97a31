// SPDX-License-Identifier: GPL-2.0-or-later
/* Real containers for tests; see sandbox.h. Failures of the fixture itself end the test program. */
#include "tests/unit/runtime/sandbox.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/userns.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUSYBOX "/usr/bin/busybox"

const char *sandbox_missing(void)
{
	if (geteuid() != 0)
		return "needs root";
	return access(BUSYBOX, X_OK) < 0 ? "needs " BUSYBOX " (package busybox-static)" : NULL;
}

static struct container_ids ids = {-1, SANDBOX_FIRST_ID, 65536};

bool sandbox_own_ids(void)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};
	struct err err;

	if (userns_make(ids.first, ids.count, &ids.userns_fd, &err) < 0)
		return false;
	autoclose int fd = open_tree(AT_FDCWD, "/var/tmp", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	attr.userns_fd = (uint64_t)ids.userns_fd;
	if (fd >= 0 && mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0)
		return true;
	fd_drop(&ids.userns_fd);
	return false;
}

static void make_dir(char *ret, size_t size, const char *base, const char *name)
{
	snprintf(ret, size, "%s/%s", base, name);
	int r = mkdir(ret, 0755);

	assert(r == 0);
}

static void write_file(const char *base, const char *name, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	autofile FILE *file = fopen(path, "we");

	assert(file);
	fputs(text, file);
}

void sandbox_make(struct sandbox *box)
{
	static const char *const dirs[] = {"bin", "etc", "data"};
	static const char *const applets[] = {"sh",    "cat",  "ls",  "id",  "true",
					      "grep",  "stat", "pwd", "env", "touch",
					      "sleep", "echo", "wc",  "df"};
	char path[160];

	/* In a virtual machine /tmp may be on an overlay, which cannot hold the upper layer of one.
	 */
	snprintf(box->base, sizeof(box->base), "/var/tmp/davit-test-XXXXXX");
	char *made = mkdtemp(box->base);

	assert(made);
	make_dir(box->root, sizeof(box->root), box->base, "root");
	make_dir(box->state, sizeof(box->state), box->base, "state");
	make_dir(box->layer, sizeof(box->layer), box->base, "layer");
	make_dir(box->volume, sizeof(box->volume), box->base, "volume");
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		make_dir(path, sizeof(path), box->root, dirs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(applets); i++) {
		snprintf(path, sizeof(path), "%s/bin/%s", box->root, applets[i]);
		int r = symlink("busybox", path);

		assert(r == 0);
	}
	snprintf(path, sizeof(path), "cp " BUSYBOX " %s/bin/busybox", box->root);
	int r = system(path);

	assert(r == 0);
	write_file(box->root, "etc/passwd",
		   "root:x:0:0::/root:/bin/sh\nweb:x:1000:1001::/data:/bin/sh\n");
	write_file(box->root, "etc/group", "root:x:0:\nweb:x:1001:\nlogs:x:1002:web\n");
	write_file(box->root, "etc/hostname", "of-the-image\n");
	write_file(box->base, "hosts", "127.0.0.1 localhost\n10.9.8.7 peer\n");
	write_file(box->volume, "kept", "volume content\n");
}

void sandbox_remove(struct sandbox *box)
{
	autoclose int fd = open(box->base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = path_empty(fd);

	assert(r == 0);
	r = rmdir(box->base);
	assert(r == 0);
}

struct container_config sandbox_config(const struct sandbox *box, char **argv, const char *script)
{
	argv[0] = (char *)(uintptr_t) "/bin/sh";
	argv[1] = (char *)(uintptr_t) "-c";
	argv[2] = (char *)(uintptr_t)script;
	argv[3] = NULL;
	return (struct container_config){
		.state_dir = box->state,
		.root = CONTAINER_ROOT_DIR,
		.root_dir = box->root,
		.read_only = true,
		.argv = argv,
		.ids = ids.userns_fd < 0 ? NULL : &ids,
	};
}

struct surroundings {
	const struct cg *cg;
	int stdin_fd;
	int out_fd;
};

static void start_in(const struct sandbox *box, const struct container_plan *plan,
		     const struct surroundings *in, struct container_process *process)
{
	char hosts[128];
	struct container_fault fault;

	snprintf(hosts, sizeof(hosts), "%s/hosts", box->base);
	char word[] = "OF_THE_RUN=yes";
	char *envp[] = {word, NULL};
	const struct container_run run = {
		.hostname = "box-1",
		.envp = envp,
		.hosts_file = hosts,
		.layer_dir = box->layer,
		.cg = in->cg,
		.netns_fd = -1,
		.stdio = {in->stdin_fd, in->out_fd, in->out_fd},
	};
	int r = container_start(plan, &run, process, &fault);

	if (r < 0)
		fprintf(stderr, "start: %s\n", fault.err.text);
	assert(r == 0);
}

void sandbox_start(const struct sandbox *box, const struct container_plan *plan, int out_fd,
		   struct container_process *process)
{
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	start_in(box, plan, &(struct surroundings){NULL, null_fd, out_fd}, process);
}

int sandbox_status(const struct container_process *process, struct container_fault *fault)
{
	struct pollfd wait = {.fd = process->status_fd, .events = POLLIN};
	int r = -EAGAIN;

	while (r == -EAGAIN && poll(&wait, 1, 60000) > 0)
		r = container_status(process->status_fd, fault);
	return r;
}

void sandbox_finish(struct container_process *process, int read_fd, struct outcome *outcome)
{
	size_t got = 0;

	for (ssize_t n = 1; n > 0 && got<sizeof(outcome->out) - 1; got += n> 0 ? (size_t)n : 0)
		n = read(read_fd, outcome->out + got, sizeof(outcome->out) - 1 - got);
	outcome->out[got] = '\0';
	outcome->started = sandbox_status(process, &outcome->fault);
	pid_t pid = waitpid(process->pid, &outcome->status, 0);

	assert(pid == process->pid);
	fd_drop(&process->pidfd);
	fd_drop(&process->status_fd);
}

static void run_in(const struct sandbox *box, const struct container_config *config,
		   struct surroundings *in, struct outcome *outcome)
{
	struct container_plan *plan = NULL;
	struct container_process process;
	int pipe_fds[2];

	*outcome = (struct outcome){0};
	outcome->prepared = container_prepare(config, &plan, &outcome->fault);
	if (outcome->prepared < 0)
		return;
	int r = pipe2(pipe_fds, O_CLOEXEC);

	assert(r == 0);
	autoclose int read_fd = pipe_fds[0];
	autoclose int write_fd = pipe_fds[1];

	in->out_fd = write_fd;
	start_in(box, plan, in, &process);
	fd_drop(&write_fd);
	sandbox_finish(&process, read_fd, outcome);
	container_plan_free(plan);
}

void sandbox_run_in(const struct sandbox *box, const struct container_config *config,
		    const struct cg *cg, struct outcome *outcome)
{
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	run_in(box, config, &(struct surroundings){cg, null_fd, -1}, outcome);
}

void sandbox_run_with(const struct sandbox *box, const struct container_config *config,
		      int stdin_fd, struct outcome *outcome)
{
	run_in(box, config, &(struct surroundings){NULL, stdin_fd, -1}, outcome);
}

void sandbox_run(const struct sandbox *box, const struct container_config *config,
		 struct outcome *outcome)
{
	sandbox_run_in(box, config, NULL, outcome);
}

void sandbox_kill(struct container_process *process)
{
	int status;

	kill(process->pid, SIGKILL);
	waitpid(process->pid, &status, 0);
	fd_drop(&process->pidfd);
	fd_drop(&process->status_fd);
}
