// SPDX-License-Identifier: GPL-2.0-or-later
/* davit doctor: what this host lacks, and what to do about it. Changes nothing. */
#include "launcher/cli/commands.h"
#include "launcher/cli/diagnosis.h"
#include "launcher/cli/table.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <limits.h>
#include <linux/landlock.h>
#include <linux/magic.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define TEXT_MAX     65536
#define FILES_WANTED 1048576 /* what the finding says */

struct values {
	bool json;
};

static const struct option_spec options[] = {
	{0, "json", OPTION_FLAG, offsetof(struct values, json), NULL, "machine-readable"},
};

/* What the facts point to. */
struct findings_source {
	struct utsname name;
	char *texts[6];
	char *unwritable;
};

static void source_free(struct findings_source *source)
{
	for (size_t i = 0; i < ARRAY_SIZE(source->texts); i++)
		free(source->texts[i]);
	free(source->unwritable);
}

#define autosource __attribute__((cleanup(source_free)))

static const char *read_text(struct findings_source *source, size_t slot, const char *path)
{
	struct err err = {0};

	if (fs_read(path, TEXT_MAX, &source->texts[slot], NULL, &err) < 0)
		return NULL;
	return source->texts[slot];
}

static bool is_cgroup2(const char *path)
{
	struct statfs info;

	return statfs(path, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

/* Asks for the generation of the rules, as every user of nftables does first. */
static bool nftables_answers(void)
{
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	const struct timeval patience = {.tv_sec = 1};
	struct {
		struct nlmsghdr head;
		struct nfgenmsg general;
	} ask = {
		.head = {.nlmsg_len = sizeof(ask),
			 .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN,
			 .nlmsg_flags = NLM_F_REQUEST},
	};
	char answer[512];

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    send(fd, &ask, sizeof(ask), 0) < 0)
		return false;
	ssize_t len = recv(fd, answer, sizeof(answer), 0);

	return len >= (ssize_t)sizeof(struct nlmsghdr) &&
	       ((const struct nlmsghdr *)(const void *)answer)->nlmsg_type != NLMSG_ERROR;
}

static bool is_installed(const char *program)
{
	const char *path = getenv("PATH");
	autofree char *places = strdup(path ? path : "");
	char *rest = places;

	for (char *place; places && (place = strsep(&rest, ":"));) {
		char file[PATH_MAX];

		if (*place && snprintf(file, sizeof(file), "%s/%s", place, program) < PATH_MAX &&
		    access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* The directory itself, or the nearest one above it that exists. */
static void nearest(char *path)
{
	for (char *slash; access(path, F_OK) < 0 && (slash = strrchr(path, '/')) && slash != path;)
		*slash = '\0';
	if (access(path, F_OK) < 0)
		path[1] = '\0';
}

static void look_at_directories(struct findings_source *source, struct host_facts *facts)
{
	static const enum paths_root roots[] = {PATHS_RUN, PATHS_LOG, PATHS_STATE};

	facts->free_bytes = UINT64_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		autofree char *path = NULL;
		struct statvfs info;
		struct err err = {0};

		if (paths_dir(roots[i], NULL, &path, &err) < 0)
			continue;
		nearest(path);
		if (access(path, W_OK) < 0 && !source->unwritable)
			source->unwritable = take_ptr(path);
		else if (statvfs(path, &info) == 0 &&
			 (uint64_t)info.f_bavail * info.f_frsize < facts->free_bytes)
			facts->free_bytes = (uint64_t)info.f_bavail * info.f_frsize;
	}
	facts->unwritable = source->unwritable;
}

/* Tried with this process's own limit, which nobody else has. */
static bool raises_files(const struct rlimit *now)
{
	const struct rlimit more = {now->rlim_cur, FILES_WANTED};

	return now->rlim_max >= FILES_WANTED || setrlimit(RLIMIT_NOFILE, &more) == 0;
}

static void look(struct findings_source *source, struct host_facts *facts)
{
	long landlock =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct rlimit files = {0};

	uname(&source->name);
	getrlimit(RLIMIT_NOFILE, &files);
	*facts = (struct host_facts){
		.root = geteuid() == 0,
		.release = source->name.release,
		.cgroup2_root = is_cgroup2("/sys/fs/cgroup"),
		.cgroup2_mount = is_cgroup2("/sys/fs/cgroup/unified"),
		.controllers = read_text(source, 0, "/sys/fs/cgroup/cgroup.controllers"),
		.cgroups = read_text(source, 1, "/proc/cgroups"),
		.user_namespaces = read_text(source, 2, "/proc/sys/user/max_user_namespaces"),
		.seccomp_actions = read_text(source, 3, "/proc/sys/kernel/seccomp/actions_avail"),
		.filesystems = read_text(source, 4, "/proc/filesystems"),
		.pid_max = read_text(source, 5, "/proc/sys/kernel/pid_max"),
		.landlock_version = landlock > 0 ? (int)landlock : 0,
		.nftables = nftables_answers(),
		.pressure = access("/proc/pressure/cpu", F_OK) == 0,
		.most_files = files.rlim_max,
		.raises_files = raises_files(&files),
		.skopeo = is_installed("skopeo"),
		.builder = is_installed("buildah") || is_installed("podman"),
	};
	look_at_directories(source, facts);
}

enum column { SUBJECT, STATE, FINDING, FIX };

static const char *const columns[] = {"SUBJECT", "STATE", "FINDING", "~TO DO", NULL};

static int put_table(const struct cli *cli, const struct finding *findings, size_t count)
{
	static const char *const colours[] = {"green", "yellow", "red"};
	autotable struct table table = {0};
	autobuf struct buf out = {0};
	struct err err = {0};

	if (table_open(&table, columns, cli->colour, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	table.width = cli->width;
	for (size_t i = 0; i < count; i++) {
		struct libscols_line *row = table_row(&table);

		if (!row)
			return cli_complain(EXIT_FAILED, "out of memory");
		table_set(&table, row, SUBJECT, findings[i].subject, NULL);
		table_set(&table, row, STATE, finding_state_name(findings[i].state),
			  colours[findings[i].state]);
		table_set(&table, row, FINDING, findings[i].text, NULL);
		table_set(&table, row, FIX, findings[i].fix, NULL);
	}
	if (table_print(&table, &out, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	return cli_output(&out);
}

static int put_json(const struct finding *findings, size_t count)
{
	autojs struct json_t *answer = js_pack("{s:i, s:[]}", "schema", 1, "findings");
	struct json_t *list = js_get(answer, "findings");

	for (size_t i = 0; i < count; i++) {
		struct json_t *one =
			js_pack("{s:s, s:s, s:s, s:s?}", "subject", findings[i].subject, "state",
				finding_state_name(findings[i].state), "finding", findings[i].text,
				"fix", findings[i].fix);

		if (!one || !js_append(list, one))
			return cli_complain(EXIT_FAILED, "out of memory");
	}
	return cli_output_json(answer);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	autosource struct findings_source source = {0};
	struct finding findings[FINDINGS_MAX];
	struct host_facts facts;
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 0);
	if (code >= 0)
		return code;
	look(&source, &facts);
	size_t count = diagnose(&facts, findings);

	code = values.json ? put_json(findings, count) : put_table(cli, findings, count);
	for (size_t i = 0; i < count && code == EXIT_DONE; i++)
		if (findings[i].state == FINDING_BROKEN)
			code = EXIT_FAILED;
	return code;
}

const struct command command_doctor = {
	.name = "doctor",
	.words = "",
	.summary = "Say what this host lacks, and what to do about it.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
