// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of known keys, one per kind of mapping, and the check against them.
 */
#include "manifests/keys.h"

#include "runtime/base/cleanup.h"

#include <string.h>

const struct key_info keys_top[] = {
	{"name"},
	{"include"},
	{"services"},
	{"configs"},
	{"secrets"},
	{"volumes"},
	{"version", KEY_IGNORE, "is obsolete and has no effect"},
	{"networks"},
	{"models", KEY_REFUSE, "is not supported: there is no model runner"},
	{NULL},
};

#define NO_MODELS   "is not supported: there is no model runner"
#define NO_REALTIME "is not supported: cgroup v2 has no real-time cpu limits"
#define WINDOWS	    "is for Windows and has no effect"

const struct key_info keys_service[] = {
	{"annotations"},
	{"attach"},
	{"build"}, /* noted without x-rootfs */
	{"cap_add"},
	{"cap_drop"},
	{"cgroup"},
	{"command"},
	{"container_name"},
	{"cpu_period"},
	{"cpu_quota"},
	{"cpu_shares"},
	{"cpus"},
	{"cpuset"},
	{"depends_on"},
	{"deploy"},
	{"devices"},
	{"domainname"},
	{"entrypoint"},
	{"env_file"},
	{"environment"},
	{"expose"},
	{"extends"},
	{"group_add"},
	{"healthcheck"},
	{"hostname"},
	{"image"}, /* noted without x-rootfs */
	{"init"},
	{"ipc"},
	{"isolation"},
	{"label_file"},
	{"labels"},
	{"links"},
	{"logging"},
	{"mem_limit"},
	{"mem_reservation"},
	{"memswap_limit"},
	{"network_mode"},
	{"oom_score_adj"},
	{"pid"},
	{"pids_limit"},
	{"platform"},
	{"ports"},
	{"privileged"},
	{"profiles"},
	{"pull_policy"},
	{"read_only"},
	{"restart"},
	{"scale"},
	{"security_opt"},
	{"shm_size", KEY_NOTE},
	{"stdin_open"},
	{"stop_grace_period"},
	{"stop_signal"},
	{"sysctls", KEY_NOTE},
	{"tmpfs"},
	{"tty"},
	{"ulimits"},
	{"user"},
	{"userns_mode"},
	{"uts"},
	{"volumes"},
	{"working_dir"},
	{"x-allow", KEY_NOTE},
	{"x-autoscale", KEY_NOTE},
	{"x-balance"},
	{"x-drain", KEY_NOTE},
	{"x-probe", KEY_NOTE},
	{"x-restart"},
	{"x-rootfs"},
	{"x-schedule", KEY_NOTE},
	{"blkio_config", KEY_LATER},
	{"cgroup_parent", KEY_LATER},
	{"configs", KEY_NOTE},
	{"device_cgroup_rules", KEY_LATER},
	{"dns", KEY_NOTE},
	{"dns_opt", KEY_NOTE},
	{"dns_search", KEY_NOTE},
	{"external_links", KEY_NOTE},
	{"extra_hosts", KEY_NOTE},
	{"gpus", KEY_LATER},
	{"mac_address", KEY_NOTE},
	{"networks"},
	{"post_start", KEY_LATER},
	{"pre_start", KEY_LATER},
	{"pre_stop", KEY_LATER},
	{"provider", KEY_LATER},
	{"pull_refresh_after", KEY_LATER},
	{"runtime", KEY_LATER},
	{"secrets", KEY_NOTE},
	{"storage_opt", KEY_LATER},
	{"volumes_from", KEY_LATER},
	{"credential_spec", KEY_REFUSE, "is not supported: it is for Windows"},
	{"cpu_rt_period", KEY_REFUSE, NO_REALTIME},
	{"cpu_rt_runtime", KEY_REFUSE, NO_REALTIME},
	{"models", KEY_REFUSE, NO_MODELS},
	{"use_api_socket", KEY_REFUSE, "is not supported: there is no engine socket to hand out"},
	{"cpu_count", KEY_IGNORE, WINDOWS},
	{"cpu_percent", KEY_IGNORE, WINDOWS},
	{"develop", KEY_IGNORE, "is for building images and has no effect"},
	{"mem_swappiness", KEY_IGNORE, "has no effect: cgroup v2 has no such knob"},
	{"oom_kill_disable", KEY_IGNORE, "has no effect: cgroup v2 has no such knob"},
	{NULL},
};

const struct key_info keys_extends[] = {
	{"file"},
	{"service"},
	{NULL},
};

