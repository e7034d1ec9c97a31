// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of known keys, one per kind of mapping. Data only.
 */
#include "manifests/keys.h"

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
	{"blkio_config"},
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
	{"dns"},
	{"dns_opt"},
	{"dns_search"},
	{"domainname"},
	{"entrypoint"},
	{"env_file"},
	{"environment"},
	{"expose"},
	{"extends"},
	{"extra_hosts"},
	{"group_add"},
	{"healthcheck"},
	{"hostname"},
	{"image"},
	{"init"},
	{"ipc"},
	{"isolation"},
	{"label_file"},
	{"labels"},
	{"links"},
	{"mac_address"},
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
	{"shm_size"},
	{"stdin_open"},
	{"stop_grace_period"},
	{"stop_signal"},
	{"sysctls"},
	{"tmpfs"},
	{"tty"},
	{"ulimits"},
	{"user"},
	{"userns_mode"},
	{"uts"},
	{"volumes"},
	{"volumes_from"},
	{"working_dir"},
	{"x-allow"},
	{"x-autoscale"},
	{"x-balance"},
	{"x-drain"},
	{"x-memory-high"},
	{"x-probe"},
	{"x-restart"},
	{"x-rootfs"},
	{"x-schedule"},
	{"cgroup_parent", KEY_KEEP},
	{"configs"},
	{"device_cgroup_rules", KEY_KEEP},
	{"external_links", KEY_NOTE},
	{"gpus", KEY_KEEP},
	{"networks"},
	{"post_start", KEY_KEEP},
	{"pre_start", KEY_KEEP},
	{"pre_stop", KEY_KEEP},
	{"provider", KEY_KEEP},
	{"pull_refresh_after", KEY_KEEP},
	{"runtime", KEY_KEEP},
	{"secrets"},
	{"storage_opt", KEY_KEEP},
	{"credential_spec", KEY_REFUSE, "is not supported: it is for Windows"},
	{"cpu_rt_period", KEY_REFUSE, NO_REALTIME},
	{"cpu_rt_runtime", KEY_REFUSE, NO_REALTIME},
	{"models", KEY_REFUSE, NO_MODELS},
	{"use_api_socket", KEY_REFUSE, "is not supported: there is no engine socket to hand out"},
	{"cpu_count", KEY_IGNORE, WINDOWS},
	{"cpu_percent", KEY_IGNORE, WINDOWS},
	{"develop", KEY_IGNORE, "is for building images and has no effect"},
	{"mem_swappiness", KEY_IGNORE,
	 "has no effect: only version 1 of control groups has such a knob"},
	{"oom_kill_disable", KEY_IGNORE,
	 "has no effect: only version 1 of control groups has such a knob"},
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
	{"devices", KEY_KEEP},
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

const struct key_info keys_blkio[] = {
	{"device_read_bps"},
	{"device_read_iops"},
	{"device_write_bps"},
	{"device_write_iops"},
	{"weight"},
	{"weight_device"},
	{NULL},
};

const struct key_info keys_blkio_weight[] = {
	{"path"},
	{"weight"},
	{NULL},
};

const struct key_info keys_blkio_rate[] = {
	{"path"},
	{"rate"},
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
	{"blkio", keys_blkio},
	{"blkio_weight", keys_blkio_weight},
	{"blkio_rate", keys_blkio_rate},
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
