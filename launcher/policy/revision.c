// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The canonical text of a service, fed to the hash as it is produced. Each value is its field's
 * name, a letter for its type, its length where it has one, and its bytes; lists say their count
 * first. That makes the text readable in one way only.
 */
#include "launcher/policy/revision.h"

#include "runtime/base/sha256.h"

#include <string.h>

_Static_assert(REVISION_HEX == 2 * SHA256_BYTES, "a revision is a whole hash");

/* Changes when the same field comes to mean another instance: then all are replaced once. */
#define REVISION_FORMAT 1

static void put_int(struct sha256 *hash, const char *field, int64_t value)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)((uint64_t)value >> (8 * i));
	sha256_add(hash, field, strlen(field) + 1);
	sha256_add(hash, "i", 1);
	sha256_add(hash, bytes, sizeof(bytes));
}

/* An absent text is not an empty one. */
static void put_text(struct sha256 *hash, const char *field, const char *value)
{
	put_int(hash, field, value ? (int64_t)strlen(value) : -1);
	if (value)
		sha256_add(hash, value, strlen(value));
}

static void put_list(struct sha256 *hash, const char *field, const struct text_list *list)
{
	put_int(hash, field, (int64_t)list->count);
	for (size_t i = 0; i < list->count; i++)
		put_text(hash, "item", list->items[i].value);
}

static void put_healthcheck(struct sha256 *hash, const struct healthcheck *check)
{
	put_int(hash, "healthcheck", check->present);
	put_int(hash, "disabled", check->disabled);
	if (!check->present && !check->of_image)
		return;
	put_list(hash, "test", &check->test);
	put_int(hash, "interval", check->interval_ms);
	put_int(hash, "timeout", check->timeout_ms);
	put_int(hash, "start_period", check->start_period_ms);
	put_int(hash, "start_interval", check->start_interval_ms);
	put_int(hash, "retries", check->retries);
}

static void put_ends(struct sha256 *hash, const struct end_set *set)
{
	for (size_t i = 0; i < sizeof(set->codes) / sizeof(set->codes[0]); i++)
		put_int(hash, "codes", (int64_t)set->codes[i]);
	put_int(hash, "signals", (int64_t)set->signals);
}

/* Nothing at all where it is not written, so that manifests without it keep their revisions. */
static void put_tuning(struct sha256 *hash, const struct restart_tuning *tuning)
{
	if (!tuning->present)
		return;
	put_int(hash, "x-restart", tuning->delay_ms);
	put_int(hash, "max_delay", tuning->max_delay_ms);
	put_int(hash, "reset_after", tuning->reset_after_ms);
	put_int(hash, "factor", tuning->factor_milli);
	put_int(hash, "jitter", tuning->jitter_milli);
	put_int(hash, "burst", tuning->burst);
	put_int(hash, "interval", tuning->interval_ms);
	put_ends(hash, &tuning->prevent);
	put_ends(hash, &tuning->force);
}

static void put_restart(struct sha256 *hash, const struct restart_spec *restart)
{
	put_int(hash, "restart", restart->condition);
	put_int(hash, "max_attempts", restart->max_attempts);
	put_int(hash, "delay", restart->delay_ms);
	put_int(hash, "window", restart->window_ms);
	put_tuning(hash, &restart->tuning);
}

static const struct volume *find_volume(const struct stack *stack, const char *key)
{
	for (size_t i = 0; i < stack->volume_count; i++)
		if (strcmp(stack->volumes[i].key, key) == 0)
			return &stack->volumes[i];
	return NULL;
}

/* See put_younger(). */
static void put_younger_mount(struct sha256 *hash, const struct mount_spec *mount,
			      const struct volume *volume)
{
	if (volume && volume->device)
		put_text(hash, "device", volume->device);
	if (mount->propagation != PROPAGATION_PRIVATE)
		put_int(hash, "propagation", mount->propagation);
	if (mount->recursion != RECURSION_ENABLED)
		put_int(hash, "recursion", mount->recursion);
	if (mount->subpath)
		put_text(hash, "subpath", mount->subpath);
	if (mount->tmpfs_inodes)
		put_int(hash, "tmpfs_inodes", mount->tmpfs_inodes);
	if (mount->tmpfs_uid >= 0)
		put_int(hash, "tmpfs_uid", mount->tmpfs_uid);
	if (mount->tmpfs_gid >= 0)
		put_int(hash, "tmpfs_gid", mount->tmpfs_gid);
	if (mount->tmpfs_exec)
		put_int(hash, "tmpfs_exec", 1);
}

