// SPDX-License-Identifier: GPL-2.0-or-later
/* See life.h. What the world itself needs must not fail: it is made while nothing is armed. */
#include "tests/fault/life.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/network/net.h"
#include "runtime/userns.h"
#include "tests/unit/runtime/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define WAIT_TRIES 500

static struct sandbox box;
static char group[64];
static char upper[96];
static char hosts[96];
static char init_path[256];
static struct cg_tree *groups;
static struct net *net;
static struct net_network *network;
static unsigned usual_links;
static struct container_ids ids = {-1, SANDBOX_FIRST_ID, 65536};

/* What a life holds; all of it is given back at its end. */
static struct held {
	struct cg *cg;
	struct net_endpoint *endpoint;
	struct container_plan *plan;
	struct container_process process;
	int out_fd;
} held = {.process = {.pidfd = -1, .status_fd = -1}, .out_fd = -1};

static void must(bool worked, const char *what)
{
	if (worked)
		return;
	fprintf(stderr, "the world of this test: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void make_kernel_side(void)
{
	const struct net_config config = {.stack = group};
	const struct net_network_config wanted = {.name = "default", .hosts = 8};
	struct err err = {0};
	int r = cg_tree_open(group, &groups, &err);

	if (r == 0)
		r = net_open(&config, &net, &err);
	if (r == 0)
		r = net_network_open(net, &wanted, &network, &err);
	if (r == 0)
		r = userns_make(ids.first, ids.count, &ids.userns_fd, &err);
	must(r == 0, err.text);
}

static unsigned count_links(void)
{
	struct if_nameindex *names = if_nameindex();
	unsigned count = 0;

	while (names && names[count].if_index)
		count++;
	if_freenameindex(names);
	return count;
}

void life_begin(const char *init)
{
	char path[128];
	const char *missing = sandbox_missing();

	if (!missing && unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		missing = "no namespaces";
	if (missing) {
		printf("skipped: %s\n", missing);
		exit(77);
	}
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private mounts");
	sandbox_make(&box);
	snprintf(group, sizeof(group), "davit-test-life-%d", getpid());
	snprintf(upper, sizeof(upper), "%s/upper", box.base);
	snprintf(hosts, sizeof(hosts), "%s/hosts", box.base);
	snprintf(init_path, sizeof(init_path), "%s", init);
	snprintf(path, sizeof(path), "%s/etc", upper);
	must(fs_make_dirs(path, 0755, NULL) == 0, path);
	make_kernel_side();
	usual_links = count_links();
}

void life_end(void)
{
	struct err err = {0};
	int r = -EBUSY;

	net_close(net);
	fd_drop(&ids.userns_fd);
	for (int tries = 0; tries < WAIT_TRIES && r == -EBUSY; tries++) {
		r = cg_tree_remove(groups, &err);
		usleep(1000);
	}
	must(r == 0, err.text);
	cg_tree_close(groups);
	sandbox_remove(&box);
}

/* ---- the configuration ---- */

static const char *const layers_found =
	"while read a b; do case $a in Uid:|Gid:|Groups:|Cap*|NoNew*|Seccomp:) echo $a $b;; esac; "
	"done < /proc/self/status; while read a b c d e f g; do echo $d $e $f; done < "
	"/proc/self/mountinfo; read a < /proc/sys/kernel/hostname; echo $a $PWD $HOME $WORD; "
	"read a < /proc/sys/net/core/somaxconn; echo $a; while read a; do echo $a; done < "
	"/etc/secret; read a < /data/kept; echo $a; ulimit -n; echo /dev/*; while read a b; do "
	"case $a in *:) echo $a;; esac; done < /proc/net/dev; cat /sys/fs/cgroup/nothing; "
	"echo 2>&1 > /data/writable && echo wrote; echo > /written && echo wrote";

static struct container_config layers_config(char **argv)
{
	static const char *layers[3];
	static const char *const settings[] = {"net.core.somaxconn=77", "kernel.shmmni=55", NULL};
	static const char *const more_groups[] = {"logs", NULL};
	static const char *const caps[] = {"CAP_NET_BIND_SERVICE", NULL};
	static const struct container_rlimit limits[] = {{RLIMIT_NOFILE, {128, 128}}};
	static const struct container_device device = {"/dev/null", "/dev/extra", true, true,
						       false};
	static const struct container_file file = {.target = "/etc/secret",
						   .bytes = "word\n",
						   .len = 5,
						   .uid = -1,
						   .gid = -1,
						   .mode = 0400};
	static struct container_mount mounts[2];
	struct container_config config = sandbox_config(&box, argv, layers_found);

	layers[0] = upper;
	layers[1] = box.root;
	mounts[0] = (struct container_mount){.source = box.volume, .target = "/data"};
	mounts[1] = (struct container_mount){
		.kind = CONTAINER_MOUNT_TMPFS, .target = "/scratch", .bytes = 65536};
	config.root = CONTAINER_ROOT_LAYERS;
	config.root_layers = layers;
	config.read_only = false;
	config.layers_dir = box.base;
	config.mounts = mounts;
	config.mount_count = ARRAY_SIZE(mounts);
	config.files = &file;
	config.file_count = 1;
	config.user = "web";
	config.groups = more_groups;
	config.cap_add = caps;
	config.sysctls = settings;
	config.rlimits = limits;
	config.rlimit_count = ARRAY_SIZE(limits);
	config.devices = &device;
	config.device_count = 1;
	config.init = init_path;
	config.ids = &ids;
	return config;
}

static const char *const host_found =
	"while read a b; do case $a in Uid:|Gid:|Groups:|Cap*|NoNew*|Seccomp:) echo $a $b;; esac; "
	"done < /proc/self/status; n=0; while read a; do n=$((n + 1)); done < "
	"/proc/self/mountinfo; "
	"echo $n; echo $PWD $HOME $WORD; echo > /tmp/file && echo wrote; "
	"find /etc -printf '%p %m %U %y' | sort | cksum; cat /etc/* /etc/*/* 2>/dev/null | cksum; "
	"cat /proc/1/environ > /dev/null && echo read; echo > /etc/nothing";

static struct container_config host_config(char **argv)
{
	struct container_config config = sandbox_config(&box, argv, host_found);

	config.root = CONTAINER_ROOT_HOST;
	config.root_dir = NULL;
	config.ids = NULL;
	return config;
}

/* ---- one life ---- */

static int attach_network(struct err *err)
{
	const struct net_link link = {.network = network, .main = true};
	const struct net_attach_request request = {"life-1", &link, 1};

	return net_attach(net, &request, &held.endpoint, err);
}

static int make_group(struct err *err)
{
	const struct cg_limits limits = {
		.cpu_mcpu = 1000, .memory_bytes = 64 << 20, .pids = 50, .cpus = "0"};

	return cg_make(groups, "life", &limits, &held.cg, err);
}

static int start(struct container_fault *fault)
{
	static char word[] = "WORD=of-the-run";
	char *envp[] = {word, NULL};
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(&fault->err, errno, "make the test's pipe");
	held.out_fd = pipe_fds[0];
	autoclose int write_fd = pipe_fds[1];
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd < 0)
		return err_set(&fault->err, errno, "open the test's /dev/null");
	const struct container_run run = {
		.hostname = "life-1",
		.envp = envp,
		.hosts_file = hosts,
		.layer_dir = box.layer,
		.cg = held.cg,
		.netns_fd = net_endpoint_netns(held.endpoint),
		.stdio = {null_fd, write_fd, write_fd},
	};

	return container_start(held.plan, &run, &held.process, fault);
}

static int status(struct container_fault *fault)
{
	struct pollfd wait = {.fd = held.process.status_fd, .events = POLLIN};
	int r = -EAGAIN;

	while (r == -EAGAIN && poll(&wait, 1, 30000) > 0)
		r = container_status(held.process.status_fd, fault);
	return r;
}

/* Not among what is tested: read errors of its own are tried again. */
static int listen_to(struct life *life)
{
	size_t got = 0;

	for (ssize_t n = 1; n != 0 && got<sizeof(life->said) - 1; got += n> 0 ? (size_t)n : 0)
		n = read(held.out_fd, life->said + got, sizeof(life->said) - 1 - got);
	life->said[got] = '\0';
	return 0;
}

static int live(const struct container_config *config, struct life *life,
		struct container_fault *fault)
{
	int r = make_group(&fault->err);

	if (r == 0)
		r = attach_network(&fault->err);
	if (r == 0)
		r = container_prepare(config, &held.plan, fault);
	if (r == 0)
		life->shared_ids = config->ids && container_plan_shared_ids(held.plan);
	if (r == 0)
		r = start(fault);
	if (r == 0)
		r = status(fault);
	if (r == 0)
		r = listen_to(life);
	return r;
}

/* ---- the end ---- */

static void reap(void)
{
	int unused;

	if (held.process.pidfd >= 0)
		while (waitpid(held.process.pid, &unused, 0) < 0 && errno == EINTR)
			continue;
	fd_drop(&held.process.pidfd);
	fd_drop(&held.process.status_fd);
}

static void give_back(void)
{
	reap();
	fd_drop(&held.out_fd);
	container_plan_free(take_ptr(held.plan));
	net_detach(take_ptr(held.endpoint));
	if (!held.cg || cg_remove(held.cg, NULL) < 0)
		return; /* see life_recover() */
	cg_free(take_ptr(held.cg));
}

void life_recover(void)
{
	must(chdir("/") == 0, "/"); /* one that failed is told, and otherwise of no consequence */
	for (int tries = 0; tries < WAIT_TRIES && held.cg; tries++) {
		usleep(tries > 0 ? 1000 : 0);
		give_back();
	}
	struct err err;

	/* The caller's to remove: the writable layer, and what a plan could not. */
	must(fs_remove_tree(box.layer, &err) == 0, err.text);
	must(mkdir(box.layer, 0700) == 0, box.layer);
	must(fs_remove_tree(box.state, &err) == 0, err.text);
	must(mkdir(box.state, 0700) == 0, box.state);
}

void life_live(enum life_kind kind, struct life *life)
{
	char *argv[4];
	struct container_config config =
		kind == LIFE_HOST ? host_config(argv) : layers_config(argv);
	struct container_fault fault = {0};

	*life = (struct life){0};
	life->started = live(&config, life, &fault) == 0;
	life->err = fault.err;
	give_back();
}

/* ---- what there is ---- */

static void put(char *ret, const char *fmt, ...) format_like(2, 3);

static void put(char *ret, const char *fmt, ...)
{
	size_t used = strlen(ret);
	va_list args;

	va_start(args, fmt);
	vsnprintf(ret + used, LIFE_TRACES - used, fmt, args);
	va_end(args);
}

/* The paths of the form BASE/NAME/PATTERN. */
static void put_matches(char *ret, const char *base, const char *name, const char *pattern)
{
	char whole[256];
	glob_t found = {0};

	snprintf(whole, sizeof(whole), "%s/%s/%s", base, name, pattern);
	if (glob(whole, 0, NULL, &found) != 0)
		found.gl_pathc = 0;
	for (size_t i = 0; i < found.gl_pathc; i++)
		put(ret, "%s\n", found.gl_pathv[i]);
	globfree(&found);
}

static void put_lines(char *ret, const char *what, const char *path)
{
	autofile FILE *file = fopen(path, "re");
	int lines = 0;
	int c;

	must(file != NULL, path);
	while ((c = fgetc(file)) != EOF)
		lines += c == '\n' || c == ' ';
	put(ret, "%s: %d\n", what, lines);
}

/* The kernel removes a link in the background once its namespace is not used any more. */
static void put_links(char *ret)
{
	for (int tries = 0; tries < WAIT_TRIES && count_links() > usual_links; tries++)
		usleep(10000);
	put(ret, "links: %u\n", count_links());
}

static void count_fds(char *ret)
{
	autodir DIR *dir = opendir("/proc/self/fd");
	char path[300];
	char link[256] = "";

	must(dir != NULL, "/proc/self/fd");
	for (struct dirent *entry; (entry = readdir(dir));) {
		snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		ssize_t n = readlink(path, link, sizeof(link) - 1);

		if (n > 0 && atoi(entry->d_name) != dirfd(dir))
			put(ret, "fd %s: %.*s\n", entry->d_name, (int)n, link);
	}
}

void life_traces(char *ret)
{
	ret[0] = '\0';
	put_links(ret);
	count_fds(ret);
	put_lines(ret, "words of mounts", "/proc/self/mountinfo");
	put_lines(ret, "children", "/proc/thread-self/children");
	put_matches(ret, "/sys/fs/cgroup/*", group, "*/");
	put_matches(ret, "/sys/fs/cgroup", group, "*/");
	put_matches(ret, box.base, ".", "*");
	put_matches(ret, box.base, ".", "[^r]*/*"); /* (not of the root) */
	put_matches(ret, box.base, "state", ".[!.]*");
}
