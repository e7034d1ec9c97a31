// SPDX-License-Identifier: GPL-2.0-or-later
/* Every field that shapes an instance changes its revision, every other one leaves it alone. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/revision.h"
#include "tests/unit/policy/fixture.h"

#include <stdio.h>
#include <string.h>

#define LIST(...)                                                                                  \
	{                                                                                          \
		.items = (struct text[]){__VA_ARGS__},                                             \
		.count = sizeof((struct text[]){__VA_ARGS__}) / sizeof(struct text)                \
	}
#define ITEM(literal)                                                                              \
	{                                                                                          \
		.value = TEXT(literal)                                                             \
	}

static struct mount_spec base_mounts[] = {
	{.kind = MOUNT_BIND, .source = TEXT("/srv"), .target = TEXT("/data"), .tmpfs_mode = -1},
	{.kind = MOUNT_VOLUME, .source = TEXT("db"), .target = TEXT("/db"), .tmpfs_mode = -1},
};
static struct mount_spec changed_mounts[ARRAY_SIZE(base_mounts)];
static struct volume volumes[] = {
	{.key = TEXT("db"), .name = TEXT("shop_db")},
	{.key = TEXT("bound"), .name = TEXT("shop_db"), .device = TEXT("/srv")}};
static struct file_object file_objects[] = {
	{.key = TEXT("a"), .bytes = "1", .len = 1},
	{.key = TEXT("b"), .bytes = "2", .len = 1},
	{.key = TEXT("c"), .bytes = "11", .len = 2},
	{.key = TEXT("d")},
};
static struct port_spec ports[] = {{.published = 80, .target = 80}};
static struct dependency needs[] = {NEEDS("db", DEPENDS_HEALTHY)};

static const struct service base = {
	.name = TEXT("web"),
	.rootfs = ROOTFS_DIR,
	.rootfs_dir = TEXT("/srv/root"),
	.entrypoint = LIST(ITEM("/bin/sh")),
	.command = LIST(ITEM("-c"), ITEM("true")),
	.environment = LIST(ITEM("A=1"), ITEM("B=2")),
	.healthcheck = {.present = true,
			.test = LIST(ITEM("true")),
			.interval_ms = 1,
			.timeout_ms = 2,
			.start_period_ms = 3,
			.start_interval_ms = 4,
			.retries = 5},
	.restart = {.condition = RESTART_ALWAYS, .delay_ms = -1},
	.stop_signal = 15,
	.stop_grace_ms = 10000,
	.mounts = base_mounts,
	.mount_count = ARRAY_SIZE(base_mounts),
	.labels = LIST(ITEM("k=v")),
	.enabled = true,
	.replicas = 1,
};

static struct probe_spec *probe(struct service *s)
{
	s->probes[PROBE_READINESS].method = PROBE_HTTP;
	return &s->probes[PROBE_READINESS];
}

struct change {
	const char *what;
	void (*apply)(struct service *service);
};

#define CHANGE(name, statement)                                                                    \
	static void name(struct service *s)                                                        \
	{                                                                                          \
		statement;                                                                         \
	}

static struct text_list other_list = LIST(ITEM("-c"), ITEM("false"));
static struct text_list longer_list = LIST(ITEM("-c"), ITEM("true"), ITEM(""));
static struct text_list joined_list = LIST(ITEM("-ctrue"));

static struct mount_spec *own_mounts(struct service *service)
{
	memcpy(changed_mounts, base_mounts, sizeof(base_mounts));
	service->mounts = changed_mounts;
	return changed_mounts;
}

static void swap_mounts(struct service *service)
{
	struct mount_spec *mounts = own_mounts(service);

	mounts[0] = base_mounts[1];
	mounts[1] = base_mounts[0];
}

static struct file_grant given(struct service *service)
{
	static struct file_grant grants[1];

	service->files = (struct service_files){grants, 1};
	return grants[0] = (struct file_grant){.source = TEXT("a"),
					       .target = TEXT("/a"),
					       .uid = -1,
					       .gid = -1,
					       .mode = 0444};
}

static void tune(struct service *service)
{
	service->restart.tuning.present = true;
}

CHANGE(tuning, tune(s))
CHANGE(tuning_delay_ms, (tune(s), s->restart.tuning.delay_ms++))
CHANGE(tuning_max_delay_ms, (tune(s), s->restart.tuning.max_delay_ms++))
CHANGE(tuning_reset_after_ms, (tune(s), s->restart.tuning.reset_after_ms++))
CHANGE(tuning_factor_milli, (tune(s), s->restart.tuning.factor_milli++))
CHANGE(tuning_jitter_milli, (tune(s), s->restart.tuning.jitter_milli++))
CHANGE(tuning_burst, (tune(s), s->restart.tuning.burst++))
CHANGE(tuning_interval_ms, (tune(s), s->restart.tuning.interval_ms++))
CHANGE(tuning_prevent_signals, (tune(s), s->restart.tuning.prevent.signals++))
CHANGE(tuning_force_signals, (tune(s), s->restart.tuning.force.signals++))
CHANGE(tuning_prevent_codes, (tune(s), s->restart.tuning.prevent.codes[3]++))
CHANGE(tuning_force_codes, (tune(s), s->restart.tuning.force.codes[3]++))
static struct ulimit_spec limits[] = {{.resource = 1, .soft = 2, .hard = 3}};
static struct ulimit_spec other_limits[] = {{.resource = 1, .soft = 2, .hard = 4}};

CHANGE(group_add, s->group_add = other_list)
CHANGE(domainname, s->domainname.value = TEXT("d"))
CHANGE(container_name, s->container_name.value = TEXT("d"))
CHANGE(annotations, s->annotations = other_list)
CHANGE(ulimits, (s->ulimits = limits, s->ulimit_count = 1))
CHANGE(ulimit_hard, (s->ulimits = other_limits, s->ulimit_count = 1))
static struct device_spec devices[] = {{.source = TEXT("/dev/a"), .target = TEXT("/dev/a")}};
static struct device_spec other_devices[] = {
	{.source = TEXT("/dev/a"), .target = TEXT("/dev/a"), .write = true}};

CHANGE(seccomp, s->security.seccomp = SECCOMP_UNCONFINED)
CHANGE(seccomp_profile, s->security.seccomp_profile = TEXT("{}"))
CHANGE(new_privileges, s->security.new_privileges = true)
CHANGE(unmasked, s->security.unmasked = true)
CHANGE(userns_mode, s->userns_mode = USERNS_HOST)
CHANGE(device, (s->devices = devices, s->device_count = 1))
CHANGE(device_write, (s->devices = other_devices, s->device_count = 1))
CHANGE(init, s->process.init = true)
CHANGE(tty, s->process.tty = true)
CHANGE(stdin_open, s->process.stdin_open = true)
CHANGE(privileged, s->process.privileged = true)
CHANGE(oom_score_adj, s->process.oom_score_adj = 1)
CHANGE(shm_size, s->process.shm_bytes = 1)
CHANGE(sysctls, s->process.sysctls = other_list)
CHANGE(cgroup, s->process.cgroup.kind = SHARE_HOST)
CHANGE(ipc, s->process.ipc.kind = SHARE_HOST)
CHANGE(ipc_service, (s->process.ipc.kind = SHARE_SERVICE, s->process.ipc.name = TEXT("a")))
CHANGE(ipc_other, (s->process.ipc.kind = SHARE_SERVICE, s->process.ipc.name = TEXT("b")))
CHANGE(pid, s->process.pid.kind = SHARE_HOST)
CHANGE(uts, s->process.uts.kind = SHARE_HOST)
CHANGE(log_driver, s->logging.driver = LOG_NONE)
CHANGE(log_name, s->logging.name = TEXT("x"))
CHANGE(log_options, s->logging.options = other_list)
CHANGE(cpu_shares, s->limits.cpu_shares = 1)
CHANGE(cpu_quota, s->limits.cpu_quota_us = 1)
CHANGE(cpu_period, s->limits.cpu_period_us = 1)
CHANGE(cpu_reserved, s->limits.cpu_reserved_mcpu = 1)
CHANGE(memory_reserved, s->limits.memory_reserved_bytes = 1)
CHANGE(memory_high, s->limits.memory_high_bytes = 1)
CHANGE(memory_swap, s->limits.memory_swap_bytes = 1)
static struct blkio_device io_devices[] = {
	{.kind = BLKIO_READ_BPS, .path = TEXT("/dev/a"), .value = 1},
	{.kind = BLKIO_READ_BPS, .path = TEXT("/dev/a"), .value = 2}};
CHANGE(blkio_weight, s->limits.blkio.weight = 10)
CHANGE(blkio, (s->limits.blkio.devices = io_devices, s->limits.blkio.device_count = 1))
CHANGE(blkio_other, (s->limits.blkio.devices = io_devices + 1, s->limits.blkio.device_count = 1))
CHANGE(cpuset, s->limits.cpuset.value = TEXT("1"))
CHANGE(probe_method, (void)probe(s))
CHANGE(probe_role, s->probes[PROBE_LIVENESS].method = PROBE_HTTP)
CHANGE(probe_tcp, s->probes[PROBE_LIVENESS].method = PROBE_TCP)
CHANGE(probe_port, probe(s)->port = 1)
CHANGE(probe_loopback, probe(s)->loopback = true)
CHANGE(probe_tls, probe(s)->http.tls = true)
CHANGE(probe_path, probe(s)->http.path = TEXT("/a"))
CHANGE(probe_headers, probe(s)->http.headers = other_list)
CHANGE(probe_status_min, probe(s)->http.status_min = 1)
CHANGE(probe_status_max, probe(s)->http.status_max = 1)
CHANGE(probe_test, probe(s)->test = other_list)
CHANGE(probe_interval, probe(s)->interval_ms = 1)
CHANGE(probe_timeout, probe(s)->timeout_ms = 1)
CHANGE(probe_start_period, probe(s)->start_period_ms = 1)
CHANGE(probe_start_interval, probe(s)->start_interval_ms = 1)
CHANGE(probe_retries, probe(s)->retries = 1)
CHANGE(file, given(s))
CHANGE(file_content, (given(s), s->files.items[0].source = TEXT("b")))
CHANGE(file_longer, (given(s), s->files.items[0].source = TEXT("c")))
CHANGE(file_unread, (given(s), s->files.items[0].source = TEXT("d")))
CHANGE(file_target, (given(s), s->files.items[0].target = TEXT("/b")))
CHANGE(file_uid, (given(s), s->files.items[0].uid = 0))
CHANGE(file_gid, (given(s), s->files.items[0].gid = 0))
CHANGE(file_mode, (given(s), s->files.items[0].mode = 0400))
CHANGE(mount_device, own_mounts(s)[1].source = TEXT("bound"))
CHANGE(mount_propagation, own_mounts(s)[0].propagation = PROPAGATION_RSLAVE)
CHANGE(mount_recursion, own_mounts(s)[0].recursion = RECURSION_DISABLED)
CHANGE(mount_subpath, own_mounts(s)[1].subpath = TEXT("a"))
CHANGE(mount_inodes, own_mounts(s)[0].tmpfs_inodes = 1)
CHANGE(mount_uid, own_mounts(s)[0].tmpfs_uid = 1)
CHANGE(mount_gid, own_mounts(s)[0].tmpfs_gid = 1)
CHANGE(mount_exec, own_mounts(s)[0].tmpfs_exec = true)
CHANGE(name, s->name = TEXT("wen"))
CHANGE(rootfs, s->rootfs = ROOTFS_HOST)
CHANGE(rootfs_dir, s->rootfs_dir = TEXT("/srv/roof"))
CHANGE(entrypoint, s->entrypoint = other_list)
CHANGE(no_entrypoint, s->entrypoint.count = 0)
CHANGE(command, s->command = other_list)
CHANGE(command_longer, s->command = longer_list)
CHANGE(command_joined, s->command = joined_list)
CHANGE(moved_word, (s->entrypoint = s->command, s->command.count = 0))
CHANGE(environment, s->environment.count = 1)
CHANGE(working_dir, s->working_dir.value = TEXT("/tmp"))
CHANGE(empty_working_dir, s->working_dir.value = TEXT(""))
CHANGE(user, s->user.value = TEXT("1000"))
CHANGE(hostname, s->hostname.value = TEXT("1000"))
CHANGE(no_health, s->healthcheck.present = false)
CHANGE(health_test, s->healthcheck.test = other_list)
CHANGE(health_interval, s->healthcheck.interval_ms++)
CHANGE(health_timeout, s->healthcheck.timeout_ms++)
CHANGE(health_period, s->healthcheck.start_period_ms++)
CHANGE(health_start_interval, s->healthcheck.start_interval_ms++)
CHANGE(health_retries, s->healthcheck.retries++)
CHANGE(restart, s->restart.condition = RESTART_NO)
CHANGE(restart_attempts, s->restart.max_attempts++)
CHANGE(restart_delay, s->restart.delay_ms++)
CHANGE(restart_window, s->restart.window_ms++)
CHANGE(stop_signal, s->stop_signal = 2)
CHANGE(stop_grace, s->stop_grace_ms++)
CHANGE(mount_kind, own_mounts(s)[0].kind = MOUNT_TMPFS)
CHANGE(mount_source, own_mounts(s)[0].source = TEXT("/srw"))
CHANGE(mount_anonymous, own_mounts(s)[1].source = NULL)
CHANGE(mount_target, own_mounts(s)[0].target = TEXT("/datb"))
CHANGE(mount_read_only, own_mounts(s)[0].read_only = true)
CHANGE(mount_create, own_mounts(s)[0].create_host_path = true)
CHANGE(mount_size, own_mounts(s)[0].tmpfs_bytes = 1)
CHANGE(mount_mode, own_mounts(s)[0].tmpfs_mode = 0700)
CHANGE(mount_count, s->mount_count--)
CHANGE(labels, s->labels.count = 0)
CHANGE(cpu, s->limits.cpu_mcpu = 500)
CHANGE(memory, s->limits.memory_bytes = 500)
CHANGE(pids, s->limits.pids = 500)
CHANGE(read_only, s->read_only = true)
CHANGE(cap_add, s->cap_add = other_list)
CHANGE(cap_drop, s->cap_drop = other_list)
CHANGE(network_mode, s->network.mode = NETWORK_HOST)

/* Every field of an attachment and of what a service knows of networks, one at a time. */
static struct net_attachment attachments[2];
static const struct ip fixed4 = {4, {10, 1, 0, 9}};
static const struct ip fixed6 = {6, {0xfd, 1}};
static struct host_spec hosts[] = {{.name = TEXT("x"), .address = TEXT("192.0.2.1")}};
static struct link_spec links[] = {{.target = TEXT("db"), .alias = TEXT("store")}};