/* A named volume counts by its name in the store: the key is only what the manifest calls it. */
static void put_mount(struct sha256 *hash, const struct stack *stack,
		      const struct mount_spec *mount)
{
	bool named = mount->kind == MOUNT_VOLUME && mount->source;
	const struct volume *volume = named ? find_volume(stack, mount->source) : NULL;

	put_int(hash, "mount", mount->kind);
	put_text(hash, "source", volume ? volume->name : mount->source);
	put_text(hash, "target", mount->target);
	put_int(hash, "read_only", mount->read_only);
	put_int(hash, "create_host_path", mount->create_host_path);
	put_int(hash, "tmpfs_bytes", mount->tmpfs_bytes);
	put_int(hash, "tmpfs_mode", mount->tmpfs_mode);
	put_younger_mount(hash, mount, volume);
}

/* The younger fields leave no trace where they are not written: see put_tuning(). */
static void put_younger(struct sha256 *hash, const struct service *service)
{
	if (service->group_add.count)
		put_list(hash, "group_add", &service->group_add);
	if (service->domainname.value)
		put_text(hash, "domainname", service->domainname.value);
	if (service->container_name.value)
		put_text(hash, "container_name", service->container_name.value);
	if (service->annotations.count)
		put_list(hash, "annotations", &service->annotations);
	for (size_t i = 0; i < service->ulimit_count; i++) {
		put_int(hash, "ulimit", service->ulimits[i].resource);
		put_int(hash, "soft", service->ulimits[i].soft);
		put_int(hash, "hard", service->ulimits[i].hard);
	}
}

/* Leaves no trace where it is not written: see put_tuning(). */
static void put_written(struct sha256 *hash, const char *field, int64_t value)
{
	if (value)
		put_int(hash, field, value);
}

static void put_share(struct sha256 *hash, const char *field, const struct share_spec *share)
{
	if (share->kind == SHARE_DEFAULT || share->kind == SHARE_PRIVATE)
		return;
	put_int(hash, field, share->kind);
	put_text(hash, "name", share->name);
}

static void put_surroundings(struct sha256 *hash, const struct process_spec *process)
{
	put_written(hash, "init", process->init);
	put_written(hash, "tty", process->tty);
	put_written(hash, "stdin_open", process->stdin_open);
	put_written(hash, "privileged", process->privileged);
	put_written(hash, "oom_score_adj", process->oom_score_adj);
	put_written(hash, "shm_size", process->shm_bytes);
	if (process->sysctls.count)
		put_list(hash, "sysctls", &process->sysctls);
	put_share(hash, "cgroup", &process->cgroup);
	put_share(hash, "ipc", &process->ipc);
	put_share(hash, "pid", &process->pid);
	put_share(hash, "uts", &process->uts);
}

static void put_logging(struct sha256 *hash, const struct logging_spec *logging)
{
	put_written(hash, "logging", logging->driver);
	if (logging->name)
		put_text(hash, "driver", logging->name);
	if (logging->options.count)
		put_list(hash, "options", &logging->options);
}

static void put_limits(struct sha256 *hash, const struct limits *limits)
{
	put_written(hash, "cpu_shares", limits->cpu_shares);
	put_written(hash, "cpu_quota", limits->cpu_quota_us);
	put_written(hash, "cpu_period", limits->cpu_period_us);
	put_written(hash, "cpu_reserved", limits->cpu_reserved_mcpu);
	put_written(hash, "memory_reserved", limits->memory_reserved_bytes);
	put_written(hash, "memory_high", limits->memory_high_bytes);
	put_written(hash, "memory_swap", limits->memory_swap_bytes);
	if (limits->cpuset.value)
		put_text(hash, "cpuset", limits->cpuset.value);
	put_written(hash, "blkio_weight", limits->blkio.weight);
	for (size_t i = 0; i < limits->blkio.device_count; i++) {
		put_int(hash, "blkio", limits->blkio.devices[i].kind);
		put_text(hash, "path", limits->blkio.devices[i].path);
		put_int(hash, "value", limits->blkio.devices[i].value);
	}
}

static void put_probe(struct sha256 *hash, const struct probe_spec *probe)
{
	put_int(hash, "method", probe->method);
	put_int(hash, "port", probe->port);
	put_int(hash, "loopback", probe->loopback);
	put_int(hash, "tls", probe->http.tls);
	put_text(hash, "path", probe->http.path);
	put_list(hash, "headers", &probe->http.headers);
	put_int(hash, "status_min", probe->http.status_min);
	put_int(hash, "status_max", probe->http.status_max);
	put_list(hash, "test", &probe->test);
	put_int(hash, "interval", probe->interval_ms);
	put_int(hash, "timeout", probe->timeout_ms);
	put_int(hash, "start_period", probe->start_period_ms);
	put_int(hash, "start_interval", probe->start_interval_ms);
	put_int(hash, "retries", probe->retries);
}