const struct key_info keys_include[] = {
	{"env_file"},
	{"path"},
	{"project_directory"},
	{NULL},
};

const struct key_info keys_deploy[] = {
	{"endpoint_mode"},
	{"labels"},
	{"mode"},
	{"replicas"},
	{"resources"},
	{"restart_policy"},
	{"rollback_config"},
	{"update_config"},
	{"placement", KEY_IGNORE, "has no effect: there is only this machine"},
	{NULL},
};

const struct key_info keys_resources[] = {
	{"limits"},
	{"reservations"},
	{NULL},
};

const struct key_info keys_limits[] = {
	{"cpus"},
	{"memory"},
	{"pids"},
	{NULL},
};

const struct key_info keys_reservations[] = {
	{"cpus"},
	{"memory"},
	{"devices", KEY_LATER},
	{"generic_resources", KEY_IGNORE, "has no effect: there is only this machine"},
	{NULL},
};

const struct key_info keys_rollout[] = {
	{"delay"},   {"failure_action"}, {"max_failure_ratio"},
	{"monitor"}, {"order"},		 {"parallelism"},
	{NULL},
};

const struct key_info keys_logging[] = {
	{"driver"},
	{"options"},
	{NULL},
};

const struct key_info keys_restart_policy[] = {
	{"condition"}, {"delay"}, {"max_attempts"}, {"window"}, {NULL},
};

const struct key_info keys_ulimits[] = {
	{"as"},
	{"core"},
	{"cpu"},
	{"data"},
	{"fsize"},
	{"memlock"},
	{"msgqueue"},
	{"nice"},
	{"nofile"},
	{"nproc"},
	{"rtprio"},
	{"rttime"},
	{"sigpending"},
	{"stack"},
	{"locks", KEY_IGNORE, "has no effect on Linux"},
	{"rss", KEY_IGNORE, "has no effect on Linux"},
	{NULL},
};

const struct key_info keys_ulimit[] = {
	{"hard"},
	{"soft"},
	{NULL},
};

const struct key_info keys_x_restart[] = {
	{"burst"},	 {"delay"},  {"factor"},    {"force_exit_codes"},
	{"interval"},	 {"jitter"}, {"max_delay"}, {"prevent_exit_codes"},
	{"reset_after"}, {NULL},
};

const struct key_info keys_x_probe[] = {
	{"liveness"},
	{"readiness"},
	{"startup"},
	{NULL},
};

const struct key_info keys_probe[] = {
	{"exec"}, {"http"},	    {"interval"},	{"notify"},  {"retries"},
	{"tcp"},  {"start_period"}, {"start_interval"}, {"timeout"}, {NULL},
};

const struct key_info keys_probe_http[] = {
	{"headers"}, {"host"}, {"path"}, {"port"}, {"scheme"}, {"status"}, {NULL},
};

const struct key_info keys_probe_tcp[] = {
	{"host"},
	{"port"},
	{NULL},
};

const struct key_info keys_x_autoscale[] = {
	{"backlog"},	{"command"},  {"connections"}, {"cpu"},	     {"forecast"},   {"idle"},
	{"max"},	{"memory"},   {"min"},	       {"pressure"}, {"prometheus"}, {"rate"},
	{"scale_down"}, {"scale_up"}, {"schedule"},    {NULL},
};

const struct key_info keys_scale_command[] = {
	{"target"},
	{"test"},
	{NULL},
};

const struct key_info keys_scale_prometheus[] = {
	{"metric"}, {"path"}, {"port"}, {"target"}, {NULL},
};

const struct key_info keys_scale_behavior[] = {
	{"policies"}, {"select_policy"}, {"stabilization_window"}, {"tolerance"}, {NULL},
};

const struct key_info keys_scale_schedule[] = {
	{"cron"},
	{"min"},
	{"tz"},
	{NULL},
};

const struct key_info keys_x_schedule[] = {
	{"concurrency"}, {"cron"}, {"jitter"}, {"tz"}, {NULL},
};

const struct key_info keys_healthcheck[] = {
	{"disable"},	  {"interval"}, {"retries"}, {"start_interval"},
	{"start_period"}, {"test"},	{"timeout"}, {NULL},
};

const struct key_info keys_dependency[] = {
	{"condition"},
	{"required"},
	{"restart"},
	{NULL},
};

const struct key_info keys_env_file[] = {
	{"path"},
	{"required"},
	{"format"},
	{NULL},
};

const struct key_info keys_port[] = {
	{"app_protocol"}, {"host_ip"},	 {"mode"},   {"name"},
	{"protocol"},	  {"published"}, {"target"}, {NULL},
};