static struct net_attachment *attached_to(struct service *service, const char *network)
{
	attachments[0] = (struct net_attachment){.network = TEXT(network)};
	service->network.attachments = attachments;
	service->network.attachment_count = 1;
	return attachments;
}

CHANGE(join, s->network.join.value = TEXT("db"))
CHANGE(attached, attached_to(s, "front"))
CHANGE(aliases, attached_to(s, "default")->aliases = other_list)
CHANGE(ipv4_address, attached_to(s, "default")->ipv4.ip = fixed4)
CHANGE(ipv6_address, attached_to(s, "default")->ipv6.ip = fixed6)
CHANGE(attached_mac, attached_to(s, "default")->mac_address.value = TEXT("02:00:00:00:00:01"))
CHANGE(interface_name, attached_to(s, "default")->interface_name.value = TEXT("lan0"))
CHANGE(priority, attached_to(s, "default")->priority = 1)
CHANGE(gw_priority, attached_to(s, "default")->gw_priority = 1)
CHANGE(link_alias, (s->network.links = links, s->network.link_count = 1))
CHANGE(external_link, (s->network.external_links = links, s->network.external_link_count = 1))
CHANGE(extra_hosts, (s->network.hosts = hosts, s->network.host_count = 1))
CHANGE(dns, s->network.dns = other_list)
CHANGE(dns_opt, s->network.dns_options = other_list)
CHANGE(dns_search, s->network.dns_search = other_list)
CHANGE(mac_address, s->network.mac_address.value = TEXT("02:00:00:00:00:01"))
CHANGE(internal, attached_to(s, "inner"))
CHANGE(with_subnet, attached_to(s, "wide"))
CHANGE(external_network, attached_to(s, "other"))
CHANGE(attached_to_default, attached_to(s, "default"))