/* How many instances there are and who reaches them is not part of any of them. */
static void put_probes(struct sha256 *hash, const struct service *service)
{
	for (unsigned role = 0; role < PROBE_ROLES; role++) {
		enum probe_method method = service->probes[role].method;

		if (method == PROBE_UNWRITTEN || method == PROBE_LISTEN)
			continue;
		put_int(hash, "x-probe", role);
		put_probe(hash, &service->probes[role]);
	}
}

static void put_security(struct sha256 *hash, const struct service *service)
{
	const struct security_spec *security = &service->security;

	if (security->seccomp != SECCOMP_DEFAULT)
		put_int(hash, "seccomp", security->seccomp);
	if (security->seccomp_profile)
		put_text(hash, "seccomp_profile", security->seccomp_profile);
	if (security->new_privileges)
		put_int(hash, "new_privileges", 1);
	if (security->unmasked)
		put_int(hash, "unmasked", 1);
	if (service->userns_mode != USERNS_DEFAULT)
		put_int(hash, "userns_mode", service->userns_mode);
	for (size_t i = 0; i < service->device_count; i++) {
		const struct device_spec *device = &service->devices[i];

		put_text(hash, "device", device->source);
		put_text(hash, "target", device->target);
		put_int(hash, "permissions",
			device->read | device->write << 1 | device->mknod << 2);
	}
}

static void put_process(struct sha256 *hash, const struct service *service)
{
	put_list(hash, "entrypoint", &service->entrypoint);
	put_list(hash, "command", &service->command);
	put_list(hash, "environment", &service->environment);
	put_text(hash, "working_dir", service->working_dir.value);
	put_text(hash, "user", service->user.value);
	put_text(hash, "hostname", service->hostname.value);
	put_healthcheck(hash, &service->healthcheck);
	put_restart(hash, &service->restart);
	put_int(hash, "stop_signal", service->stop_signal);
	put_int(hash, "stop_grace", service->stop_grace_ms);
}

static void put_confinement(struct sha256 *hash, const struct stack *stack,
			    const struct service *service)
{
	put_int(hash, "rootfs", service->rootfs);
	put_text(hash, "rootfs_dir", service->rootfs_dir);
	put_int(hash, "mounts", (int64_t)service->mount_count);
	for (size_t i = 0; i < service->mount_count; i++)
		put_mount(hash, stack, &service->mounts[i]);
	put_int(hash, "cpu", service->limits.cpu_mcpu);
	put_int(hash, "memory", service->limits.memory_bytes);
	put_int(hash, "pids", service->limits.pids);
	put_int(hash, "read_only", service->read_only);
	put_list(hash, "cap_add", &service->cap_add);
	put_list(hash, "cap_drop", &service->cap_drop);
	put_int(hash, "network_mode", service->network.mode);
}

static void put_ip(struct sha256 *hash, const char *field, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	if (ip->family)
		put_text(hash, field, ip_format(ip, text));
}

/* A network whose instances would look different: the name alone changes nothing. */
static void put_network(struct sha256 *hash, const struct network *network)
{
	if (network->external)
		put_text(hash, "external", network->name);
	if (network->driver != NETWORK_DRIVER_BRIDGE)
		put_int(hash, "driver", network->driver);
	if (network->internal)
		put_int(hash, "internal", 1);
	if (!network->ipv4)
		put_int(hash, "ipv4", 0);
	if (network->ipv6)
		put_int(hash, "ipv6", 1);
	for (size_t i = 0; i < network->subnet_count; i++) {
		char text[IP_PREFIX_TEXT_MAX];
		const struct subnet_spec *subnet = &network->subnets[i];

		put_text(hash, "subnet", ip_prefix_format(&subnet->subnet.prefix, text));
		put_text(hash, "range", ip_prefix_format(&subnet->range.prefix, text));
		put_ip(hash, "gateway", &subnet->gateway.ip);
		for (size_t j = 0; j < subnet->reserved_count; j++)
			put_ip(hash, "reserved", &subnet->reserved[j].ip);
	}
	if (network->driver_options.count)
		put_list(hash, "driver_opts", &network->driver_options);
}

static const struct network *find_network(const struct stack *stack, const char *key)
{
	for (size_t i = 0; i < stack->network_count; i++)
		if (strcmp(stack->networks[i].key, key) == 0)
			return &stack->networks[i];
	return NULL;
}