const struct key_info keys_device[] = {
	{"permissions"},
	{"source"},
	{"target"},
	{NULL},
};

const struct key_info keys_mount[] = {
	{"bind"},
	{"read_only"},
	{"source"},
	{"target"},
	{"tmpfs"},
	{"type"},
	{"volume"},
	{"consistency", KEY_IGNORE, "has no effect on Linux"},
	{"image", KEY_LATER},
	{NULL},
};

const struct key_info keys_mount_bind[] = {
	{"create_host_path"},
	{"propagation"},
	{"recursive"},
	{"selinux", KEY_IGNORE, "has no effect without SELinux"},
	{NULL},
};

const struct key_info keys_mount_volume[] = {
	{"labels"},
	{"nocopy"},
	{"subpath"},
	{NULL},
};

const struct key_info keys_mount_tmpfs[] = {
	{"mode"},
	{"size"},
	{NULL},
};

const struct key_info keys_volume[] = {
	{"driver"}, {"driver_opts"}, {"external"}, {"labels"}, {"name"}, {NULL},
};

#define NO_DRIVERS "is not supported: there are no plugins"

const struct key_info keys_file_object[] = {
	{"content"},
	{"environment"},
	{"external"},
	{"file"},
	{"labels"},
	{"name"},
	{"driver", KEY_REFUSE, NO_DRIVERS},
	{"driver_opts", KEY_REFUSE, NO_DRIVERS},
	{"template_driver", KEY_REFUSE, NO_DRIVERS},
	{NULL},
};

const struct key_info keys_file_grant[] = {
	{"gid"}, {"mode"}, {"source"}, {"target"}, {"uid"}, {NULL},
};

const struct key_info keys_external[] = {
	{"name"},
	{NULL},
};

const struct key_table key_tables[] = {
	{"top", keys_top},
	{"include", keys_include},
	{"service", keys_service},
	{"extends", keys_extends},
	{"deploy", keys_deploy},
	{"resources", keys_resources},
	{"limits", keys_limits},
	{"reservations", keys_reservations},
	{"rollout", keys_rollout},
	{"logging", keys_logging},
	{"restart_policy", keys_restart_policy},
	{"ulimits", keys_ulimits},
	{"ulimit", keys_ulimit},
	{"x_restart", keys_x_restart},
	{"x_probe", keys_x_probe},
	{"probe", keys_probe},
	{"probe_http", keys_probe_http},
	{"probe_tcp", keys_probe_tcp},
	{"x_autoscale", keys_x_autoscale},
	{"scale_command", keys_scale_command},
	{"scale_prometheus", keys_scale_prometheus},
	{"scale_behavior", keys_scale_behavior},
	{"scale_schedule", keys_scale_schedule},
	{"x_schedule", keys_x_schedule},
	{"healthcheck", keys_healthcheck},
	{"dependency", keys_dependency},
	{"env_file", keys_env_file},
	{"port", keys_port},
	{"device", keys_device},
	{"mount", keys_mount},
	{"mount_bind", keys_mount_bind},
	{"mount_volume", keys_mount_volume},
	{"mount_tmpfs", keys_mount_tmpfs},
	{"network", keys_network},
	{"ipam", keys_ipam},
	{"subnet", keys_subnet},
	{"attachment", keys_attachment},
	{"volume", keys_volume},
	{"external", keys_external},
	{"build", keys_build},
	{"file_object", keys_file_object},
	{"file_grant", keys_file_grant},
	{NULL},
};

#define NAME_MAX_COMPARED 32

/* Edit distance with neighbours swapped counting once; more than 9 is not told apart. */
static unsigned distance(const char *a, const char *b)
{
	size_t rows = strlen(a);
	size_t cols = strlen(b);
	unsigned cost[NAME_MAX_COMPARED + 1][NAME_MAX_COMPARED + 1];

	if (rows > NAME_MAX_COMPARED || cols > NAME_MAX_COMPARED)
		return NAME_MAX_COMPARED;
	for (size_t i = 0; i <= rows; i++)
		cost[i][0] = (unsigned)i;
	for (size_t j = 0; j <= cols; j++)
		cost[0][j] = (unsigned)j;
	for (size_t i = 1; i <= rows; i++) {
		for (size_t j = 1; j <= cols; j++) {
			unsigned best = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (cost[i - 1][j] + 1 < best)
				best = cost[i - 1][j] + 1;
			if (cost[i][j - 1] + 1 < best)
				best = cost[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    cost[i - 2][j - 2] + 1 < best)
				best = cost[i - 2][j - 2] + 1;
			cost[i][j] = best;
		}
	}
	return cost[rows][cols];
}