static const struct change shaping[] = {
	{"file", file},
	{"file content", file_content},
	{"longer file content", file_longer},
	{"no file content", file_unread},
	{"file target", file_target},
	{"file uid", file_uid},
	{"file gid", file_gid},
	{"file mode", file_mode},
	{"volume device", mount_device},
	{"mount propagation", mount_propagation},
	{"mount recursion", mount_recursion},
	{"mount subpath", mount_subpath},
	{"tmpfs inodes", mount_inodes},
	{"tmpfs uid", mount_uid},
	{"tmpfs gid", mount_gid},
	{"tmpfs exec", mount_exec},
	{"name", name},
	{"rootfs", rootfs},
	{"rootfs_dir", rootfs_dir},
	{"entrypoint", entrypoint},
	{"no entrypoint", no_entrypoint},
	{"command", command},
	{"command longer", command_longer},
	{"command joined", command_joined},
	{"word moved", moved_word},
	{"environment", environment},
	{"working_dir", working_dir},
	{"empty working_dir", empty_working_dir},
	{"user", user},
	{"hostname", hostname},
	{"no healthcheck", no_health},
	{"healthcheck.test", health_test},
	{"healthcheck.interval", health_interval},
	{"healthcheck.timeout", health_timeout},
	{"healthcheck.start_period", health_period},
	{"healthcheck.start_interval", health_start_interval},
	{"healthcheck.retries", health_retries},
	{"restart", restart},
	{"restart.max_attempts", restart_attempts},
	{"restart.delay", restart_delay},
	{"restart.window", restart_window},
	{"x-restart", tuning},
	{"x-restart delay_ms", tuning_delay_ms},
	{"x-restart max_delay_ms", tuning_max_delay_ms},
	{"x-restart reset_after_ms", tuning_reset_after_ms},
	{"x-restart factor_milli", tuning_factor_milli},
	{"x-restart jitter_milli", tuning_jitter_milli},
	{"x-restart burst", tuning_burst},
	{"x-restart interval_ms", tuning_interval_ms},
	{"x-restart prevent.signals", tuning_prevent_signals},
	{"x-restart force.signals", tuning_force_signals},
	{"x-restart prevent.codes[3]", tuning_prevent_codes},
	{"x-restart force.codes[3]", tuning_force_codes},
	{"group_add", group_add},
	{"domainname", domainname},
	{"annotations", annotations},
	{"container_name", container_name},
	{"ulimits", ulimits},
	{"ulimits.hard", ulimit_hard},
	{"seccomp", seccomp},
	{"seccomp profile", seccomp_profile},
	{"new privileges", new_privileges},
	{"unmasked", unmasked},
	{"userns_mode", userns_mode},
	{"x-probe method", probe_method},
	{"x-probe role", probe_role},
	{"x-probe tcp", probe_tcp},
	{"x-probe port", probe_port},
	{"x-probe loopback", probe_loopback},
	{"x-probe tls", probe_tls},
	{"x-probe path", probe_path},
	{"x-probe headers", probe_headers},
	{"x-probe status_min", probe_status_min},
	{"x-probe status_max", probe_status_max},
	{"x-probe test", probe_test},
	{"x-probe interval", probe_interval},
	{"x-probe timeout", probe_timeout},
	{"x-probe start_period", probe_start_period},
	{"x-probe start_interval", probe_start_interval},
	{"x-probe retries", probe_retries},
	{"devices", device},
	{"devices permissions", device_write},
	{"init", init},
	{"tty", tty},
	{"stdin_open", stdin_open},
	{"privileged", privileged},
	{"oom_score_adj", oom_score_adj},
	{"shm_size", shm_size},
	{"sysctls", sysctls},
	{"cgroup", cgroup},
	{"ipc", ipc},
	{"ipc service", ipc_service},
	{"ipc another service", ipc_other},
	{"pid", pid},
	{"uts", uts},
	{"logging.driver", log_driver},
	{"logging name", log_name},
	{"logging.options", log_options},
	{"cpu_shares", cpu_shares},
	{"cpu_quota", cpu_quota},
	{"cpu_period", cpu_period},
	{"reserved cpus", cpu_reserved},
	{"mem_reservation", memory_reserved},
	{"x-memory-high", memory_high},
	{"memswap_limit", memory_swap},
	{"cpuset", cpuset},
	{"blkio_config.weight", blkio_weight},
	{"blkio_config", blkio},
	{"blkio_config of another rate", blkio_other},
	{"stop_signal", stop_signal},
	{"stop_grace_period", stop_grace},
	{"mount kind", mount_kind},
	{"mount source", mount_source},
	{"mount anonymous", mount_anonymous},
	{"mount target", mount_target},
	{"mount read_only", mount_read_only},
	{"mount create_host_path", mount_create},
	{"tmpfs size", mount_size},
	{"tmpfs mode", mount_mode},
	{"mount removed", mount_count},
	{"mounts swapped", swap_mounts},
	{"labels", labels},
	{"cpus", cpu},
	{"memory", memory},
	{"pids", pids},
	{"read_only", read_only},
	{"cap_add", cap_add},
	{"cap_drop", cap_drop},
	{"network_mode", network_mode},
	{"network_mode: service:", join},
	{"networks", attached},
	{"aliases", aliases},
	{"ipv4_address", ipv4_address},
	{"ipv6_address", ipv6_address},
	{"networks.mac_address", attached_mac},
	{"interface_name", interface_name},
	{"priority", priority},
	{"gw_priority", gw_priority},
	{"links", link_alias},
	{"external_links", external_link},
	{"extra_hosts", extra_hosts},
	{"dns", dns},
	{"dns_opt", dns_opt},
	{"dns_search", dns_search},
	{"mac_address", mac_address},
	{"internal network", internal},
	{"network with a subnet", with_subnet},
	{"external network", external_network},
};