static void put_attachment(struct sha256 *hash, const struct stack *stack,
			   const struct net_attachment *attachment)
{
	const struct network *network = find_network(stack, attachment->network);

	if (strcmp(attachment->network, "default") != 0)
		put_text(hash, "attached", attachment->network);
	if (network)
		put_network(hash, network);
	if (attachment->aliases.count)
		put_list(hash, "aliases", &attachment->aliases);
	put_ip(hash, "ipv4", &attachment->ipv4.ip);
	put_ip(hash, "ipv6", &attachment->ipv6.ip);
	if (attachment->mac_address.value)
		put_text(hash, "mac", attachment->mac_address.value);
	if (attachment->interface_name.value)
		put_text(hash, "interface", attachment->interface_name.value);
	if (attachment->priority || attachment->gw_priority) {
		put_int(hash, "priority", attachment->priority);
		put_int(hash, "gw_priority", attachment->gw_priority);
	}
}

static void put_links(struct sha256 *hash, const char *field, const struct link_spec *links,
		      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		put_text(hash, field, links[i].target);
		put_text(hash, "alias", links[i].alias);
	}
}

/* Who is replaced takes its network along: whoever shares that is replaced, too. */
static void put_partner(struct sha256 *hash, const struct stack *stack, const char *name)
{
	struct revision revision;

	for (size_t i = 0; i < stack->service_count; i++) {
		if (strcmp(stack->services[i].name, name) != 0)
			continue;
		revision_of(stack, &stack->services[i], &revision);
		put_text(hash, "partner", revision.hex);
	}
}

/* The younger part of the network: no trace where nothing is written. */
static void put_networks(struct sha256 *hash, const struct stack *stack,
			 const struct service *service)
{
	const struct service_network *network = &service->network;

	if (network->join.value)
		put_text(hash, "join", network->join.value);
	if (network->join_service)
		put_partner(hash, stack, network->join_service);
	for (size_t i = 0; i < network->attachment_count; i++)
		put_attachment(hash, stack, &network->attachments[i]);
	put_links(hash, "link", network->links, network->link_count);
	put_links(hash, "external_link", network->external_links, network->external_link_count);
	for (size_t i = 0; i < network->host_count; i++) {
		put_text(hash, "host", network->hosts[i].name);
		put_text(hash, "address", network->hosts[i].address);
	}
	if (network->dns.count)
		put_list(hash, "dns", &network->dns);
	if (network->dns_options.count)
		put_list(hash, "dns_opt", &network->dns_options);
	if (network->dns_search.count)
		put_list(hash, "dns_search", &network->dns_search);
	if (network->mac_address.value)
		put_text(hash, "mac_address", network->mac_address.value);
}

static const struct file_object *find_file(const struct stack *stack,
					   const struct file_grant *grant)
{
	for (size_t i = 0; i < stack->files_given.count; i++) {
		const struct file_object *object = &stack->files_given.items[i];

		if (object->kind == grant->kind && strcmp(object->key, grant->source) == 0)
			return object;
	}
	return NULL;
}

/* What they hold counts, not where it was taken from. */
static void put_files(struct sha256 *hash, const struct stack *stack, const struct service *service)
{
	for (size_t i = 0; i < service->files.count; i++) {
		const struct file_grant *grant = &service->files.items[i];
		const struct file_object *object = find_file(stack, grant);

		put_text(hash, "file", grant->target);
		put_int(hash, "uid", grant->uid);
		put_int(hash, "gid", grant->gid);
		put_int(hash, "mode", grant->mode);
		put_int(hash, "content", object && object->bytes ? (int64_t)object->len : -1);
		if (object && object->bytes)
			sha256_add(hash, object->bytes, object->len);
	}
}

void revision_of(const struct stack *stack, const struct service *service,
		 struct revision *ret_revision)
{
	struct sha256 hash;

	sha256_begin(&hash);
	put_int(&hash, "format", REVISION_FORMAT);
	put_text(&hash, "stack", stack->name);
	put_text(&hash, "name", service->name);
	put_process(&hash, service);
	put_confinement(&hash, stack, service);
	put_list(&hash, "labels", &service->labels);
	put_younger(&hash, service);
	put_security(&hash, service);
	put_surroundings(&hash, &service->process);
	put_logging(&hash, &service->logging);
	put_limits(&hash, &service->limits);
	put_probes(&hash, service);
	put_networks(&hash, stack, service);
	put_files(&hash, stack, service);
	sha256_end_hex(&hash, ret_revision->hex);
}