struct nearest {
	const char *to;
	size_t len;
	unsigned best; /* must stay below this */
	const char *name;
};

static struct nearest nearest_to(const char *name)
{
	size_t len = strlen(name);

	return (struct nearest){.to = name, .len = len, .best = len < 5 ? 2 : len < 9 ? 3 : 4};
}

static void consider(struct nearest *nearest, const char *name)
{
	unsigned here = distance(nearest->to, name);

	if (here >= nearest->best || here >= nearest->len)
		return;
	nearest->best = here;
	nearest->name = name;
}

const char *keys_nearest(const struct key_info *table, const char *name)
{
	struct nearest nearest = nearest_to(name);

	for (; table->name; table++)
		consider(&nearest, table->name);
	return nearest.name;
}

/* A hostile manifest has thousands of names and of faults: nobody reads that many suggestions. */
#define SUGGESTED_FROM_MAX 500
#define SUGGESTED_MAX	   50

const char *keys_suggestion(struct arena *scratch, const struct report *report,
			    struct key_names known, const char *name)
{
	struct nearest nearest = nearest_to(name);

	if (report->list->count > SUGGESTED_MAX || arena_low(scratch))
		return "";
	for (size_t i = 0; i < known.count && i < SUGGESTED_FROM_MAX; i++) {
		const char *at = (const char *)known.names + i * known.stride;

		consider(&nearest, *(const char *const *)(const void *)at);
	}
	return nearest.name ? arena_format(scratch, ": did you mean '%s'?", nearest.name) : "";
}

static const struct key_info *key_find(const struct key_info *table, const char *name)
{
	while (table->name && strcmp(table->name, name) != 0)
		table++;
	return table->name ? table : NULL;
}

/* Nothing is asked for. */
static bool is_empty(const struct node *value)
{
	return node_is_null(value) || (value->kind != NODE_SCALAR && !value->count);
}

/* Keys of others are their own business, but for those that look like one of ours. */
static void check_extension(struct report *report, const struct node *key,
			    const struct key_info *table, const char *path)
{
	size_t len = strlen(key->text);
	struct nearest nearest = {.to = key->text,
				  .len = len,
				  .best = len < 10   ? 2
					  : len < 12 ? 3
						     : 4};

	for (; table->name; table++)
		if (strncmp(table->name, "x-", 2) == 0)
			consider(&nearest, table->name);
	if (nearest.name)
		report_warning(report, key->pos, "%s%s%s has no effect: did you mean '%s'?", path,
			       path[0] ? "." : "", key->text, nearest.name);
}

static void check_key(struct report *report, const struct pair *pair, const struct key_info *table,
		      const char *path)
{
	const struct node *key = pair->key;
	const struct key_info *info = key_find(table, key->text);
	const char *dot = path[0] ? "." : "";

	if (!info && strncmp(key->text, "x-", 2) == 0) {
		check_extension(report, key, table, path);
	} else if (!info) {
		const char *near = keys_nearest(table, key->text);

		report_error(report, key->pos, "%s%s%s is not a known key%s%s%s", path, dot,
			     key->text, near ? ": did you mean '" : "", near ? near : "",
			     near ? "'?" : "");
	} else if (info->class == KEY_NOTE) {
		if (!is_empty(pair->value))
			report_note(report, key->pos, "%s%s%s is not supported yet", path, dot,
				    key->text);
	} else if (info->class == KEY_LATER) {
		report_error(report, key->pos, "%s%s%s is not supported yet", path, dot, key->text);
	} else if (info->class == KEY_REFUSE) {
		report_error(report, key->pos, "%s%s%s %s", path, dot, key->text, info->why);
	} else if (info->class == KEY_IGNORE) {
		report_warning(report, key->pos, "%s%s%s %s", path, dot, key->text, info->why);
	}
}

bool keys_check(struct report *report, const struct node *mapping, const struct key_info *table,
		const char *path)
{
	if (mapping->kind != NODE_MAPPING && mapping->faulty)
		return false;
	if (mapping->kind != NODE_MAPPING) {
		report_error(report, mapping->pos, "%s must be a mapping, this is %s",
			     path[0] ? path : "a manifest", node_kind_name(mapping));
		return false;
	}
	for (size_t i = 0; i < mapping->count; i++)
		check_key(report, &mapping->pairs[i], table, path);
	return true;
}