CHANGE(replicas, s->replicas = 7)
CHANGE(depends_on, (s->depends_on = needs, s->depends_on_count = 1))
CHANGE(profiles, s->profiles = other_list)
CHANGE(enabled, s->enabled = false)
CHANGE(published, (s->ports = ports, s->port_count = 1))
CHANGE(attach, s->detached = true)
CHANGE(expose, s->expose = other_list)
CHANGE(position, (s->pos.line = 7, s->command_pos.line = 8, s->limits.cpu_pos.col = 9))

static const struct change harmless[] = {
	{"replicas", replicas},	 {"depends_on", depends_on},
	{"profiles", profiles},	 {"enabled", enabled},
	{"expose", expose},	 {"attach", attach},
	{"ports", published},	 {"the default network", attached_to_default},
	{"positions", position},
};

static struct subnet_spec subnets[] = {
	{.subnet.prefix = {{4, {10, 1}}, 16}, .gateway.ip = {4, {10, 1, 0, 9}}}};
static struct network networks[] = {
	{.key = TEXT("default"), .ipv4 = true},
	{.key = TEXT("inner"), .ipv4 = true, .internal = true},
	{.key = TEXT("other"), .name = TEXT("x"), .ipv4 = true, .external = true},
	{.key = TEXT("wide"), .ipv6 = true, .subnets = subnets, .subnet_count = 1},
};
static struct stack stack = {.name = TEXT("shop"),
			     .networks = networks,
			     .network_count = ARRAY_SIZE(networks),
			     .files_given = {file_objects, ARRAY_SIZE(file_objects)},
			     .volumes = volumes,
			     .volume_count = ARRAY_SIZE(volumes)};

static struct revision revision_after(const struct change *change)
{
	struct service service = base;
	struct revision revision;

	if (change)
		change->apply(&service);
	revision_of(&stack, &service, &revision);
	return revision;
}

static void every_shaping_field_gives_a_revision_of_its_own(void **unused)
{
	(void)unused;
	struct revision seen[ARRAY_SIZE(shaping) + 1];

	seen[0] = revision_after(NULL);
	assert_int_equal(strlen(seen[0].hex), REVISION_HEX);
	for (size_t i = 0; i < ARRAY_SIZE(shaping); i++) {
		seen[i + 1] = revision_after(&shaping[i]);
		for (size_t k = 0; k <= i; k++)
			if (strcmp(seen[k].hex, seen[i + 1].hex) == 0)
				fail_msg("'%s' has the revision of '%s'", shaping[i].what,
					 k ? shaping[k - 1].what : "no change");
	}
}

static void what_is_applied_live_does_not_count(void **unused)
{
	(void)unused;
	const struct revision before = revision_after(NULL);

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++) {
		const struct revision after = revision_after(&harmless[i]);

		if (strcmp(before.hex, after.hex) != 0)
			fail_msg("'%s' changes the revision", harmless[i].what);
	}
}

static void a_volume_counts_by_its_name_in_the_store(void **unused)
{
	(void)unused;
	const struct revision before = revision_after(NULL);

	volumes[0].name = TEXT("elsewhere");
	assert_string_not_equal(revision_after(NULL).hex, before.hex);
	volumes[0].name = TEXT("shop_db");
	volumes[0].external = true;
	assert_string_equal(revision_after(NULL).hex, before.hex);
	volumes[0].external = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shaping_field_gives_a_revision_of_its_own),
		cmocka_unit_test(what_is_applied_live_does_not_count),
		cmocka_unit_test(a_volume_counts_by_its_name_in_the_store),
	};

	return cmocka_run_group_tests_name("revision", tests, NULL, NULL);
}
